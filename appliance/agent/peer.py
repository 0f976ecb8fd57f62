"""Who is at the other end of the socket, as the kernel knows it: user and, by systemd, unit."""

import contextlib
import os
import select
import socket
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

ROOT_USER: Final = 0
SO_PEERPIDFD: Final = 77
"""socket(7), from Linux 6.5 on: a handle of the process itself, whatever becomes of its number."""
PROC: Final = Path("/proc")


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """The process that opened a connection."""

    uid: int
    unit: str = ""
    """Its systemd unit; empty where it is in none, or is gone."""


class Doorman(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the agent listens to."""

    users: frozenset[int]
    units: frozenset[str] = frozenset()
    """Where any are named, only processes of these; root's come from anywhere: it is the
    machine's own console."""

    def admits(self, peer: Peer) -> bool:
        """Tell whether a process may speak."""
        if peer.uid not in self.users:
            return False
        return peer.uid == ROOT_USER or not self.units or peer.unit in self.units


def doorman(users: frozenset[int], environ: Mapping[str, str]) -> Doorman:
    """Read the units from `TENSHU_AGENT_UNITS`, names separated by commas."""
    names = (environ.get("TENSHU_AGENT_UNITS") or "").split(",")
    return Doorman(users=users, units=frozenset(filter(None, names)))


def peer_of(connection: socket.socket) -> Peer:
    """Return who opened a connection. Raise OSError."""
    credentials = connection.getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
    )
    pid, uid, _ = struct.unpack("3i", credentials)
    unit = ""
    with contextlib.suppress(OSError):  # it is gone
        unit = _unit(connection, int(pid))
    return Peer(uid=int(uid), unit=unit)


def _unit(connection: socket.socket, pid: int) -> str:
    """Return the unit of a process that lives; its number may be another's as soon as it does not.

    So a handle of it is taken first, and asked afterwards whether what was read was still its own.
    """
    handle = _handle(connection, pid)
    try:
        found = unit_in((PROC / str(pid) / "cgroup").read_text("ascii", "replace"))
        ended, _, _ = select.select([handle], [], [], 0)
        return "" if ended else found
    finally:
        os.close(handle)


def _handle(connection: socket.socket, pid: int) -> int:
    with contextlib.suppress(OSError):  # an older kernel
        return connection.getsockopt(socket.SOL_SOCKET, SO_PEERPIDFD)
    return os.pidfd_open(pid)


def unit_in(cgroup: str) -> str:
    """Return the unit that a process's control group belongs to (cgroups(7)).

    systemd has a tree of its own: `0::` where it is the only one, else `name=systemd`.
    """
    for line in cgroup.splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers in ("", "name=systemd"):
            for part in path.split("/"):
                if part.endswith(".service"):
                    return part  # what lies below it, the unit has made itself
    return ""
