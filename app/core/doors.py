"""The two doors of a database: one for reading, one for changing.

Each request passes two or three of them, so what a transaction costs is counted in microseconds
here: it opens on the driver's own connection, and SQLAlchemy joins when somebody asks for it.
"""

import contextlib
import threading
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection, Engine, PoolProxiedConnection
from sqlmodel import Session

from app.core.database_errors import (
    DatabaseBusy,
    DatabaseUnavailable,
    named,
    raise_in_our_words,
)


class Open(Session):
    """A session whose transaction has begun on a connection of the pool.

    Most work is prepared statements and asks for the driver's connection and nothing else. What
    SQLAlchemy lays around it, five times as dear as the transaction itself, is built when the
    first statement of SQLAlchemy asks for it.
    """

    def __init__(self, side: "Side") -> None:
        """Take a connection and begin, where the driver does not by itself."""
        self.dialect = side.engine.dialect
        self._side = side
        self._built: Connection | None = None
        self._is_session = False
        try:
            self._pooled, self.driver = side.take()
        except self.dialect.loaded_dbapi.Error as error:
            raise named(error, self.dialect) from error
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
        execution_options: Any = None,  # noqa: ANN401
    ) -> Connection:
        """Return the connection of the transaction, which has begun: it takes no options."""
        if execution_options:
            msg = "options belong to a statement here"
            raise TypeError(msg)
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
            self.driver.commit()
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
        if not self._side.writes:
            try:
                self.driver.rollback()
            except self.dialect.loaded_dbapi.Error as error:
                self._pooled.close()
                raise named(error, self.dialect) from error
        self._side.at_hand.append((self._pooled, self.driver))


class Turn:
    """The queue of this process's writers: SQLite's own waiting is polling with growing pauses."""

    def __init__(self, patience: int) -> None:
        """Let each wait for `patience` milliseconds."""
        self._lock, self._patience = threading.Lock(), patience

    def take(self) -> None:
        """Wait for one's turn; raise DatabaseBusy where it does not come."""
        if not self._lock.acquire(timeout=self._patience / 1000):
            raise DatabaseBusy(seconds=self._patience // 1000)

    def release(self) -> None:
        """Let the next one in."""
        self._lock.release()


class Side:
    """What all ways through one door share."""

    def __init__(
        self, engine: Engine, begin: str, turn: "Turn | None" = None, *, writes: bool
    ) -> None:
        self.engine, self.begin, self.turn, self.writes = engine, begin, turn, writes
        self.at_hand: list[tuple[PoolProxiedConnection, Any]] = []
        """Connections of the pool whose last work went well: taken without asking the pool, which
        costs more than a transaction. After a failure the pool looks after the connection."""

    def take(self) -> tuple[PoolProxiedConnection, Any]:
        """Return a connection of the pool and the driver's own; one that is at hand first."""
        try:
            return self.at_hand.pop()
        except IndexError:
            pooled = self.engine.raw_connection()
            return pooled, pooled.driver_connection

    def explain(self, error: BaseException) -> None:
        """Raise what a person can act on in the place of `error`, if there is such a thing."""
        try:
            raise_in_our_words(error)
        except DatabaseUnavailable:
            self.close()  # a server that went away took the other connections with it
            raise

    def close(self) -> None:
        """Close what is at hand and in the pool."""
        with contextlib.suppress(IndexError):
            while True:
                # not `close`: the other door may have disposed of the pool that it came from
                self.at_hand.pop()[0].invalidate()
        self.engine.dispose()


class Door(AbstractContextManager[Session]):
    """One way through a door of the database: a class, since each request passes two or three."""

    __slots__ = ("_session", "_side")

    def __init__(self, side: Side) -> None:
        self._side = side

    def __enter__(self) -> Session:
        turn = self._side.turn
        if turn:
            turn.take()
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


def dialect_of(session: Session) -> str:
    """Return the name of the database behind a session: `sqlite` or `postgresql`."""
    opened: Any = session  # `Open`
    name: str = opened.dialect.name
    return name
