"""The key server asked as the initrd does: a network from nothing, a real tangd, nothing left (S1).

The machine is a namespace with a cable that is down; systemd-networkd is the real one.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from appliance.volume import carried, tang
from appliance.volume import head as heads
from appliance.volume.early import _cards, _leased
from appliance.volume.report import Report
from tests.hosts import Host
from tests.key_server_network import CABLE, SERVER, far, machine, server
from tests.running import ROOT, wait_until
from tests.tang import KeyServer

__all__ = ["far", "machine", "server"]

NETWORK = {
    "90-tenshu-first.network": "",
    "50-tenshu-eth7.network": f"[Match]\nName={CABLE}\n\n[Network]\nDHCP=no\nIPv6AcceptRA=no\n"
    f"LinkLocalAddressing=no\nAddress=10.77.0.9/24\nVLAN=eth7.5\n",
    "50-tenshu-eth7.5.network": "[Match]\nName=eth7.5\n\n[Network]\nLinkLocalAddressing=no\n",
    "50-tenshu-eth7.5.netdev": "[NetDev]\nName=eth7.5\nKind=vlan\n\n[VLAN]\nId=5\n",
}
ENTER = """
set -eu
told=$1; shift
mount -t tmpfs tmpfs /run
mount -o remount,bind,ro /sys  # nobody of its own tells of cables: as in a container
mkdir /run/tenshu-volume
mount --bind "$told" /run/tenshu-volume
umask 077
exec "$@"
"""
"""A /run of its own, as its unit has one in the initrd."""


@pytest.fixture
def told(tmp_path: Path, far: Host, server: KeyServer) -> Path:
    """What the initrd lays there: the head of a volume that the server opens."""
    folder = tmp_path / "told"
    folder.mkdir()
    seen = far.call(tang.fetch, server.url)
    closed = tang.close("the key", server.url, seen.signing[0], seen.text)
    tokens = (
        heads.token(heads.SERVER, 1, address=server.url, closed=closed, made=5),
        heads.token(heads.NETWORK, network=carried.pack(NETWORK), first=True),
    )
    named = {str(number): msgspec.Raw(text.encode()) for number, text in enumerate(tokens)}
    (folder / "head.json").write_bytes(msgspec.json.encode({"tokens": named}))
    return folder


@contextlib.contextmanager
def asking(machine: Host, told: Path) -> Iterator[subprocess.Popen[bytes]]:
    shell = ["unshare", "--mount", "--propagation=private", "sh", "-c", ENTER, "sh", str(told)]
    command = machine.command(*shell, sys.executable, "-m", "appliance.volume.asking")
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=environ)
    try:
        yield process
    finally:
        if process.poll() is None:  # so that it takes its network away
            process.terminate()
        process.wait(60)


def report(told: Path) -> Report:
    path = told / "server.json"
    return msgspec.json.decode(path.read_bytes(), type=Report) if path.exists() else Report()


def cables(machine: Host) -> str:
    return machine.run("ip", "-brief", "address")


def test_the_server_gives_the_key_over_the_machines_own_address_and_no_network_is_left_S1(
    machine: Host, told: Path
) -> None:
    before = cables(machine)
    with asking(machine, told) as process:
        assert process.wait(60) == 0
    assert (told / "served").read_text() == "the key"
    assert (told / "served").stat().st_mode & 0o777 == 0o600
    found = report(told)
    assert (found.opened, found.tried, found.said, len(found.advertised)) == (5, (5,), "", 1)
    assert cables(machine) == before, "neither address nor VLAN"


def test_who_reaches_no_server_asks_on_until_it_is_ended_or_the_server_is_there_S1(
    machine: Host, far: Host, told: Path
) -> None:
    far.run("ip", "link", "set", "srv0", "down")
    before = cables(machine)
    with asking(machine, told) as process:
        wait_until(lambda: SERVER in report(told).said, "it is told why", 60)
        assert not (told / "served").exists()
        process.terminate()
        assert process.wait(60) == 1
    assert cables(machine) == before
    with asking(machine, told) as process:
        far.run("ip", "link", "set", "srv0", "up")
        assert process.wait(90) == 0
    assert (told / "served").read_text() == "the key"


def test_a_server_that_lost_its_keys_gives_none_and_that_is_told_S1(
    machine: Host, server: KeyServer, told: Path
) -> None:
    server.rotate()
    server.forget()
    with asking(machine, told):
        wait_until(lambda: report(told).advertised, "its new keys are known", 60)
    assert (report(told).opened, SERVER in report(told).said) == (0, True)


def test_a_head_without_a_server_asks_nobody(machine: Host, told: Path) -> None:
    (told / "head.json").write_text("{}")
    with asking(machine, told) as process:
        assert process.wait(60) == 1


def test_only_drivers_of_network_cards_are_asked_for(tmp_path: Path) -> None:
    for name, alias, kind in (
        ("pci/devices/a", "pci:v00008086d000010D3", "0x020000"),
        ("pci/devices/b", "pci:v00001234d00001111", "0x030000"),
        ("virtio/devices/c", "virtio:d00000001v00001AF4", ""),
        ("virtio/devices/d", "virtio:d00000002v00001AF4", ""),
        ("vmbus/devices/e", "vmbus:635161f83edfc546913ff2d2f965ed0e", ""),
    ):
        folder = tmp_path / "bus" / name
        folder.mkdir(parents=True)
        (folder / "modalias").write_text(f"{alias}\n")
        if kind:
            (folder / "class").write_text(f"{kind}\n")
    assert list(_cards(tmp_path)) == [
        "pci:v00008086d000010D3",
        "virtio:d00000001v00001AF4",
        "vmbus:635161f83edfc546913ff2d2f965ed0e",
    ]


def test_name_servers_of_a_lease_are_asked(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert _leased(state) == []
    state.write_text("OPER_STATE=routable\nDNS=10.0.2.3 fd00::3\nDOMAINS=a\n")
    assert _leased(state) == ["10.0.2.3", "fd00::3"]
