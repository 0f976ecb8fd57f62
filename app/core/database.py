"""The database: one URL chooses SQLite (laptop, container) or PostgreSQL (virtual machine).

Reads and changes are two doors. What a change has read is still true when it commits: on SQLite
it takes the write lock at its start (`BEGIN IMMEDIATE`), on PostgreSQL changes run beside each
other and the one that another came between is refused (SERIALIZABLE); `change` runs it anew.
Drivers are synchronous: on this load they cost half of what asynchronous ones do.
"""

import contextlib
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final, TypeVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from app.core.database_errors import BUSY_MILLISECONDS, ChangeCollided, in_our_words
from app.core.doors import Door, Side, Turn
from app.core.write_ahead import empty_log

POOL_SIZE: Final = 10
PAGE_CACHE_KIBIBYTES: Final = 16 * 1024

ATTEMPTS: Final = 6
"""How often a change runs that others come between; the pauses add up to about a second."""
SHRINK_STEP_PAGES: Final = 500
"""2 MiB: what giving space back needs of free space itself."""

CHANGES: Final[dict[str, str | int]] = {
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "off",
}
READS: Final[dict[str, str | int]] = {
    "default_transaction_isolation": "repeatable\\ read",
    "default_transaction_read_only": "on",
}
"""What PostgreSQL is asked for on either side."""

Result = TypeVar("Result")


def _sqlite(url: str, options: dict[str, Any], patience: int) -> Engine:
    engine = create_engine(url, **options)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's object
        connection.isolation_level = None  # we say BEGIN ourselves
        connection.execute(f"PRAGMA busy_timeout={patience}")
        if connection.execute("PRAGMA page_count").fetchone() == (0,):
            # `shrink` needs it; only a new file takes it, and asking takes the write lock
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # NORMAL loses acknowledged commits when the power goes
            "foreign_keys=ON",
            "trusted_schema=OFF",
            "secure_delete=ON",  # what was erased is overwritten, not only forgotten
            f"cache_size=-{PAGE_CACHE_KIBIBYTES}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _postgresql(url: str, options: dict[str, Any], settings: dict[str, str | int]) -> Engine:
    told = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return create_engine(url, connect_args={"options": told}, **options)


class Database:
    """One database, by URL, with a door for reading and a door for changing."""

    def __init__(
        self, url: str, *, pool_size: int = POOL_SIZE, patience: int = BUSY_MILLISECONDS
    ) -> None:
        """Connect to nothing yet; `patience`: milliseconds that a change waits for another."""
        self.is_sqlite = url.startswith("sqlite")
        options = {
            "pool_size": pool_size,
            "max_overflow": pool_size,
            "pool_timeout": patience / 1000,
            "hide_parameters": True,  # an error's text goes to the log, people's data do not
        }
        if self.is_sqlite:
            self.engine = _sqlite(url, options, patience)
            self._reading = Side(self.engine, "BEGIN", writes=False)
            turn = Turn(patience)
            self._writing = Side(self.engine, "BEGIN IMMEDIATE", turn, writes=True)
        else:
            settings: dict[str, str | int] = {"lock_timeout": patience, "timezone": "UTC"}
            self.engine = _postgresql(url, options, settings | CHANGES)
            readers = _postgresql(url, options, settings | READS)
            self._reading = Side(readers, "", writes=False)
            self._writing = Side(self.engine, "", writes=True)

    def read(self) -> AbstractContextManager[Session]:
        """Open a session that sees one state of the database and changes nothing."""
        return Door(self._reading)

    def write(self) -> AbstractContextManager[Session]:
        """Open a session that commits when the block ends, and rolls back if it raises.

        Raise DiskFull, DatabaseBusy, ChangeCollided, DatabaseUnavailable or DatabaseDamaged; then
        nothing was changed.
        """
        return Door(self._writing)

    def change(self, work: Callable[[Session], Result]) -> Result:
        """Run `work` in a writing session, and anew where another change came between.

        Raise what `write` raises; ChangeCollided after six attempts.
        """
        for attempt in range(ATTEMPTS - 1):
            try:
                with self.write() as session:
                    return work(session)
            except ChangeCollided:
                # those who collided do not come back in step
                time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - no secret
        with self.write() as session:
            return work(session)

    def shrink(self) -> None:
        """Give the pages that deletions left free back to the volume, in small steps.

        PostgreSQL does so by itself (autovacuum) and uses such pages again.
        """
        if self._writing.turn:
            with self._maintaining(self._writing.turn) as driver:
                (free,) = driver.execute("PRAGMA freelist_count").fetchone()
                # what an interrupted change left in the write-ahead log goes first
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                for _step in range(-(-free // SHRINK_STEP_PAGES)):
                    # not `execute`, which takes only one of the steps of what returns no rows
                    driver.executescript(f"PRAGMA incremental_vacuum({SHRINK_STEP_PAGES})")
                    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def clear_log(self) -> bool:
        """Let what was erased leave the write-ahead log too; False while somebody else is at it.

        PostgreSQL writes over its own. Raise what `write` raises.
        """
        if not self._writing.turn:
            return True
        with self._maintaining(self._writing.turn) as driver:
            return empty_log(driver)

    @contextlib.contextmanager
    def _maintaining(self, turn: Turn) -> Iterator[sqlite3.Connection]:
        """Give SQLite's own connection, outside a transaction, when this process's turn comes."""
        turn.take()
        try:
            with in_our_words(), self.engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                try:
                    yield driver
                except sqlite3.Error as error:
                    raise OperationalError("maintenance", None, error) from error
        finally:
            turn.release()

    def close(self) -> None:
        """Close every pooled connection."""
        self._reading.close()
        self._writing.close()
