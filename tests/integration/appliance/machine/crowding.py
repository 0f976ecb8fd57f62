"""Who comes too often or holds too many connections: how the packet filter takes them, and counts.

One source in a list, one that is never banned, of each family. Everything is tried from one thread
of the host, because what it opens has to stand while the rest is tried.
"""

import contextlib
import json
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tests.hosts import Network

PORT: Final = 443
HELD: Final = 16
"""As many connections one source may hold (`connections_per_source`)."""
SECONDS: Final = 0.35
KNOCKS: Final = 60
RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: a connection that is closed so is gone at once, on both sides."""


@dataclass
class Crowd:
    """What one source of many found."""

    held: int = 0
    """Connections that it could hold at once, out of two more than it may."""
    spared: int = 0
    """The same of the source that is never banned."""
    knocked: list[int] = field(default_factory=list)
    """Own ports of the knocks that were taken before the ban."""
    banned: bool = False
    cut: bool = False
    """Whether a connection that stood before the ban is cut by it."""
    spared_later: bool = False
    counted: tuple[bool, bool] = (False, False)
    """Whether the packet that brings a ban, and those under it, are counted as banned."""


def crowd(net: Network, source: str, spared: str, address: str) -> dict[str, object]:
    """Try it, and return all that is to be judged."""
    server = net.appliance.servers[PORT]
    net.appliance.call(_drain, server)
    found = net.outside.call(_crowd, source, spared, address, lambda: packets(net, "banned"))
    reached = net.appliance.call(_drain, server)
    return {
        "held": found.held,
        "spared": (found.spared, found.spared_later),
        "taken are taken": set(found.knocked) <= reached,
        "banned": (found.banned, found.cut),
        "counted": found.counted,
    }


def counted(net: Network) -> set[str]:
    """Return the names of the counters that have counted."""
    return {
        one["counter"]["name"]
        for one in _listed(net, "counters", "table", "inet", "tenshu")
        if one.get("counter", {}).get("packets")
    }


def packets(net: Network, name: str) -> int:
    """Return what one counter has counted."""
    (one,) = (each for each in _listed(net, "counter", "inet", "tenshu", name) if "counter" in each)
    found: int = one["counter"]["packets"]
    return found


def elements(net: Network, name: str) -> list[object]:
    """Return what is in a set."""
    (one,) = (each for each in _listed(net, "set", "inet", "tenshu", name) if "set" in each)
    return [each["elem"]["val"] for each in one["set"].get("elem", ())]


def element_packets(net: Network, name: str, value: int) -> int:
    """Return what one element of a set has counted."""
    (one,) = (each for each in _listed(net, "set", "inet", "tenshu", name) if "set" in each)
    every = [each["elem"] for each in one["set"].get("elem", ())]
    return sum(each["counter"]["packets"] for each in every if int(str(each["val"]), 0) == value)


def _listed(net: Network, *what: str) -> list[dict[str, Any]]:
    listed = json.loads(net.appliance.run("nft", "--json", "list", *what))
    every: list[dict[str, Any]] = listed["nftables"]
    return every


def _crowd(source: str, spared: str, address: str, banned: Callable[[], int]) -> Crowd:
    found, counts = Crowd(), [banned()]
    with contextlib.ExitStack() as stack:
        many = [stack.enter_context(_socket(spared)) for _ in range(HELD + 2)]
        found.spared = sum(_connects(one, address) for one in many)
    with contextlib.ExitStack() as stack:
        standing = stack.enter_context(_socket(source))
        _connects(standing, address)
        with contextlib.ExitStack() as others:
            rest = [others.enter_context(_socket(source)) for _ in range(HELD)]
            found.held = 1 + sum(_connects(one, address) for one in rest)
        for port in _knock(source, address):
            found.knocked.append(port)
        counts.append(banned())
        with _socket(source) as last:
            found.banned = not _connects(last, address)
        counts.append(banned())
        found.counted = (counts[0] < counts[1], counts[1] < counts[2])
        found.cut = not _is_answered(standing)
    with _socket(spared) as again:
        found.spared_later = _connects(again, address)
    return found


def _socket(source: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    one.settimeout(SECONDS)
    one.bind((source, 0))
    return one


def _connects(one: socket.socket, address: str) -> bool:
    try:
        one.connect((address, PORT))
    except (TimeoutError, ConnectionError):
        return False
    return True


def _knock(source: str, address: str) -> Iterator[int]:
    """Yield the own port of each knock that was taken, until one is not."""
    for _ in range(KNOCKS):
        with _socket(source) as one:
            if not _connects(one, address):
                return
            yield one.getsockname()[1]
            if not _is_answered(one):
                return


def _is_answered(one: socket.socket) -> bool:
    """Tell whether what is sent is acknowledged by the other side's kernel."""
    one.sendall(b"x")
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        if not struct.unpack_from("I", info, 24)[0]:  # tcpi_unacked
            return True
        time.sleep(0.005)
    return False


def _drain(server: socket.socket) -> set[int]:
    """Take all that waits, and return the ports that it came from."""
    found = set()
    before = server.gettimeout()
    server.settimeout(0.05)
    with contextlib.suppress(TimeoutError):
        while True:
            try:
                taken, whom = server.accept()
            except ConnectionError:
                continue
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            taken.close()  # without a word that a banned host would answer and be counted for
            found.add(whom[1])
    server.settimeout(before)
    return found
