"""How much happened when, by whom and what: counted, not listed.

Old events are counted by DuckDB in their segments, the rest in the store. Counts tell nothing of
values, so nothing that was erased is counted by them.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.audit.filters import EventFilter, where
from app.audit.parquet import open_anew, parquet_errors, searching
from app.audit.segment_search import condition, stretches
from app.audit.segments import FOLDER, Segment, read_segments
from app.audit.store import FILE_NAME, reading
from app.core import clock

log = logging.getLogger("tenshu.audit")

_ALIKE: Final = "actor, verb, outcome, count(*)"
_IN_SEGMENTS: Final = " ".join(
    (f"SELECT moment // {clock.HOUR},", _ALIKE, "FROM read_parquet($files) WHERE")
)
_IN_STORE: Final = " ".join(
    (f"SELECT at / {clock.HOUR},", _ALIKE, "FROM events WHERE at IS NOT NULL AND")
)
_BETWEEN: Final = "AND position >= :first AND position < :end"
_GROUPED: Final = "GROUP BY 1, 2, 3, 4"


class Bucket(NamedTuple):
    """Events of one hour that are alike."""

    hour: int
    """Hours since 1970 (UTC)."""
    actor: str
    verb: str
    outcome: str


def count_events(folder: Path, wanted: EventFilter) -> Counter[Bucket]:
    """Return how many sealed events of the store in `folder` fit, by hour, person, verb, outcome.

    Raise StoreUnreadable.
    """
    counted: Counter[Bucket] = Counter()
    if not (folder / FILE_NAME).exists():
        return counted
    with reading(folder) as connection:
        fits, values = where(wanted)
        (size,) = connection.execute("SELECT max(size) FROM frontier").fetchone()
        segments = [each for each in read_segments(connection) if each.path(folder).exists()]
        for stretch in stretches(segments, size):
            rows = _in_segments(folder, stretch.segments, wanted) if stretch.segments else None
            if rows is None:
                rows = connection.execute(
                    " ".join((_IN_STORE, fits, _BETWEEN, _GROUPED)),
                    {**values, "first": stretch.first, "end": stretch.end},
                ).fetchall()
            for hour, actor, verb, outcome, count in rows:
                counted[Bucket(hour, actor or "", verb or "", outcome or "")] += count
    return counted


def _in_segments(
    folder: Path, segments: tuple[Segment, ...], wanted: EventFilter
) -> list[Any] | None:
    """Return the counts of segments; None where one cannot be read, and the store must count."""
    fits, values = condition(wanted)
    files = [str(segment.path(folder)) for segment in segments]
    try:
        with searching(folder / FOLDER) as connection:
            return connection.execute(
                " ".join((_IN_SEGMENTS, "moment IS NOT NULL AND", fits, _GROUPED)),
                {**values, "files": files},
            ).fetchall()
    except parquet_errors() as error:
        open_anew()
        log.warning("segments from %d on cannot be counted: %s", segments[-1].first, error)
        return None


def by_hour(counted: Counter[Bucket]) -> Iterator[tuple[int, Counter[str]]]:
    """Give each hour in which something happened, with its events by outcome, oldest first."""
    hours: dict[int, Counter[str]] = {}
    for bucket, count in counted.items():
        hours.setdefault(bucket.hour, Counter())[bucket.outcome] += count
    yield from sorted(hours.items())
