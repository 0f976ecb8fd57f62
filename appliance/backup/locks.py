"""Whose lock lies in a repository.

Borg removes locks of dead processes of its own host by itself, if the host is named. What remains
is a lock whose process number belongs to a stranger since the machine was restarted: it is ours if
it bears our name, and dead because only one long action runs at a time. Borg documents both files
(internals, "Locks"): `lock.exclusive/HOST.PID-THREAD` and `lock.roster`.
"""

import json
import secrets
from pathlib import Path
from typing import Final

from appliance.durable import write_whole

_NAME: Final = "host-id"


def host_of(base: Path) -> str:
    """Return the name of this copy of the appliance in locks, made at first use."""
    path = base / _NAME
    if not path.is_file():
        write_whole(path, f"tenshu-{secrets.token_hex(8)}".encode())
    return path.read_text()


def left_by(host: str, repository: Path) -> bool:
    """Return True if every lock in the repository bears the name `host`, and there is one."""
    try:
        exclusive = repository / "lock.exclusive"
        holders = [one.name.rpartition(".")[0] for one in exclusive.glob("*")]
        roster = repository / "lock.roster"
        if roster.is_file():
            for entries in json.loads(roster.read_bytes()).values():
                holders += [str(entry[0]) for entry in entries]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False
    return bool(holders) and all(holder == host for holder in holders)
