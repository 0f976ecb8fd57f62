"""What hundreds of databases of a test run share, for each lives for one test.

A statement is compiled once a run: the engines share their dialect, and with it the cache of
compiled statements, as the threads of one process of ours do. SQLite waits for no disk, as the
tests' PostgreSQL does not: these databases are thrown away, and those of a power cut are others.
"""

from sqlalchemy import Engine, event, inspect
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.util import LRUCache

from app.core.database import Database

STATEMENTS = 4_000
"""Kept at most: all of the appliance's are some hundreds."""

_dialects: dict[str, Dialect] = {}
_compiled: LRUCache = LRUCache(STATEMENTS)


def hasten(database: Database) -> Database:
    """Let a database of one test share what it may, and wait for no disk."""
    for engine in {database.engine, database._reading.engine}:
        _share(engine)
    if database.is_sqlite:
        event.listen(database.engine, "connect", _relax)
    return database


def _share(engine: Engine) -> None:
    if engine.name not in _dialects:
        inspect(engine)  # a dialect knows its database from the first connection
        _dialects[engine.name] = engine.dialect
    engine.dialect = _dialects[engine.name]
    engine._compiled_cache = _compiled


def _relax(connection, _record) -> None:
    connection.execute("PRAGMA synchronous=OFF")
