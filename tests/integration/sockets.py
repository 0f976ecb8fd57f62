"""What the kernel says of TCP over IPv4 (proc_pid_net(5)): no connection is made to find out."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ESTABLISHED, LISTEN = "01", "0A"


class Socket(NamedTuple):
    """A socket's two ports, the other side's 0 while it listens, and the kernel's state of it."""

    port: int
    peer: int
    state: str


def sockets() -> Iterator[Socket]:
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state, *_ = line.split()
        port, peer = (int(place.rpartition(":")[2], 16) for place in (local, remote))
        yield Socket(port, peer, state)


def listening() -> set[int]:
    """Return the ports that somebody listens on."""
    return {each.port for each in sockets() if each.state == LISTEN}


def established(server: int, clients: set[int]) -> int:
    """Return how many connections of these clients a server holds."""
    return sum(
        each.port == server and each.peer in clients and each.state == ESTABLISHED
        for each in sockets()
    )
