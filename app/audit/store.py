"""The sealed store: one SQLite file that only the sealer's user writes.

What the sealer itself must find at once (an event by its identifier, the few events that tell of
the history) is kept beside the content and indexed; verification compares both with the content.
Everything else that a search goes by is computed when it is asked for: old events are searched in
segments (`app.audit.segments`), which cost the store nothing. A *seal* is the first eight bytes of
the leaf's hash, exclusive-or the position: it names the very event that was changed or moved. It
proves nothing; the signed checkpoints do. The newest checkpoint always covers every event: it is
written in the same transaction.
"""

import contextlib
import os
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from operator import xor
from pathlib import Path
from typing import Final

from app.audit.durable import sync_folder
from app.audit.errors import StoreTampered, StoreUnreadable
from app.core.messages import mark

FILE_NAME: Final = "sealed.sqlite"
KEYS_NAME: Final = "audit.vkey"
LOG_NAME: Final = "checkpoints.log"
ERASURES_NAME: Final = "erasures.json"
PATIENCE: Final = 10.0
"""Seconds to wait for another process that has the store locked."""
APPLICATION_ID: Final = 0x54415544
"""“TAUD”: tells `file` and us what this is."""

KEPT: Final = ("id", "verb")
"""What the database computes from an event's content and keeps beside it."""
COLUMNS: Final = (*KEPT, "at", "outcome", "actor", "target", "target_kind")
"""All that is computed from an event's content, kept or not."""
TOLD: Final = "verb >= 'audit.' AND verb < 'audit/'"
"""Condition of the index over what tells of the history itself; a query must repeat it."""


def _computed(name: str, kind: str) -> str:
    # content that somebody made unreadable must not end a search
    value = f"CASE WHEN json_valid(content) THEN json_extract(content, '$.{name}') END"
    return f"{name} {kind} GENERATED ALWAYS AS ({value}) VIRTUAL"


_SCHEMA: Final = (
    f"""CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    content TEXT NOT NULL,
    seal INTEGER NOT NULL,
    id TEXT GENERATED ALWAYS AS (json_extract(content, '$.id')) STORED,
    verb TEXT GENERATED ALWAYS AS (json_extract(content, '$.verb')) STORED,
    {_computed("at", "INTEGER")},
    {_computed("outcome", "TEXT")},
    {_computed("actor", "TEXT")},
    {_computed("target", "TEXT")},
    {_computed("target_kind", "TEXT")}
) STRICT""",
    "CREATE UNIQUE INDEX events_id ON events (id)",
    f"CREATE INDEX events_told ON events (verb) WHERE {TOLD}",
    """CREATE TABLE parts (
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    salt BLOB NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (position, name)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE checkpoints (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL
) STRICT""",
    """CREATE TABLE frontier (
    size INTEGER PRIMARY KEY,
    hashes BLOB NOT NULL
) STRICT""",
)


def seals(leaves: Sequence[bytes], first: int) -> list[int]:
    """Return the seals of leaves that stand at `first` and behind."""
    beginnings = struct.unpack(">" + "q24x" * len(leaves), b"".join(leaves))
    return list(map(xor, beginnings, range(first, first + len(leaves))))


def schema_is_ours(connection: sqlite3.Connection) -> bool:
    """Tell whether tables, columns and indexes are those we made: no trigger, no view, no other."""
    found = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
    return [_text(sql) for (sql,) in found] == list(_SCHEMA)


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open the store in `folder` for reading: one state of it, whatever the sealer does meanwhile.

    Raise StoreUnreadable where it is missing, no database, damaged, or not ours to read.
    """
    path = folder / FILE_NAME
    try:
        connection = _open_for_reading(path)
    except sqlite3.Error as error:
        raise StoreUnreadable(path=path, reason=str(error)) from error
    try:
        connection.execute("BEGIN")
        yield connection
    except sqlite3.DatabaseError as error:
        raise StoreUnreadable(path=path, reason=str(error)) from error
    finally:
        connection.close()


def open_for_sealing(folder: Path) -> sqlite3.Connection:
    """Open the store in `folder` for the sealer, and make it where there is none.

    A new store has tables only once the sealer commits its first event: the connection then
    stands inside that transaction. Raise StoreUnreadable or StoreTampered.
    """
    path = folder / FILE_NAME
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    connection = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)
    try:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # NORMAL loses sealed events when the power goes
            "secure_delete=ON",  # erased values leave no trace in free pages
        ):
            connection.execute(f"PRAGMA {pragma}")
        is_new = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
        altered = not is_new and not schema_is_ours(connection)
        if is_new:
            _make(connection, folder)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise StoreUnreadable(path=path, reason=str(error)) from error
    if altered:
        connection.close()
        raise StoreTampered(path=path, reason=mark("its tables are not as the sealer made them"))
    return connection


def _make(connection: sqlite3.Connection, folder: Path) -> None:
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    sync_folder(folder)
    connection.execute("BEGIN IMMEDIATE")
    for statement in _SCHEMA:
        connection.execute(statement)


def _open_for_reading(path: Path) -> sqlite3.Connection:
    """Open read-only. A store that nobody has open may lie on a medium that cannot be written.

    SQLite reads a WAL database only where it may make, or finds, the files beside it; where the
    write-ahead log is gone, everything is in the file itself and it is read as immutable.
    """
    if not path.is_file():
        raise sqlite3.OperationalError(os.strerror(2))
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        return _connect(uri)
    except sqlite3.OperationalError:
        if path.with_name(path.name + "-wal").is_file():
            raise
        return _connect(f"{uri}&immutable=1")


def _connect(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=PATIENCE)
    try:
        connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _text(value: str | bytes | bytearray) -> str:
    return value if isinstance(value, str) else value.decode(errors="replace")
