"""Reading the store a chunk at a time, each chunk checked as it is read."""

import sqlite3
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from app.audit.erasure import Erasures
from app.audit.scan import CHUNK, ChunkReport, check_chunk
from app.audit.store import KEPT

_RANGE: Final = "WHERE position >= ? AND position < ?"
_ROWS: Final = " ".join(
    ("SELECT position, content, seal,", ", ".join(KEPT), "FROM events", _RANGE, "ORDER BY position")
)
_NO_TEXT: Final = " ".join(
    ("SELECT position FROM events", _RANGE, "AND typeof(content) <> 'text' ORDER BY position")
)
_PARTS: Final = " ".join(
    ("SELECT position, name, salt, value FROM parts", _RANGE, "ORDER BY position, name")
)


def read_chunks(
    connection: sqlite3.Connection, first: int, end: int, sizes: Sequence[int], erasures: Erasures
) -> Iterator[ChunkReport]:
    """Check the events from `first` (a chunk's start) to before `end`, a chunk at a time.

    `sizes` are the tree sizes at which a frontier is wanted, in order.
    """
    connection.text_factory = bytes  # quicker, and cannot fail on wrong UTF-8
    for start in range(first, end, CHUNK):
        stop = min(start + CHUNK, end)
        rows = connection.execute(_ROWS, (start, stop)).fetchall()
        parts = connection.execute(_PARTS, (start, stop)).fetchall()
        no_text = connection.execute(_NO_TEXT, (start, stop))
        yield check_chunk(
            start,
            stop - start,
            rows=rows,
            parts=parts,
            no_text=next((position for (position,) in no_text), None),
            wanted=sizes[bisect_right(sizes, start) : bisect_right(sizes, stop)],
            erasures=erasures,
        )
