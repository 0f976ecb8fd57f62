"""The process `python -m app.audit.segment_writer FOLDER`: makes the segment that is due, or none.

Apart from the sealer, because nobody waits for a segment, and everybody for the sealer. It writes
a file that counts for nothing until the sealer has sealed its hash, and says on its standard output
what it made.
"""

import hashlib
import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from app.audit.durable import sync_folder
from app.audit.erasure import Erasure, read_erasures
from app.audit.parquet import open_duckdb
from app.audit.sealed import decode_content
from app.audit.segments import FOLDER, SIZES, UNFINISHED, Made, Segment, newer, read_segments
from app.audit.store import reading
from app.audit.text import search_text
from app.core.background import give_way
from app.core.lifeline import die_with_parent

ROW_GROUP: Final = 1 << 14
AT_ONCE: Final = 1 << 12

_COLUMNS: Final = {
    "place": "BIGINT",
    "moment": "BIGINT",
    "verb": "VARCHAR",
    "outcome": "VARCHAR",
    "actor": "VARCHAR",
    "target_kind": "VARCHAR",
    "target": "VARCHAR",
    "text": "VARCHAR",
}
_MAKE: Final = "CREATE TABLE found ({})".format(
    ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
)
_SHAPE: Final = msgspec.json.encode([_COLUMNS]).decode()
_ADD: Final = " ".join(
    ("INSERT INTO found SELECT unnest(from_json($rows,", f"'{_SHAPE}'), recursive := true)")
)
_WRITE: Final = "COPY (SELECT * FROM found ORDER BY place) TO '{path}' ({options})"
_OPTIONS: Final = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP}"


class Row(msgspec.Struct, frozen=True):
    """One event as a segment holds it; what is no event any more has nothing but its place."""

    place: int
    moment: int | None = None
    verb: str | None = None
    outcome: str | None = None
    actor: str | None = None
    target_kind: str | None = None
    target: str | None = None
    text: str = ""


def make_due(folder: Path) -> Made | None:
    """Make the segment of the store in `folder` that is due first; None where none is.

    First what still holds erased values, then what is missing, then what is new. Raise
    StoreUnreadable, OSError or duckdb.Error.
    """
    with reading(folder) as connection:
        due = _due(connection, folder)
        return None if due is None else _make(connection, folder, *due)


def _due(connection: sqlite3.Connection, folder: Path) -> tuple[int, int] | None:
    """Return first position and number of events of the segment to make."""
    made = [each for each in read_segments(connection) if each.path(folder).exists()]
    erasures = read_erasures(connection).all
    for segment in made:
        undone = newer(erasures, segment)
        if undone and _holds(segment, folder, undone):
            return segment.first, segment.events
    size = _size(connection)
    whole = ((first, events) for events in SIZES for first in range(0, size - events + 1, events))
    return next((each for each in whole if not any(one.covers(*each) for one in made)), None)


def _size(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT max(size) FROM frontier").fetchone()[0])


def _holds(segment: Segment, folder: Path, erasures: Sequence[Erasure]) -> bool:
    """Tell whether a segment holds values that one of these erasures took."""
    path = segment.path(folder)
    with open_duckdb(path.parent, threads=1) as parquet:
        found = parquet.execute(
            "SELECT 1 FROM read_parquet($path) WHERE moment < $before"
            " OR list_contains($subjects, actor) OR list_contains($subjects, target) LIMIT 1",
            {
                "path": str(path),
                "before": max(erasure.before for erasure in erasures),
                "subjects": [erasure.subject for erasure in erasures if erasure.subject],
            },
        ).fetchone()
    return found is not None


def _make(connection: sqlite3.Connection, folder: Path, first: int, events: int) -> Made:
    place = folder / FOLDER
    place.mkdir(mode=0o750, exist_ok=True)
    unfinished = place / UNFINISHED
    unfinished.unlink(missing_ok=True)
    with duckdb.connect(":memory:", config={"threads": 1}) as parquet:
        parquet.execute(_MAKE)
        for rows in _batches(connection, first, events):
            parquet.execute(_ADD, {"rows": msgspec.json.encode(rows).decode()})
        path = str(unfinished).replace("'", "''")
        parquet.execute(_WRITE.format(path=path, options=_OPTIONS))
    with unfinished.open("rb") as file:
        os.fchmod(file.fileno(), 0o640)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    sync_folder(place)
    return Made(first, events, digest, unfinished.stat().st_size, _size(connection))


def _batches(connection: sqlite3.Connection, first: int, events: int) -> Iterator[list[Row]]:
    rows = connection.execute(
        "SELECT position, content FROM events WHERE position >= ? AND position < ?"
        " ORDER BY position",
        (first, first + events),
    )
    while found := rows.fetchmany(AT_ONCE):
        values: dict[int, list[str]] = {}
        for position, value in connection.execute(
            "SELECT position, value FROM parts WHERE position BETWEEN ? AND ?"
            " ORDER BY position, name",
            (found[0][0], found[-1][0]),
        ):
            values.setdefault(position, []).append(value)
        yield [_row(position, raw, values.get(position, ())) for position, raw in found]


def _row(position: int, raw: str, values: Sequence[str]) -> Row:
    content = decode_content(raw)
    if content is None:
        return Row(position)
    return Row(
        position,
        content.at,
        content.verb,
        content.outcome.value,
        content.actor,
        content.target_kind,
        content.target,
        search_text(content, values),
    )


def main(arguments: Sequence[str]) -> None:
    """Do what is due, while everybody else goes first."""
    die_with_parent()
    give_way()
    (folder,) = arguments
    sys.stdout.write(msgspec.json.encode(make_due(Path(folder))).decode())


if __name__ == "__main__":
    main(sys.argv[1:])
