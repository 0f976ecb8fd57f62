"""Whose lock lies in a repository.

Borg removes locks of dead processes of its own host by itself, if the host is named. What remains
is a lock whose process number belongs to a stranger since the machine was restarted: it is ours if
it bears our name, and dead because only one long action runs at a time. Borg documents both files
(internals, "Locks"): `lock.exclusive/HOST.PID-THREAD` and `lock.roster`.
"""

import contextlib
import hashlib
import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from appliance.durable import write_whole

_NAME: Final = "host-id"
MACHINE: Final = (Path("/etc/machine-id"), Path("/sys/class/dmi/id/product_uuid"))
"""What names this machine. The second changes when a virtual machine is copied, and only root may
read it."""


def host_of(base: Path, machine: Sequence[Path] = MACHINE) -> str:
    """Return the name of this copy of the appliance, on this machine, in locks.

    A random part, made at first use, tells copies on one machine apart. The machine's own identity
    and the folder's number go in, so that a cloned machine, or a copied data folder, does not bear
    the name of the original and never takes a living lock of it for its own dead one.
    """
    path = base / _NAME
    if not path.is_file():
        write_whole(path, secrets.token_hex(16).encode())
    parts = [path.read_text(), str(base.stat().st_ino)]
    for source in machine:
        with contextlib.suppress(OSError):  # a container may have none, a person may not read it
            parts.append(source.read_text().strip())
    return f"tenshu-{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:16]}"


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
