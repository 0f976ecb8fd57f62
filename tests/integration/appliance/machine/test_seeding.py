"""What a machine makes of the seeds that are attached at its first start, and only then."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from appliance.contract.actions import Caller
from appliance.contract.configuration.problem import as_problem
from appliance.contract.configuration.state import ApplyConfiguration
from appliance.contract.seed.problems import DiskDamaged
from appliance.contract.seed.state import SeedOutcome, SeedRecord
from appliance.machine import seeding
from appliance.machine.applying import Applying, applying_at
from appliance.machine.starting import first_document, set_up_machine
from appliance.place import Place
from appliance.seed.found import Found
from tests.hosts import Host

SEED = b"""\
[appliance.access]
console = ["office"]
[appliance.access.lists.office]
networks = ["10.1.2.0/24"]
"""
OVF = b"""<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1"
 xmlns:oe="http://schemas.dmtf.org/ovf/environment/1"><PropertySection>
 <Property oe:key="tenshu.hostname" oe:value="%s"/></PropertySection></Environment>"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(
        data=tmp_path / "data",
        keys=tmp_path / "keys",
        database_url="",
        machine_root=tmp_path / "root",
    )


@pytest.fixture
def agent(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """What the agent does when it starts, on a network of its own: the rules it loads are real."""
    host = Host(f"tenshu-{secrets.token_hex(3)}-seed")
    try:
        yield lambda: host.call(set_up_machine, place)
    finally:
        monkeypatch.undo()
        host.close()


@pytest.fixture
def applying(place: Place) -> Applying:
    found = applying_at(place)
    assert found
    return found


def start(applying: Applying, folder: Path, *seeds: Found) -> tuple[SeedRecord, str]:
    """Start the machine with these seeds attached; return what became of them, and the screen."""
    found, screen = folder / "found.json", folder / "screen"
    found.write_bytes(msgspec.json.encode(seeds))
    screen.unlink(missing_ok=True)
    first_document(applying, found, screen)
    record = seeding.recorded(applying.versions.folder)
    assert record
    return record, screen.read_text() if screen.exists() else ""


def test_a_seed_is_accepted_before_the_network_and_its_rules_are_there(
    applying: Applying, tmp_path: Path
) -> None:
    record, screen = start(applying, tmp_path, Found(place="sr0", content=SEED))
    assert (record.outcome, record.place, screen) == (SeedOutcome.accepted, "sr0", "")
    assert 'console = ["office"]' in record.document
    written = [one for one in (tmp_path / "root").rglob("*") if one.is_file()]
    if written:  # where the packet filter can be had
        assert any("10.1.2.0/24" in one.read_text() for one in written)


def test_the_agent_puts_it_into_effect_as_a_version_and_it_is_never_read_again(
    applying: Applying,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    agent: Callable[[], None],
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")  # a place that has no packet filter and no edge
    start(applying, tmp_path, Found(place="sr0", content=SEED))
    agent()
    version = applying.versions.read(applying.versions.current())
    assert (version.number, version.account) == (1, "system")
    assert version.why.startswith("seed ")
    assert "10.1.2.0/24" in applying.versions.document(1)
    another = Found(place="sr1", content=b"ntp = 1")
    record, screen = start(applying, tmp_path, another)
    assert (record.outcome, record.place, screen) == (SeedOutcome.applied, "sr0", "")
    agent()
    assert applying.versions.current() == 1


def test_a_power_cut_right_after_it_took_effect_is_made_good(
    applying: Applying,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    agent: Callable[[], None],
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    accepted, _ = start(applying, tmp_path, Found(place="sr0", content=SEED))
    agent()
    seeding.record(applying.versions.folder, accepted)  # what was written last is not there
    assert start(applying, tmp_path)[0].outcome is SeedOutcome.applied


@pytest.mark.parametrize(
    ("seeds", "code", "line", "words"),
    [
        ((Found(place="sr0", content=b"\n\nntp = 1\n"),), "configuration.wrong_kind", 3, "Line 3:"),
        ((Found(place="sr0", content=b"a\n= 1"),), "configuration.not_toml", 1, "Line 1, column"),
        ((Found(place="sr0", content=SEED), Found(place="sdb", content=SEED)), "seed.several", 0,
         "2 seeds are attached: sr0, sdb."),
        ((Found(place="sr0", content=SEED), Found(place="sr1", ovf=True, content=OVF % b"a")),
         "seed.several", 0, "Leave one attached"),
        ((Found(place="sdb", problem=as_problem(DiskDamaged(place="sdb", reason="torn"))),),
         "seed.disk_damaged", 0, "Write it anew"),
        ((Found(place="sr0", ovf=True, content=b"<a"),), "seed.not_ovf", 1, "Set the properties"),
        ((Found(place="sr0", content=b"\xff\xfe"),), "seed.not_text", 0, "UTF-8"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_on_the_screen_with_line_and_remedy_and_nothing_is_taken(
    applying: Applying,
    tmp_path: Path,
    seeds: tuple[Found, ...],
    code: str,
    line: int,
    words: str,
) -> None:
    record, screen = start(applying, tmp_path, *seeds)
    assert record.outcome is SeedOutcome.refused
    assert (record.faults[0].problem.code, record.faults[0].line) == (code, line)
    assert words in screen
    assert "was not used. The machine asks for its address by DHCP." in screen
    assert (tmp_path / "screen").stat().st_mode & 0o777 == 0o644, "the screen's user reads it"
    assert not (tmp_path / "root").exists()
    assert start(applying, tmp_path)[1] == screen, "until somebody sets the machine up"


def test_the_screen_says_nothing_more_once_somebody_has_set_the_machine_up(
    applying: Applying,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    agent: Callable[[], None],
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    start(applying, tmp_path, Found(place="sr0", content=b"a = 1"))
    agent()
    assert start(applying, tmp_path)[1], "the first version is nobody's"
    mine = ApplyConfiguration(document="[edge]\nnames = ['a.example']\n", based_on=1)
    applying.apply(Caller(account="root", plane="machine"), mine)
    assert start(applying, tmp_path)[1] == ""


def test_properties_that_nobody_has_filled_in_are_no_seed(
    applying: Applying, tmp_path: Path
) -> None:
    for content in (OVF % b"", (OVF % b"dhcp").replace(b"hostname", b"address")):
        seeding.record(applying.versions.folder, SeedRecord(outcome=SeedOutcome.none, at=0))
        (applying.versions.folder / seeding.FILE_NAME).unlink()
        record, screen = start(applying, tmp_path, Found(place="sr0", ovf=True, content=content))
        assert (record.outcome, screen) == (SeedOutcome.none, "")
    (applying.versions.folder / seeding.FILE_NAME).unlink()
    beside = Found(place="sr1", content=SEED)
    empty = Found(place="sr0", ovf=True, content=OVF % b"")
    assert start(applying, tmp_path, empty, beside)[0].place == "sr1"


def test_a_machine_that_was_there_before_reads_none(
    applying: Applying,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    agent: Callable[[], None],
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    agent()
    record, _ = start(applying, tmp_path, Found(place="sr0", content=SEED))
    assert record.outcome is SeedOutcome.none


def test_where_nobody_could_look_for_seeds_it_is_said(applying: Applying, tmp_path: Path) -> None:
    screen = tmp_path / "screen"
    first_document(applying, tmp_path / "not there", screen)
    assert "It could not be looked for a seed." in screen.read_text()


def test_a_seed_that_the_machine_does_not_take_is_told_and_it_starts_as_without(
    applying: Applying,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    agent: Callable[[], None],
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    good, _ = start(applying, tmp_path, Found(place="sr0", content=SEED))
    wrong = msgspec.structs.replace(good, document="[access]\nconsole = []\n")
    seeding.record(applying.versions.folder, wrong)
    agent()
    assert applying.versions.document(applying.versions.current()) == "format = 1\n"
    record, screen = start(applying, tmp_path)
    assert record.faults[0].problem.code == "seed.not_taken"
    assert "The machine did not take what the seed says." in screen


def test_a_disk_that_stays_attached_is_seen_by_what_udev_knows(tmp_path: Path) -> None:
    (tmp_path / "b8:0").write_text("E:ID_FS_LABEL=DATA\n")
    assert not seeding.is_attached(tmp_path)
    (tmp_path / "b11:0").write_text("S:disk/by-label/x\nE:ID_FS_LABEL=TENSHU-SEED\nE:A=b\n")
    assert seeding.is_attached(tmp_path)
    assert not seeding.is_attached(tmp_path / "none")
