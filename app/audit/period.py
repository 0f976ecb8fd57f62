"""Where in the history a period lies.

Old events are found by the statistics of their segments. Evidence rests on the answer, so only a
segment whose file is the very one that was sealed is asked; the rest is looked for in the store.
"""

import sqlite3
from pathlib import Path
from typing import Final

from app.audit.filters import EventFilter
from app.audit.segment_search import Finder, Stretch, stretches
from app.audit.segments import Segment, is_as_sealed, read_segments
from app.audit.stretch import size_of

_IN_STORE: Final = (
    "SELECT ifnull(min(position), 0), ifnull(max(position) + 1, 0) FROM events"
    " WHERE at >= ? AND at < ? AND position >= ? AND position < ?"
)


def positions_between(
    connection: sqlite3.Connection, folder: Path, since: int, until: int
) -> tuple[int, int]:
    """Return the shortest stretch (first, end) that holds every event of that time (ms).

    Events stand in the order of sealing: between two of that time there may be others.
    """
    segments = [each for each in read_segments(connection) if _is_there(each, folder)]
    spans = []
    with Finder(folder, EventFilter(since=since, until=until)) as finder:
        for stretch in stretches(segments, size_of(connection)):
            span = finder.span(stretch.segments) if stretch.segments else None
            spans.append(span or _in_store(connection, stretch, since, until))
    found = [(first, end) for first, end in spans if end]
    return min((first for first, _ in found), default=0), max((end for _, end in found), default=0)


def _is_there(segment: Segment, folder: Path) -> bool:
    return segment.path(folder).exists() and is_as_sealed(segment, folder)


def _in_store(
    connection: sqlite3.Connection, stretch: Stretch, since: int, until: int
) -> tuple[int, int]:
    bounds = (since, until, stretch.first, stretch.end)
    first, end = connection.execute(_IN_STORE, bounds).fetchone()
    return first, end
