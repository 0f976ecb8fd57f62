"""Ports of loopback that no other test has, and that no client is given in between.

They lie below the range from which the kernel takes a client's own port. Each worker of a suite has
a part of them to itself and goes round in it, so that a port comes again only when all others of
the part have been used.
"""

import contextlib
import itertools
import os
import random
import socket

FIRST = 20_000
A_WORKER = 1_500
WORKERS = 8


class NoFreePort(Exception):
    """Every port of this worker's part is taken."""


def _own_part() -> list[int]:
    """The ports of this worker, beginning elsewhere than in another run on this machine."""
    name = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    first = FIRST + int(name.removeprefix("gw")) % WORKERS * A_WORKER
    turn = random.randrange(A_WORKER)
    return [first + (turn + number) % A_WORKER for number in range(A_WORKER)]


_round = itertools.cycle(_own_part())


def free_port() -> int:
    """A port that nobody listens on, and that was not given a moment ago. Raise NoFreePort."""
    for port in itertools.islice(_round, A_WORKER):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise NoFreePort(f"none of the {A_WORKER} ports of this worker is free")


def free_ports(count: int) -> list[int]:
    """As many, each another one."""
    return [free_port() for _ in range(count)]
