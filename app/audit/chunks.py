"""Reading the store a chunk at a time, each chunk checked as it is read.

The database itself compares the columns that the search goes by with the content that they were
computed from; everything else is decided in `app.audit.scan`.
"""

import sqlite3
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from app.audit.erasure import Erasures
from app.audit.scan import CHUNK, ChunkReport, check_chunk, identifier_in
from app.audit.store import COLUMNS
from app.audit.verdict import Finding, Wrong

_RANGE: Final = "FROM events WHERE position >= ? AND position < ?"
_SAME: Final = " AND ".join(f"{name} IS json_extract(content, '$.{name}')" for name in COLUMNS)
_QUICKLY_SAME: Final = (
    "typeof(content) = 'text' AND json_array({}) = json_extract(content, {})".format(
        ", ".join(COLUMNS), ", ".join(f"'$.{name}'" for name in COLUMNS)
    )
)
"""One call for all columns; differs too where a text is escaped in two ways."""
_READABLE: Final = "CASE typeof(content) WHEN 'text' THEN json_valid(content) ELSE 0 END"


def read_chunks(
    connection: sqlite3.Connection, first: int, end: int, sizes: Sequence[int], erasures: Erasures
) -> Iterator[ChunkReport]:
    """Check the events from `first` (a chunk's start) to before `end`, a chunk at a time.

    `sizes` are the tree sizes at which a frontier is wanted, in order.
    """
    connection.text_factory = bytes  # quicker, and cannot fail on wrong UTF-8
    for start in range(first, end, CHUNK):
        stop = min(start + CHUNK, end)
        misread = _first_misread(connection, start, stop)
        rows = connection.execute(
            f"SELECT position, content, seal {_RANGE} ORDER BY position",
            (start, stop),
        ).fetchall()
        parts = connection.execute(
            "SELECT position, name, salt, value FROM parts"
            " WHERE position >= ? AND position < ? ORDER BY position, name",
            (start, stop),
        ).fetchall()
        yield check_chunk(
            start,
            stop - start,
            rows=rows,
            parts=parts,
            misread=misread,
            wanted=sizes[bisect_right(sizes, start) : bisect_right(sizes, stop)],
            erasures=erasures,
        )


def _first_misread(connection: sqlite3.Connection, start: int, stop: int) -> Finding | None:
    """Return the first event that the search sees otherwise than it stands in its content."""
    try:
        quick = f"SELECT 1 {_RANGE} AND NOT ({_QUICKLY_SAME}) LIMIT 1"
        if connection.execute(quick, (start, stop)).fetchone() is None:
            return None
    except sqlite3.OperationalError:
        pass  # some content is no JSON; the slower look tells which
    found = connection.execute(
        f"SELECT position, content, {_READABLE} {_RANGE}"
        f" AND CASE WHEN {_READABLE} THEN NOT ({_SAME}) ELSE 1 END ORDER BY position LIMIT 1",
        (start, stop),
    )
    findings = (
        Finding(
            wrong=Wrong.COLUMNS if readable else Wrong.CHANGED,
            position=position,
            event=identifier_in(content),
        )
        for position, content, readable in found
    )
    return next(findings, None)
