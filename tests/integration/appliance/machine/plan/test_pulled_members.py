"""Members of a bond are pulled under load, then the whole bond: the second router takes over (S4).

In a guest, as bonds are the kernel's: a Debian 13 that boots with the planned files on its disk.
Cables are pulled at its cards. Two go into one switch, the third to another router; behind both is
the far host, from which somebody connects to the guest all the time.
"""

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.contract.configuration.reading import read_document
from appliance.machine.facts import Facts
from appliance.machine.plan import network
from tests.debian import inside, layered
from tests.guest.disk import debian_with_kernel, kernel_of, make_disk, put, settle
from tests.guest.machine import Guest, cards, from_kernel, guest, needed, nvme
from tests.hosts import LONGEST, Host, longest_silence, probe
from tests.running import ROOT, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PORT = 8443
FAR = "198.51.100.1"
"""An address of the far host that lies behind each of the routers."""
DOCUMENT = """
[network]
bonds = [{name = "bond0", members = ["enp0s17", "enp0s18"]}]
[[network.interfaces]]
name = "bond0"
zones = ["service"]
addresses = ["10.77.1.1/24"]
gateways = ["10.77.1.2"]
[[network.interfaces]]
name = "enp0s19"
zones = ["management"]
addresses = ["10.77.2.1/24"]
gateways = ["10.77.2.2"]
"""
SILENT = """
import sys
from appliance.contract.configuration.reading import read_document
from appliance.machine.links import silent
print(*silent(read_document(sys.stdin.read())))
"""
TAPS = {"enp0s17": "tap1", "enp0s18": "tap2", "enp0s19": "tap3"}
"""The far end of each card's cable."""


@contextlib.contextmanager
def routers() -> Iterator[Host]:
    """Give the far host: a switch with two ports, and a cable beside it."""
    far = Host(f"tenshu-{secrets.token_hex(3)}-far")
    try:
        far.run("ip", "link", "add", "switch", "type", "bridge")
        for tap in TAPS.values():
            far.run("ip", "tuntap", "add", "mode", "tap", "name", tap)
        for tap in ("tap1", "tap2"):
            far.run("ip", "link", "set", tap, "master", "switch")
        for name, address in (("switch", "10.77.1.2/24"), ("tap3", "10.77.2.2/24")):
            far.run("ip", "address", "add", address, "dev", name)
        far.run("ip", "address", "add", f"{FAR}/32", "dev", "lo")
        for name in (*TAPS.values(), "switch"):
            far.run("ip", "link", "set", name, "up")
        far.listen(PORT)
        yield far
    finally:
        far.close()


@contextlib.contextmanager
def machine(folder: Path, far: Host, *unplugged: str) -> Iterator[Guest]:
    """Give the guest, which has booted to where it is online."""
    needed()
    planned = network.files(read_document(DOCUMENT), Facts(run="/run", certificates={}))
    with layered(debian_with_kernel(), folder / "root") as root:
        put(root, {file.path: file.content for file in planned})
        shutil.copytree(ROOT / "appliance", root / "usr/lib/python3/dist-packages/appliance")
        enabled = inside(root, "systemctl", "enable", "systemd-networkd.service")
        assert enabled.returncode == 0, enabled.stderr
        settle(root)
        disk, kernel = make_disk(root, folder / "disk"), kernel_of(root)
        begun = "systemd.unit=basic.target systemd.wants=network-online.target"
        words = [*from_kernel(kernel, begun), *nvme(disk), *cards(**TAPS)]
        with guest(folder / "guest", words, where=far, unplugged=unplugged) as found:
            found.said("systemctl", "start", "network-online.target", seconds=120)
            found.said("systemd-run", "python3", "-m", "http.server", str(PORT), "--bind", "::")
            yield found


def active(machine: Guest) -> str:
    """Return the member that the bond uses."""
    return machine.said("cat", "/sys/class/net/bond0/bonding/active_slave")


def default_router(machine: Guest) -> str:
    return machine.said("ip", "route", "get", FAR).split(" via ")[-1].split()[0]


def silent(machine: Guest) -> str:
    """Return what the overview warns of."""
    return machine.said("python3", "-c", SILENT, stdin=DOCUMENT)


def test_a_bond_goes_on_without_a_member_and_the_second_router_without_the_bond_S4(
    tmp_path: Path,
) -> None:
    with routers() as far, machine(tmp_path, far) as near:

        def reached() -> bool:
            return far.tcp("10.77.1.1", PORT) == "open"

        def reaches() -> bool:
            words = ("timeout", "2", "bash", "-c", f": < /dev/tcp/{FAR}/{PORT}")
            return near.run(*words).returncode == 0

        @contextlib.contextmanager
        def changed(*cards: str, plugged: bool) -> Iterator[None]:
            for card in cards:
                near.cable(card, plugged=plugged)
            yield

        wait_until(reached, "the port answers", 30)
        assert (active(near), default_router(near)) == ("enp0s17", "10.77.1.2")

        assert longest_silence(reached, changed("enp0s17", plugged=False)) < LONGEST
        assert (active(near), silent(near)) == ("enp0s18", "enp0s17"), "the overview warns of it"

        assert longest_silence(reached, changed("enp0s17", plugged=True)) < LONGEST
        wait_until(lambda: active(near) == "enp0s17", "the first is the primary one again", 20)
        assert longest_silence(reached, changed("enp0s18", plugged=False)) < LONGEST
        assert (active(near), default_router(near)) == ("enp0s17", "10.77.1.2")

        assert longest_silence(reaches, changed("enp0s17", plugged=False)) < LONGEST
        assert (default_router(near), silent(near)) == ("10.77.2.2", "bond0 enp0s17 enp0s18")
        assert far.call(probe, "10.77.2.1", PORT) == "open", "the console is reached as before"

        assert longest_silence(reaches, changed("enp0s17", "enp0s18", plugged=True)) < LONGEST
        wait_until(lambda: default_router(near) == "10.77.1.2", "the first router is back", 20)
        wait_until(reached, "the port answers", 20)
        assert silent(near) == ""


def test_a_machine_comes_up_with_a_member_of_its_bond_pulled_S4(tmp_path: Path) -> None:
    with routers() as far, machine(tmp_path, far, "enp0s17") as near:
        assert active(near) == "enp0s18"
        wait_until(lambda: far.tcp("10.77.1.1", PORT) == "open", "the port answers", 20)
        assert (default_router(near), silent(near)) == ("10.77.1.2", "enp0s17")
        near.cable("enp0s17", plugged=True)
        wait_until(lambda: active(near) == "enp0s17", "the first is the primary one again", 20)
        assert far.tcp("10.77.1.1", PORT) == "open"
