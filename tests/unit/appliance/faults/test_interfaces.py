"""Which addresses the cables should have: read from what networkd reads."""

from pathlib import Path

from appliance.contract.configuration.reading import read_document
from appliance.faults.addresses import address_faults
from appliance.faults.interfaces import cards, has, is_here, own_cards, wanted
from appliance.machine.facts import Facts
from appliance.machine.plan import network
from tests.unit.appliance.configuration.test_checking import GOOD


def test_the_planned_files_say_which_ipv4_addresses_are_wanted_S4(tmp_path: Path) -> None:
    document = read_document(GOOD)
    for file in network.files(document, Facts(run="/run", certificates={})):
        if file.path.startswith(network.FOLDER):
            (tmp_path / Path(file.path).name).write_text(file.content)
    found = wanted(tmp_path)
    for one in document.network.interfaces:
        fours = {each.partition("/")[0] for each in one.addresses if ":" not in each}
        assert found[one.name] == fours, one.name
    assert any(found.values())
    assert wanted(tmp_path / "nowhere") == {}


def cable(folder: Path, name: str, kind: str, carrier: str | None, card: str) -> None:
    (folder / name).mkdir()
    (folder / name / "type").write_text(f"{kind}\n")
    (folder / name / "address").write_text(f"{card}\n")
    if carrier is not None:
        (folder / name / "carrier").write_text(f"{carrier}\n")


def test_only_cables_that_carry_are_asked_on_and_every_own_card_is_known(tmp_path: Path) -> None:
    cable(tmp_path, "lo", "772", "1", "00:00:00:00:00:00")
    cable(tmp_path, "one", "1", "1", "52:54:00:00:00:01")
    cable(tmp_path, "pulled", "1", "0", "52:54:00:00:00:02")
    cable(tmp_path, "off", "1", None, "52:54:00:00:00:03")
    assert cards(tmp_path) == {"one": "52:54:00:00:00:01"}
    assert {f"52:54:00:00:00:0{number}" for number in (1, 2, 3)} < own_cards(tmp_path)


def test_an_interface_has_its_address_and_one_that_is_not_there_none() -> None:
    assert has("lo") == "127.0.0.1"
    assert has("nosuch0") == ""
    assert is_here("127.0.0.1")
    assert not is_here("192.0.2.77")


def test_where_nobody_has_looked_nothing_is_known(tmp_path: Path) -> None:
    assert address_faults(tmp_path / "taken.json") is None
    (tmp_path / "taken.json").write_text("[")
    assert address_faults(tmp_path / "taken.json") is None
