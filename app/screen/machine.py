"""What the screen sees by itself, so that it stands there whatever else does not answer."""

import contextlib
import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

IPV4: Final = Path("/proc/self/net/fib_trie")
INTERFACES: Final = Path("/sys/class/net")
IPV6: Final = Path("/proc/self/net/if_inet6")
NOTES: Final = Path("/run/issue.d")
"""What a start leaves to be read here (issue(5)): a seed that was not used, say."""
GLOBAL: Final = "00"
"""Scope of an address that others reach (if_inet6 in proc(5))."""


def host_name() -> str:
    """Return the machine's name."""
    return socket.gethostname()


def addresses(ipv4: Path = IPV4, ipv6: Path = IPV6) -> tuple[str, ...]:
    """Return the addresses by which others reach the machine: IPv4 first, none twice."""
    found: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = []
    found += [*_version_4(ipv4), *_version_6(ipv6)]
    return tuple(dict.fromkeys(str(one) for one in found if not one.is_loopback))


def first_cable(interfaces: Path = INTERFACES) -> str:
    """Return the name of the first interface that is a cable; empty where there is none."""
    try:
        found = sorted(one.name for one in interfaces.iterdir() if (one / "device").exists())
    except OSError:
        return ""
    return found[0] if found else ""


def notes(folder: Path = NOTES) -> tuple[str, ...]:
    """Return the lines that a start has left for whoever stands here, in English."""
    found: list[str] = []
    for path in sorted(folder.glob("*.issue")):
        with contextlib.suppress(OSError):
            found += path.read_text("ascii", "replace").replace("\\\\", "\\").splitlines()
    return tuple(line.strip() for line in found if line.strip())


def _version_4(path: Path) -> Iterator[ipaddress.IPv4Address]:
    """Yield what the kernel's table of routes calls local: it knows second addresses too."""
    last = ""
    with contextlib.suppress(OSError):
        for line in path.read_text("ascii").splitlines():
            words = line.split()
            if words[:1] == ["|--"]:
                last = words[1]
            elif words[:3] == ["/32", "host", "LOCAL"]:
                yield ipaddress.IPv4Address(last)


def _version_6(path: Path) -> Iterator[ipaddress.IPv6Address]:
    with contextlib.suppress(OSError):
        for line in path.read_text("ascii").splitlines():
            address, _, _, scope, *_ = line.split()
            if scope == GLOBAL:
                yield ipaddress.IPv6Address(bytes.fromhex(address))
