"""The database: one URL chooses SQLite (laptop, container) or PostgreSQL (virtual machine).

Reads and changes are two doors. A change takes the write lock at its start (`BEGIN IMMEDIATE` on
SQLite), so that what it has read is still true when it writes. Drivers are synchronous: on this
load they cost half of what asynchronous ones do.
"""

import contextlib
import errno
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.core.errors import TenshuError

BUSY_MILLISECONDS: Final = 10_000
"""How long a change waits for another process's change; METI-20 wants a stated end."""
POOL_SIZE: Final = 10
PAGE_CACHE_KIBIBYTES: Final = 16 * 1024

WRITES: Final = "tenshu_writes"


class DatabaseBusy(TenshuError):
    """Another process holds the write lock for too long."""

    code = "database.busy"
    status = 503
    message = "The database was busy for {seconds} seconds; nothing was changed."
    hint = "Try again. If it stays so, look at the running jobs."


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


SQLITE_MEANINGS: Final[tuple[tuple[tuple[str, ...], type[TenshuError]], ...]] = (
    (("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"), DiskFull),
    (("SQLITE_BUSY", "SQLITE_LOCKED"), DatabaseBusy),
    (("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY"), DatabaseUnavailable),
)
POSTGRESQL_MEANINGS: Final[tuple[tuple[tuple[str, ...], type[TenshuError]], ...]] = (
    (("53100",), DiskFull),
    (("55P03", "40P01", "40001"), DatabaseBusy),  # lock timeout, deadlock, serialisation
    (("08", "57P0", "53300"), DatabaseUnavailable),  # connection, shutdown, too many clients
)


def explain_failure(error: DBAPIError) -> TenshuError | None:
    """Return the error in our words; None where it is a fault of the program."""
    original = error.orig
    if isinstance(original, sqlite3.Error):
        name, meanings = getattr(original, "sqlite_errorname", ""), SQLITE_MEANINGS
    else:
        # psycopg gives no SQLSTATE where no server answered at all
        name, meanings = getattr(original, "sqlstate", None) or "08", POSTGRESQL_MEANINGS
    for beginnings, meaning in meanings:
        if name.startswith(beginnings):
            return meaning(seconds=BUSY_MILLISECONDS // 1000)
    return None


@contextlib.contextmanager
def in_our_words() -> Iterator[None]:
    """Turn failures of the driver and of the disk into errors that a person can act on."""
    try:
        yield
    except DBAPIError as error:
        explained = explain_failure(error)
        if explained is None:
            raise
        raise explained from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull from error
        raise


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's object
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # NORMAL loses acknowledged commits when the power goes
            "foreign_keys=ON",
            "trusted_schema=OFF",
            f"busy_timeout={BUSY_MILLISECONDS}",
            f"cache_size=-{PAGE_CACHE_KIBIBYTES}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Database:
    """One database, by URL, with a door for reading and a door for changing."""

    def __init__(self, url: str, *, pool_size: int = POOL_SIZE) -> None:
        self.engine = create_engine(url, pool_size=pool_size, max_overflow=pool_size)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writers = self.engine.execution_options(**{WRITES: True})
        # Writers of this process queue here: SQLite's own waiting is polling with growing pauses.
        self._turn: contextlib.AbstractContextManager[Any] = (
            threading.Lock() if self.is_sqlite else contextlib.nullcontext()
        )
        if self.is_sqlite:
            _prepare_sqlite(self.engine)

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that sees one state of the database and changes nothing."""
        with in_our_words(), Session(self.engine, autoflush=False) as session:
            yield session

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session that commits when the block ends, and rolls back if it raises.

        Raise DiskFull, DatabaseBusy or DatabaseUnavailable; then nothing was changed.
        """
        with in_our_words(), self._turn, Session(self._writers) as session:
            yield session
            session.commit()

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()
