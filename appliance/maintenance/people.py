"""The two users by whom people come in; nothing else ever runs as them."""

import contextlib
import grp
import os
import pwd
import signal
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.maintenance.errors import UserMissing
from appliance.contract.maintenance.state import Level

USERS: Final = {Level.look: "tenshu-look", Level.repair: "tenshu-repair"}
JOURNAL: Final = "systemd-journal"
"""Whoever is in it reads the log."""


class Person(msgspec.Struct, frozen=True):
    """A user of the machine."""

    name: str
    uid: int
    gid: int


def person_of(name: str) -> Person:
    """Return a user. Raise UserMissing."""
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        raise UserMissing(user=name) from None
    return Person(name, found.pw_uid, found.pw_gid)


def groups_of(person: Person) -> list[int]:
    """Return the groups of a session: its own, and that of the journal's readers."""
    groups = [person.gid]
    with contextlib.suppress(KeyError):
        groups.append(grp.getgrnam(JOURNAL).gr_gid)
    return groups


def known_users() -> dict[int, str]:
    """Return number → name of those of the two that this machine has."""
    found = {}
    for name in USERS.values():
        with contextlib.suppress(UserMissing):
            found[person_of(name).uid] = name
    return found


def running() -> list[int]:
    """Return whatever runs as one of the two, sshd's own halves of their connections included."""
    uids, found = known_users(), []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):  # it ended meanwhile
            if entry.name.isdigit() and entry.stat().st_uid in uids:
                found.append(int(entry.name))
    return found


def end_processes() -> None:
    """Kill whatever runs as one of the two."""
    for process in running():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
