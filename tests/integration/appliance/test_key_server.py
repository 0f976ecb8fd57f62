"""A key server as keeper: a real volume in a file, and a real tangd on loopback (S1)."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.volume.state import Keeper, Opened, ServerTrouble
from appliance.place import Place
from appliance.volume import carried, facts, tang
from appliance.volume import head as heads
from appliance.volume.keeping import ServerWish
from appliance.volume.recovery import new_recovery_key
from appliance.volume.report import Report
from tests.ports import free_port
from tests.tang import KeyServer, key_server
from tests.volume import LAID, Machine, lay, with_tpm


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root" / carried.FOLDER
    folder.mkdir(parents=True)
    (folder / "90-tenshu-first.network").write_text("")
    (folder / "50-tenshu-enp1s0.network").write_text("[Match]\nName=enp1s0\n")
    return tmp_path / "root"


@pytest.fixture
def machine(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    place = Place(
        data=tmp_path / "data", keys=tmp_path / "keys", database_url="", machine_root=root
    )
    return lay(monkeypatch, tmp_path, place)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[KeyServer]:
    with key_server(tmp_path / "server", free_port()) as found:
        yield found


def choose(machine: Machine, server: KeyServer) -> str:
    seen = tang.fetch(server.url)
    wanted = ServerWish(address=server.url, thumbprint=seen.signing[0], advertised=seen.text)
    return machine.wish(keeper=Keeper.server, server=wanted)


def ask(machine: Machine) -> None:
    """Let the machine start, and ask the server as the initrd does."""
    newest = machine.head().newest
    assert newest
    key = tang.open_closed(newest.closed)
    assert machine.opens(key)
    tell(machine, Report(
        tried=(newest.made,), opened=newest.made, advertised=tang.fetch(newest.address).exchange
    ))  # fmt: skip
    machine.start(Opened.server)


def tell(machine: Machine, report: Report) -> None:
    (machine.told / "server.json").write_bytes(msgspec.json.encode(report))


def test_what_a_server_advertises_has_the_thumbprint_that_its_administrator_reads_S1(
    server: KeyServer,
) -> None:
    assert tang.fetch(server.url).signing == (server.thumbprint,)


def test_a_key_server_is_not_relied_on_before_it_has_opened_a_start_S1(
    machine: Machine, server: KeyServer
) -> None:
    machine.work()
    machine.wish(recovery=new_recovery_key())
    assert choose(machine, server) == ""
    keys = machine.work()
    assert (keys.server, keys.server_proven, keys.protected) == (True, False, False)
    assert keys.server_thumbprint == server.thumbprint
    assert machine.opens(LAID)
    ask(machine)
    keys = machine.work()
    assert (keys.server_proven, keys.protected, keys.server_trouble) == (True, True, "none")
    assert not machine.opens(LAID)


def test_without_a_recovery_key_the_key_stays_on_the_disks_S1(
    machine: Machine, server: KeyServer
) -> None:
    machine.work()
    choose(machine, server)
    ask(machine)
    assert not machine.work().protected


def test_new_keys_of_the_server_are_told_of_and_binding_anew_ends_that_S1(
    machine: Machine, server: KeyServer
) -> None:
    machine.work()
    machine.wish(recovery=new_recovery_key())
    choose(machine, server)
    server.rotate()
    ask(machine)
    keys = machine.work()
    assert (keys.server_trouble, keys.protected) == (ServerTrouble.rotated, True)
    assert choose(machine, server) == ""
    keys = machine.work()
    assert (keys.server_trouble, keys.server_proven) == ("none", False)
    assert len(machine.head().servers) == 2, "the old one opens until the new one has"
    ask(machine)
    keys = machine.work()
    assert (keys.server_trouble, keys.server_proven, keys.protected) == ("none", True, True)
    assert len(machine.head().servers) == 1
    server.forget()
    ask(machine)


def test_a_server_that_was_silent_or_lost_its_keys_is_told_of_S1(
    machine: Machine, server: KeyServer
) -> None:
    machine.work()
    recovery = new_recovery_key()
    machine.wish(recovery=recovery)
    choose(machine, server)
    ask(machine)
    machine.work()
    newest = machine.head().newest
    assert newest
    machine.start(Opened.asked, recovery)
    tell(machine, Report(tried=(newest.made,), said="connection refused"))
    keys = machine.work()
    assert (keys.server_trouble, keys.server_said) == (ServerTrouble.silent, "connection refused")
    assert keys.protected, "nothing is laid open because of that"
    tell(machine, Report(tried=(newest.made,), advertised=("another",)))
    assert machine.work().server_trouble is ServerTrouble.lost


def test_a_server_of_another_thumbprint_gets_no_key_S1(machine: Machine, server: KeyServer) -> None:
    machine.work()
    machine.wish(recovery=new_recovery_key())
    wrong = ServerWish(
        address=server.url, thumbprint="x" * 43, advertised=tang.fetch(server.url).text
    )
    assert machine.wish(keeper=Keeper.server, server=wrong) == "volume.failed"
    assert machine.head().servers == ()
    assert machine.kept.chosen().keeper is Keeper.tpm


def test_what_was_not_signed_by_its_own_keys_is_refused_S1(server: KeyServer) -> None:
    told = json.loads(tang.fetch(server.url).text)
    told["signature"] = told["signature"][::-1]
    with pytest.raises(ProgramRefused):
        tang.read(json.dumps(told))
    for text in ("", "{}", '{"payload":"e30"}', '{"payload":"eyJrZXlzIjpbXX0"}', "[]"):
        with pytest.raises(ProgramRefused, match="what answers"):
            tang.read(text)


def test_a_server_that_does_not_answer_is_refused_with_the_programs_words(tmp_path: Path) -> None:
    with pytest.raises(ProgramRefused, match="connect"):
        tang.fetch(f"http://127.0.0.1:{free_port()}")


def test_the_network_lies_in_the_head_only_while_a_server_needs_it_S1(
    machine: Machine, server: KeyServer, root: Path
) -> None:
    machine.work()
    machine.wish(recovery=new_recovery_key())
    assert machine.head().network is None
    choose(machine, server)
    found = machine.head().network
    assert found
    assert found.first
    assert carried.unpack(found.network) == carried.gather(root)
    (root / carried.FOLDER / "50-tenshu-enp1s0.network").write_text("[Match]\nName=enp2s0\n")
    machine.work()
    again = machine.head().network
    assert again
    assert "enp2s0" in carried.unpack(again.network)["50-tenshu-enp1s0.network"]
    machine.wish(keeper=Keeper.nobody)
    assert machine.head().network is None
    assert machine.head().servers == ()


def test_a_network_that_was_not_confirmed_does_not_come_into_the_head_S1(
    machine: Machine, server: KeyServer, root: Path
) -> None:
    machine.work()
    choose(machine, server)
    before = machine.head().network
    place = machine.kept.place
    place.machine.mkdir(parents=True, exist_ok=True)
    (place.machine / "pending.json").write_text(
        '{"version":2,"before":1,"account":"a","seconds":60,"boot":"b"}'
    )
    (root / carried.FOLDER / "50-tenshu-enp1s0.network").write_text("[Match]\nName=wrong\n")
    machine.work()
    assert machine.head().network == before


def test_a_network_too_long_for_the_head_is_told_of_S1(
    machine: Machine, server: KeyServer, root: Path
) -> None:
    machine.work()
    for number in range(200):
        noise = new_recovery_key()
        path = root / carried.FOLDER / f"60-{number}.network"
        path.write_text(f"[Match]\nName={noise}\n")
    assert choose(machine, server) == ""
    found = machine.head().network
    assert found
    assert found.network == ""
    assert "too long" in machine.work().said


def test_a_head_that_somebody_changed_gives_no_file_outside_the_folder_S1() -> None:
    packed = carried.pack({"../../etc/shadow": "x", "a.network": "y", "b.link": "z"})
    assert carried.unpack(packed) == {"a.network": "y"}
    for wrong in ("", "not packed", "eJw=", carried.pack({"a": "b"})[:-8]):
        assert carried.unpack(wrong) == {}


def test_a_server_and_a_tpm_take_each_others_place_after_a_start_S1(
    machine: Machine, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_tpm(monkeypatch)
    machine.start(Opened.tpm)
    machine.work()
    machine.wish(recovery=new_recovery_key())
    choose(machine, server)
    keys = machine.work()
    assert (keys.tpm, keys.server, keys.protected) == (True, True, True), "the TPM stays until then"
    ask(machine)
    keys = machine.work()
    assert (keys.tpm, keys.server, keys.protected) == (False, True, True)
    machine.wish(keeper=Keeper.tpm)
    keys = machine.work()
    assert (keys.tpm, keys.server) == (True, True), "the server stays until the TPM opened a start"
    found = machine.head().network
    assert found
    assert not found.first, "so that the TPM is tried before"
    machine.start(Opened.tpm)
    keys = machine.work()
    assert (keys.tpm, keys.server, keys.protected) == (True, False, True)
    assert facts.head().network is None


def test_the_head_has_room_for_two_servers_a_tpm_and_the_longest_network_S1(
    machine: Machine, server: KeyServer, root: Path
) -> None:
    machine.work()
    machine.wish(recovery=new_recovery_key(), typed="typed-by-somebody")
    machine.volume.write_token(heads.token("test-tpm", blob="x" * 2800))
    folder, number = root / carried.FOLDER, 0
    while len(carried.pack(carried.gather(root))) < carried.MOST - 60:
        number += 1
        (folder / f"60-{number}.network").write_text(f"Name={new_recovery_key()[:20]}\n")
    assert choose(machine, server) == ""
    ask(machine)
    assert choose(machine, server) == ""
    assert machine.work().said == ""
    assert len(machine.head().servers) == 2
    found = machine.head().network
    assert found
    assert carried.unpack(found.network) == carried.gather(root)
