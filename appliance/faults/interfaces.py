"""Which IPv4 addresses the cables of this machine have, or should have."""

import fcntl
import ipaddress
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FILES: Final = Path("/etc/systemd/network")
"""What the document comes to for systemd-networkd (`appliance.machine.plan.network`)."""
INTERFACES: Final = Path("/sys/class/net")
ETHERNET: Final = "1"
"""Kind of hardware with ARP (ARPHRD_ETHER)."""
SIOCGIFADDR: Final = 0x8915
_FORM: Final = "16sHH4s8s"


def wanted(files: Path = FILES) -> dict[str, set[str]]:
    """Return which addresses each interface should have."""
    found: dict[str, set[str]] = {}
    for path in sorted(files.glob("50-tenshu-*.network")):
        lines = [line.partition("=") for line in _read(path).splitlines()]
        names = [value for key, _, value in lines if key == "Name"]
        addresses = {value.partition("/")[0] for key, _, value in lines if key == "Address"}
        if names:
            found.setdefault(names[0], set()).update(filter(_is_version_4, addresses))
    return found


def cards(interfaces: Path = INTERFACES) -> dict[str, str]:
    """Return each cable that carries, with its hardware address."""
    return dict(_cards(interfaces))


def own_cards(interfaces: Path = INTERFACES) -> set[str]:
    """Return the hardware address of every interface, whether it carries or not."""
    return {_read(one / "address") for one in interfaces.iterdir()}


def has(interface: str) -> str:
    """Return the first address that an interface has; empty for none."""
    asked = struct.pack(_FORM, interface.encode(), socket.AF_INET, 0, bytes(4), bytes(8))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            told = fcntl.ioctl(one, SIOCGIFADDR, asked)
        except OSError:
            return ""
    return str(ipaddress.IPv4Address(struct.unpack(_FORM, told)[3]))


def is_here(address: str) -> bool:
    """Tell whether this machine has an address: only then may somebody listen on it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.bind((address, 0))
        except OSError:
            return False
    return True


def _cards(interfaces: Path) -> Iterator[tuple[str, str]]:
    for one in sorted(interfaces.iterdir()):
        if _read(one / "type") == ETHERNET and _read(one / "carrier") == "1":
            yield one.name, _read(one / "address")


def _is_version_4(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).version == 4
    except ValueError:
        return False


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:  # gone meanwhile; or switched off: such a cable has no carrier to read
        return ""
