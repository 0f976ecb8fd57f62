"""What goes wrong in a database, in words that a person can act on.

Drivers and dialects name their failures each in a manner of its own; here each gets the one name
under which pages, jobs and the command line know it.
"""

import contextlib
import errno
import sqlite3
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from app.core.errors import TenshuError

BUSY_MILLISECONDS: Final = 10_000
"""How long a change waits for another process's change; METI-20 wants a stated end."""


class DatabaseBusy(TenshuError):
    """Another process holds the write lock for too long."""

    code = "database.busy"
    status = 503
    message = "The database was busy for {seconds} seconds; nothing was changed."
    hint = "Try again. If it stays so, look at the running jobs."


class ChangeCollided(DatabaseBusy):
    """Changes of others came between each time that this one was tried."""

    code = "database.collided"
    message = "Others changed the same things at the same moment; nothing was changed."
    hint = "Try again."


class DiskFull(TenshuError):
    """A write did not fit on the volume."""

    code = "database.disk_full"
    status = 507
    message = "The disk is full; nothing was changed."
    hint = "Sign in and free space under Storage: a reserve is kept for that."


class DatabaseUnavailable(TenshuError):
    """The database does not answer, or answers with an error of its own."""

    code = "database.unavailable"
    status = 503
    message = "The database does not answer."
    hint = "Look at Monitoring. The appliance tries again by itself."


class DatabaseDamaged(TenshuError):
    """The database's own file does not make sense any more."""

    code = "database.damaged"
    status = 500
    message = "The database is damaged."
    hint = "Stop the appliance, check the disk, and restore the newest backup."


class TookTooLong(TenshuError):
    """A question was broken off because it took longer than it may (`app.core.bounded`)."""

    code = "database.took_too_long"
    status = 422
    message = "That takes too long: no index helps with it."
    hint = "Save it as a view first: an index is made for it then. Or choose fewer conditions."


SQLITE_MEANINGS: Final[tuple[tuple[tuple[str, ...], type[TenshuError]], ...]] = (
    (("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"), DiskFull),
    (("SQLITE_BUSY", "SQLITE_LOCKED"), DatabaseBusy),
    (("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY"), DatabaseUnavailable),
    (("SQLITE_CORRUPT", "SQLITE_NOTADB"), DatabaseDamaged),
    (("SQLITE_INTERRUPT",), TookTooLong),
)
POSTGRESQL_MEANINGS: Final[tuple[tuple[tuple[str, ...], type[TenshuError]], ...]] = (
    (("53100",), DiskFull),
    (("55P03",), DatabaseBusy),  # lock timeout
    (("40P01", "40001"), ChangeCollided),  # deadlock, serialisation failure
    (("08", "57P0", "53300"), DatabaseUnavailable),  # connection, shutdown, too many clients
    (("XX001", "XX002"), DatabaseDamaged),
    (("57014",), TookTooLong),  # statement timeout
)


def explain_failure(error: DBAPIError) -> TenshuError | None:
    """Return the error in our words; None where it is a fault of the program."""
    original = error.orig
    if isinstance(original, sqlite3.Error):
        name, meanings = getattr(original, "sqlite_errorname", ""), SQLITE_MEANINGS
    else:
        name, meanings = getattr(original, "sqlstate", None) or "", POSTGRESQL_MEANINGS
        if not name and isinstance(error, OperationalError | InterfaceError):
            name = "08"  # psycopg gives no SQLSTATE where no server answered at all
    for beginnings, meaning in meanings:
        if name.startswith(beginnings):
            return meaning(seconds=BUSY_MILLISECONDS // 1000)
    return None


@contextlib.contextmanager
def in_our_words() -> Iterator[None]:
    """Turn failures of the driver and of the disk into errors that a person can act on."""
    try:
        yield
    except Exception as error:
        raise_in_our_words(error)
        raise


def raise_in_our_words(error: BaseException) -> None:
    """Raise what a person can act on in the place of `error`, if there is such a thing."""
    explained: TenshuError | None = None
    if isinstance(error, DBAPIError):
        explained = explain_failure(error)
    elif isinstance(error, PoolExhausted):
        explained = DatabaseBusy(seconds=BUSY_MILLISECONDS // 1000)
    elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        explained = DiskFull()
    if explained is not None:
        raise explained from error


def named(error: Exception, dialect: Dialect) -> Exception:
    """Return a driver's error as SQLAlchemy names it, without anybody's data."""
    return DBAPIError.instance("", None, error, dialect.loaded_dbapi.Error, dialect=dialect)
