"""Finding events in segments: places only, which the store then shows.

What a segment says is never shown: it finds, the store tells. So values that were erased since
appear nowhere, though the segment is made anew only some seconds later.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from app.audit.filters import EventFilter
from app.audit.parquet import open_anew, parquet_errors, searching
from app.audit.segments import FOLDER, Segment
from app.audit.text import as_stored

if TYPE_CHECKING:
    import duckdb

log = logging.getLogger("tenshu.audit")

GROWTH: Final = 4
"""Groups of 1, 4, 16 … segments, the newest first: what is found soon costs little, and a search
through everything few queries."""


_FIND: Final = "SELECT place"
_SPAN: Final = "SELECT min(place), max(place) + 1"
_FROM: Final = "FROM read_parquet($files) WHERE"
_NEWEST: Final = "AND place < $before ORDER BY place DESC LIMIT $limit"


class Stretch(msgspec.Struct, frozen=True):
    """Positions from `first` to before `end`, and the segments that hold them; none: the store."""

    first: int
    end: int
    segments: tuple[Segment, ...] = ()


def stretches(segments: Iterable[Segment], before: int) -> Iterator[Stretch]:
    """Part all positions below `before` into stretches to be searched in turn, newest first.

    `segments` are those whose files are there, the newest events first.
    """
    group: list[Segment] = []
    room, upper = 1, before

    def grouped() -> Iterator[Stretch]:
        nonlocal room
        if group:
            yield Stretch(group[-1].first, min(group[0].end, before), tuple(group))
            group.clear()
            room *= GROWTH

    for segment in segments:
        if segment.first >= before:
            continue
        if segment.end < upper:
            yield from grouped()
            yield Stretch(segment.end, upper)
        elif len(group) == room:
            yield from grouped()
        group.append(segment)
        upper = segment.first
    yield from grouped()
    if upper > 0:
        yield Stretch(0, upper)


class Finder:
    """One search through the segments of one store; asks for DuckDB when it is needed."""

    def __init__(self, folder: Path, wanted: EventFilter) -> None:
        self._folder = folder
        self._fits, self._values = condition(wanted)
        self._connection: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()

    def find(self, segments: Sequence[Segment], before: int, limit: int) -> list[int] | None:
        """Return the newest places below `before` in `segments`.

        None where one cannot be read: who looks into the store itself then is slower, and misses
        nothing.
        """
        found = self._ask(_FIND, segments, (_NEWEST, {"before": before, "limit": limit}))
        return None if found is None else [place for (place,) in found]

    def span(self, segments: Sequence[Segment]) -> tuple[int, int] | None:
        """Return the first place in `segments` and the one behind the last, both 0 for none.

        None where one cannot be read.
        """
        found = self._ask(_SPAN, segments)
        return None if found is None else (found[0][0] or 0, found[0][1] or 0)

    def _ask(
        self,
        what: str,
        segments: Sequence[Segment],
        narrowed: tuple[str, dict[str, int]] = ("", {}),
    ) -> list[Any] | None:
        files = [str(segment.path(self._folder)) for segment in segments]
        condition, values = narrowed
        try:
            self._connection = self._connection or searching(self._folder / FOLDER)
            return self._connection.execute(
                " ".join((what, _FROM, self._fits, condition)),
                {**self._values, **values, "files": files},
            ).fetchall()
        except parquet_errors() as error:
            open_anew()
            log.warning("segments from %d on cannot be read: %s", segments[-1].first, error)
            return None


_CONDITIONS: Final = {
    "actor": "actor = $actor",
    "target_kind": "target_kind = $target_kind",
    "target": "target = $target",
    "outcome": "outcome = $outcome",
    "verb": "verb = $verb",
    "verbs": "starts_with(verb, $verbs)",
    "among": "list_contains($among, verb)",
    "without": "NOT list_contains($without, verb)",
    "since": "moment >= $since",
    "until": "moment < $until",
    "text": "contains(text, $text)",
}


def condition(wanted: EventFilter) -> tuple[str, dict[str, Any]]:
    """Return an SQL condition of constants over a segment's columns, and its parameters."""
    verb, star, _ = wanted.verb.partition("*")
    asked: dict[str, Any] = {
        **{name: getattr(wanted, name) for name in ("actor", "target_kind", "target")},
        "outcome": wanted.outcome and wanted.outcome.value,
        "verbs" if star else "verb": verb,
        "among": list(wanted.among),
        "without": list(wanted.without),
        "text": as_stored(wanted.text),
    }
    values = {name: value for name, value in asked.items() if value}
    bounds = {"since": wanted.since, "until": wanted.until}
    values |= {name: value for name, value in bounds.items() if value is not None}
    return " AND ".join(["true", *(_CONDITIONS[name] for name in values)]), values
