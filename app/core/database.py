"""The database: one URL chooses SQLite (laptop, container) or PostgreSQL (virtual machine).

Reads and changes are two doors. What a change has read is still true when it commits: on SQLite
it takes the write lock at its start (`BEGIN IMMEDIATE`), on PostgreSQL changes run beside each
other and the one that another came between is refused (SERIALIZABLE); `change` runs it anew.
Drivers are synchronous: on this load they cost half of what asynchronous ones do.
"""

import contextlib
import errno
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Connection, Dialect, Engine, PoolProxiedConnection, create_engine, event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlmodel import Session

from app.core.errors import TenshuError

BUSY_MILLISECONDS: Final = 10_000
"""How long a change waits for another process's change; METI-20 wants a stated end."""
POOL_SIZE: Final = 10
PAGE_CACHE_KIBIBYTES: Final = 16 * 1024

ATTEMPTS: Final = 6
"""How often a change runs that others come between; the pauses add up to about a second."""
SHRINK_STEP_PAGES: Final = 500
"""2 MiB: what giving space back needs of free space itself."""

Result = TypeVar("Result")


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


SQLITE_MEANINGS: Final[tuple[tuple[tuple[str, ...], type[TenshuError]], ...]] = (
    (("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"), DiskFull),
    (("SQLITE_BUSY", "SQLITE_LOCKED"), DatabaseBusy),
    (("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY"), DatabaseUnavailable),
    (("SQLITE_CORRUPT", "SQLITE_NOTADB"), DatabaseDamaged),
)
POSTGRESQL_MEANINGS: Final[tuple[tuple[tuple[str, ...], type[TenshuError]], ...]] = (
    (("53100",), DiskFull),
    (("55P03",), DatabaseBusy),  # lock timeout
    (("40P01", "40001"), ChangeCollided),  # deadlock, serialisation failure
    (("08", "57P0", "53300"), DatabaseUnavailable),  # connection, shutdown, too many clients
    (("XX001", "XX002"), DatabaseDamaged),
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


def _sqlite(url: str, options: dict[str, Any]) -> Engine:
    engine = create_engine(url, **options)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's object
        connection.isolation_level = None  # we say BEGIN ourselves
        connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
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


def _postgresql(url: str, options: dict[str, Any], isolation: str, read_only: str) -> Engine:
    settings = {
        "lock_timeout": BUSY_MILLISECONDS,
        "timezone": "UTC",
        "default_transaction_isolation": isolation,
        "default_transaction_read_only": read_only,
    }
    told = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return create_engine(url, connect_args={"options": told}, **options)


class Open(Session):
    """A session whose transaction has begun on a connection of the pool.

    Most work is prepared statements and asks for the driver's connection and nothing else. What
    SQLAlchemy lays around it, five times as dear as the transaction itself, is built when the
    first statement of SQLAlchemy asks for it.
    """

    def __init__(self, side: "_Side") -> None:
        """Take a connection and begin, where the driver does not by itself."""
        self.dialect = side.engine.dialect
        self._side = side
        self._built: Connection | None = None
        self._is_session = False
        try:
            self._pooled = side.take()
        except self.dialect.loaded_dbapi.Error as error:
            raise named(error, self.dialect) from error
        self.driver: Any = cast("Any", self._pooled.driver_connection)
        if side.begin:
            try:
                self.driver.execute(side.begin)
            except self.dialect.loaded_dbapi.Error as error:
                self._pooled.close()
                raise named(error, self.dialect) from error

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a session has
        """Become a session of SQLAlchemy when the first of its own attributes is asked for."""
        if self._is_session:
            raise AttributeError(name)
        self._is_session = True
        super().__init__(self.connection(), autoflush=self._side.writes)
        return getattr(self, name)

    def connection(
        self,
        bind_arguments: Any = None,  # noqa: ANN401, ARG002 - there is one connection
        execution_options: Any = None,  # noqa: ANN401, ARG002
    ) -> Connection:
        """Return the connection of the transaction."""
        if self._built is None:
            self._built = Connection(self._side.engine, self._pooled)
            self._built.begin()  # of SQLAlchemy's ledger: the transaction itself has begun
        return self._built

    def keep(self) -> None:
        """Write what still waits, and commit."""
        if self._is_session:
            self.flush()
        if self._built is not None and (ledger := self._built.get_transaction()):
            ledger.commit()
            return
        try:
            self._pooled.commit()
        except self.dialect.loaded_dbapi.Error as error:
            raise named(error, self.dialect) from error

    def close(self) -> None:
        """Give the connection back; what was not kept is rolled back."""
        if self._is_session:
            super().close()
        if self._built is not None:
            self._built.close()
        else:
            self._pooled.close()

    def lay_down(self) -> None:
        """Close after work that went well: the connection stays at hand."""
        if self._built is not None:
            self.close()
            return
        try:
            self._pooled.rollback()
        except self.dialect.loaded_dbapi.Error as error:
            self._pooled.close()
            raise named(error, self.dialect) from error
        self._side.at_hand.append(self._pooled)


class _Side:
    """What all ways through one door share."""

    def __init__(
        self, engine: Engine, begin: str, turn: "threading.Lock | None" = None, *, writes: bool
    ) -> None:
        self.engine, self.begin, self.turn, self.writes = engine, begin, turn, writes
        self.at_hand: list[PoolProxiedConnection] = []
        """Connections of the pool whose last work went well: taken without asking the pool, which
        costs more than a transaction. After a failure the pool looks after the connection."""

    def take(self) -> PoolProxiedConnection:
        try:
            return self.at_hand.pop()
        except IndexError:
            return self.engine.raw_connection()

    def explain(self, error: BaseException) -> None:
        """Raise what a person can act on in the place of `error`, if there is such a thing."""
        try:
            raise_in_our_words(error)
        except DatabaseUnavailable:
            self.close()  # a server that went away took the other connections with it
            raise

    def close(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                # not `close`: the other door may have disposed of the pool that it came from
                self.at_hand.pop().invalidate()
        self.engine.dispose()


class _Door(AbstractContextManager[Session]):
    """One way through a door of the database: a class, since each request passes two or three."""

    __slots__ = ("_session", "_side")

    def __init__(self, side: _Side) -> None:
        self._side = side

    def __enter__(self) -> Session:
        turn = self._side.turn
        if turn:
            _take(turn)
        try:
            self._session = Open(self._side)
        except BaseException as error:
            if turn:
                turn.release()
            self._side.explain(error)
            raise
        return self._session

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        try:
            if error is None:
                self._end()
            else:
                self._session.close()
        except Exception as failure:
            self._side.explain(failure)
            raise
        finally:
            if self._side.turn:
                self._side.turn.release()
        if error is not None:
            self._side.explain(error)

    def _end(self) -> None:
        try:
            if self._side.writes:
                self._session.keep()
        except BaseException:
            self._session.close()
            raise
        self._session.lay_down()


def _take(turn: threading.Lock) -> None:
    if not turn.acquire(timeout=BUSY_MILLISECONDS / 1000):
        raise DatabaseBusy(seconds=BUSY_MILLISECONDS // 1000)


def dialect_of(session: Session) -> str:
    """Return the name of the database behind a session: `sqlite` or `postgresql`."""
    return cast("Open", session).dialect.name


class Database:
    """One database, by URL, with a door for reading and a door for changing."""

    def __init__(self, url: str, *, pool_size: int = POOL_SIZE) -> None:
        self.is_sqlite = url.startswith("sqlite")
        options = {
            "pool_size": pool_size,
            "max_overflow": pool_size,
            "pool_timeout": BUSY_MILLISECONDS / 1000,
            "hide_parameters": True,  # an error's text goes to the log, people's data do not
        }
        if self.is_sqlite:
            self.engine = _sqlite(url, options)
            self._reading = _Side(self.engine, "BEGIN", writes=False)
            # Writers of this process queue: SQLite's own waiting is polling with growing pauses.
            self._writing = _Side(self.engine, "BEGIN IMMEDIATE", threading.Lock(), writes=True)
        else:
            self.engine = _postgresql(url, options, "serializable", "off")
            readers = _postgresql(url, options, "repeatable\\ read", "on")
            self._reading = _Side(readers, "", writes=False)
            self._writing = _Side(self.engine, "", writes=True)

    def read(self) -> AbstractContextManager[Session]:
        """Open a session that sees one state of the database and changes nothing."""
        return _Door(self._reading)

    def write(self) -> AbstractContextManager[Session]:
        """Open a session that commits when the block ends, and rolls back if it raises.

        Raise DiskFull, DatabaseBusy, ChangeCollided, DatabaseUnavailable or DatabaseDamaged; then
        nothing was changed.
        """
        return _Door(self._writing)

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
        turn = self._writing.turn
        if turn is None:
            return
        _take(turn)
        try:
            self._shrink()
        finally:
            turn.release()

    def _shrink(self) -> None:
        with in_our_words(), self.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            try:
                (free,) = driver.execute("PRAGMA freelist_count").fetchone()
                # what an interrupted change left in the write-ahead log goes first
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                for _step in range(-(-free // SHRINK_STEP_PAGES)):
                    # not `execute`, which takes only one of the steps of what returns no rows
                    driver.executescript(f"PRAGMA incremental_vacuum({SHRINK_STEP_PAGES})")
                    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            except sqlite3.Error as error:
                raise OperationalError("shrink", None, error) from error

    def close(self) -> None:
        """Close every pooled connection."""
        self._reading.close()
        self._writing.close()
