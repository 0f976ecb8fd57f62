"""Prepare the data folder for units: `python -m app.start.before_units`, once, as root.

Where systemd runs the processes, each is a unit with a user of its own, and nobody supervises them
but systemd. So what a start prepares is prepared before all of them, and given to whom it belongs.
The folders are there already (`systemd/tmpfiles.d`); who shares what is said by their modes. The
lock on the data folder stays with systemd, so that no other copy starts beside the units.
"""

import logging
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from app.core.awaited import tell
from app.core.claim_code import PLACE, keep_claim_code
from app.core.errors import TenshuError
from app.core.keyring import FILE_NAME as RING
from app.core.keyring import LOCK_NAME
from app.core.log import configure_logging
from app.core.settings import Settings, load_settings
from app.start import connections, keys, programs, systemd_store
from app.start.connections import password_file
from app.start.database_elsewhere import await_database
from app.start.prepare import new_claim_code, prepare

GROUP: Final = "tenshu"
USERS: Final = {
    "agent": "root",
    "sealer": "tenshu-audit",
    "console": "tenshu-console",
    "workspace": "tenshu-workspace",
    "worker": "tenshu-workspace",
}
"""Whose process a program is (`systemd/system/tenshu-*.service`)."""
TOLD: Final = Path("/run/tenshu")
"""A file of variables for each unit that needs some; not on the disk."""
AWAITED: Final = Path("/run/tenshu-told")
"""What the console waits for, which loads meanwhile; gone when the preparation is stopped."""


def prepare_for_units(
    settings: Settings, told: Path, awaited: Path, claim: Path, notices: str
) -> None:
    """Prepare; `notices` is systemd's socket for them.

    Raise what `prepare` and `connections.lay_out` raise, LockNotKept.
    """
    prepared = prepare(settings, say=logging.info)
    database = prepared.appliance.database
    claim_code = new_claim_code(prepared.appliance)
    addresses = connections.lay_out(settings, database)
    database.close()
    _hand_out(settings, addresses)
    for program in programs.PROGRAMS:
        if program.role in addresses:
            line = f'TENSHU_DATABASE_URL="{addresses[program.role]}"\n'
            _write_private(told / f"tenshu-{program.name}.environment", line)
    keep_claim_code(claim, claim_code.reveal() if claim_code else "")
    shutil.chown(claim, USERS["console"])  # the desk behind the screen runs as its user
    systemd_store.keep(prepared.lock, notices)
    own = {"TENSHU_DATABASE_URL": addresses["console"]} if "console" in addresses else {}
    tell(awaited / "console", USERS["console"], own)


def _hand_out(settings: Settings, addresses: Mapping[str, str]) -> None:
    """Give what was made to whom it belongs."""
    ring, signing_key = settings.keys / RING, settings.keys / keys.SIGNING_KEY
    shutil.chown(ring, USERS["console"], GROUP)  # who rotates the keys
    shutil.chown(settings.keys / LOCK_NAME, USERS["console"])
    shutil.chown(signing_key, USERS["sealer"])
    for program in programs.PROGRAMS:
        if program.role in addresses:
            shutil.chown(password_file(settings, program.role), USERS[program.name])
    if settings.on_sqlite:
        # SQLite makes a database's other files with the mode of the first
        (settings.data / "tenshu.sqlite").chmod(0o660)


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text)


def main() -> int:
    """Return 0, or 1 and say why nothing may start."""
    configure_logging("prepare")
    try:
        settings = load_settings()
        await_database(settings)
        notices = os.environ.get("NOTIFY_SOCKET", "-")
        prepare_for_units(settings, TOLD, AWAITED, PLACE, notices)
    except TenshuError as error:
        sys.stderr.write(f"{error.code}: {error} {error.hint}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
