"""One sealer a database: a lease in the database, and a lock on the store's folder.

The lock ends with its process, however it ends, so a sealer that was killed is replaced at once.
The lease keeps out a sealer on another machine, whose store would be another one.
"""

import fcntl
import os
from pathlib import Path
from typing import Final

from sqlmodel import Session, col, update

from app.audit.errors import SealerRunning
from app.audit.models import SealerLease
from app.core import clock
from app.core.database import Database

NAME: Final = "sealer"
LASTS: Final = 15 * clock.SECOND
SKEW: Final = 5 * clock.MINUTE
"""Clocks of two machines may differ so much; a lease beyond was taken before a clock was set back,
and would keep everybody out for as long."""
RENEW_AFTER: Final = 5 * clock.SECOND
LOCK_NAME: Final = "sealer.lock"


def lock_folder(folder: Path) -> int:
    """Lock the store's folder for this process and return the lock's descriptor.

    Raise SealerRunning if another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise SealerRunning(holder=folder) from error
    return descriptor


def take_lease(database: Database, holder: str) -> None:
    """Take the lease for `holder`, or take it again. Raise SealerRunning if another has it."""

    def work(session: Session) -> None:
        now = clock.now()
        lease = session.get(SealerLease, NAME, with_for_update=True)
        if lease is None:
            session.add(SealerLease(name=NAME, holder=holder, expires=now + LASTS))
        elif lease.holder == holder or not now < lease.expires < now + LASTS + SKEW:
            lease.holder, lease.expires = holder, now + LASTS
        else:
            raise SealerRunning(holder=lease.holder)

    database.change(work)


def renew_lease(session: Session, holder: str) -> None:
    """Renew the lease inside a transaction that counts only with it. Raise SealerRunning."""
    renewed = session.connection().execute(
        update(SealerLease)
        .where(col(SealerLease.name) == NAME, col(SealerLease.holder) == holder)
        .values(expires=clock.now() + LASTS)
    )
    if renewed.rowcount != 1:
        raise SealerRunning(holder="?")


def end_lease(database: Database, holder: str) -> None:
    """Give the lease up, so that the next sealer need not wait."""
    with database.write() as session:
        session.connection().execute(
            update(SealerLease)
            .where(col(SealerLease.name) == NAME, col(SealerLease.holder) == holder)
            .values(expires=0)
        )
