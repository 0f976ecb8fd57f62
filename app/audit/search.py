"""Reading the history: pages of events, one event whole, everything for an export.

Sealed events come from the store, younger ones from the outbox; an event that is moving between
the two is seen once. Old ones are found by their segments. Newest first: the order of sealing, not
of clocks.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import func, select
from sqlmodel import col

from app.audit.erasure import Erasures, read_erasures
from app.audit.errors import EventUnknown, InvalidCursor
from app.audit.filters import EventFilter, matches, where
from app.audit.models import OutboxEvent
from app.audit.rows import EventDetail, EventRow, detail_of, row_of, unreadable_row
from app.audit.sealed import decode_content, decode_parts, parts_of
from app.audit.segment_search import Finder, Stretch, stretches
from app.audit.segments import read_segments
from app.audit.store import FILE_NAME, reading
from app.core import clock
from app.core.database import Database

PAGE: Final = 50
MAX_UNSEALED: Final = 1_000
"""Unsealed events that a page looks at; more are waiting only where no sealer runs."""

EXPORT_PAGE: Final = 1_000
LAST: Final = 2**63 - 1

_SEALED: Final = "SELECT position, content FROM events WHERE"
_BETWEEN: Final = "AND position >= :first AND position < :end ORDER BY position DESC LIMIT :limit"
_HEXADECIMAL: Final = re.compile("[0-9a-f]{12}")


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the history."""

    rows: tuple[EventRow, ...]
    """Events, the newest first."""
    next: str = ""
    """Cursor of the next page; empty on the last."""
    unsealed: int = 0
    """Events that wait to be sealed."""
    oldest_unsealed: int = 0
    """Age of the oldest of them in milliseconds."""


class Lag(msgspec.Struct, frozen=True):
    """How far the sealer is behind."""

    unsealed: int
    """Events that wait to be sealed."""
    oldest: int
    """Age of the oldest waiting event in milliseconds; 0 where none waits."""


def search(
    database: Database,
    folder: Path,
    wanted: EventFilter | None = None,
    *,
    after: str = "",
    limit: int = PAGE,
) -> EventPage:
    """Return a page of events, newest first.

    `after` is the `next` of the page before. Raise InvalidCursor or StoreUnreadable.
    """
    wanted = wanted or EventFilter()
    before_identifier, before_position = _read_cursor(after)
    behind = lag(database)
    rows: list[EventRow] = []
    if before_position is None:
        # The outbox first: an event that moves meanwhile is then seen twice, never missed.
        rows = _unsealed(database, wanted, before_identifier)[: limit + 1]
    waiting = {row.id for row in rows}
    with _reading_if_begun(folder) as connection:
        if connection is not None and len(rows) <= limit:
            below = LAST if before_position is None else before_position
            sealed = _sealed(connection, folder, wanted, below, limit + 1)
            fresh = [row for row in sealed if row.id not in waiting]
            rows = [*rows, *fresh][: limit + 1]
    shown = rows[:limit]
    return EventPage(
        rows=tuple(shown),
        next=_cursor(shown[-1]) if len(rows) > limit else "",
        unsealed=behind.unsealed,
        oldest_unsealed=behind.oldest,
    )


class SealedPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what is sealed."""

    rows: tuple[EventRow, ...]
    """Events, the newest first."""
    next: str = ""
    """Cursor of the next page; empty on the last."""


def search_sealed(
    folder: Path, wanted: EventFilter, *, after: str = "", limit: int = PAGE
) -> SealedPage:
    """Return a page of sealed events, newest first; nothing that still waits to be sealed.

    Raise InvalidCursor or StoreUnreadable.
    """
    _, before = _read_cursor(after)
    with _reading_if_begun(folder) as connection:
        if connection is None:
            return SealedPage(rows=())
        below = LAST if before is None else before
        rows = _sealed(connection, folder, wanted, below, limit + 1)
    return SealedPage(
        rows=tuple(rows[:limit]), next=_cursor(rows[limit - 1]) if len(rows) > limit else ""
    )


def detail(database: Database, folder: Path, event: str) -> EventDetail:
    """Return one event with its values. Raise EventUnknown or StoreUnreadable."""
    with database.read() as session:
        waiting = session.get(OutboxEvent, event)
        if waiting is not None:
            content = decode_content(waiting.content)
            if content is not None:
                return detail_of(None, content, decode_parts(waiting.parts), {})
    with _reading_if_begun(folder) as connection:
        if connection is None:
            raise EventUnknown(event=event)
        return _sealed_detail(connection, event)


def export(
    database: Database, folder: Path, wanted: EventFilter | None = None
) -> Iterator[dict[str, Any]]:
    """Give every event that fits, newest first, as flat dictionaries for CSV or JSON Lines."""
    after, more = "", True
    waiting: set[str] = set()
    while more:
        page = search(database, folder, wanted, after=after, limit=EXPORT_PAGE)
        for row in page.rows:
            # what waited on an earlier page may have been sealed meanwhile
            if row.id not in waiting:
                yield msgspec.to_builtins(row)
        waiting.update(row.id for row in page.rows if row.position is None)
        after, more = page.next, bool(page.next)


def lag(database: Database) -> Lag:
    """Return how far the sealer is behind: the stated window of the history."""
    with database.read() as session:
        count, oldest = (
            session.connection().execute(select(func.count(), func.min(OutboxEvent.id))).one()
        )
    # an identifier begins with its time (app.core.identifiers)
    began = _HEXADECIMAL.match(oldest or "")
    return Lag(count, max(clock.now() - int(began[0], 16), 0) if began else 0)


def _sealed_detail(connection: sqlite3.Connection, event: str) -> EventDetail:
    position, raw = connection.execute(
        "SELECT position, content FROM events WHERE id = ?", (event,)
    ).fetchone() or (0, "")
    content = decode_content(raw)
    if content is None:
        raise EventUnknown(event=event)
    parts = parts_of(connection, position, content)
    gone = content.commitments.keys() - {part.name for part in parts}
    erasures = read_erasures(connection) if gone else Erasures(())
    reasons = {name: erasures.of_part(position, content, name) for name in gone}
    erased = {name: erasure for name, erasure in reasons.items() if erasure is not None}
    return detail_of(position, content, parts, erased)


def _unsealed(database: Database, wanted: EventFilter, before: str) -> list[EventRow]:
    columns = select(col(OutboxEvent.content), col(OutboxEvent.parts))
    newest = columns.order_by(col(OutboxEvent.id).desc()).limit(MAX_UNSEALED)
    if before:
        newest = newest.where(col(OutboxEvent.id) < before)
    with database.read() as session:
        found = session.connection().execute(newest).all()
    rows = []
    for row in found:
        content, parts = decode_content(row.content), decode_parts(row.parts)
        # what is malformed shows when the sealer has sealed it as such
        if content is not None and matches(wanted, content, parts):
            rows.append(row_of(None, content, parts))
    return rows


def _sealed(
    connection: sqlite3.Connection, folder: Path, wanted: EventFilter, before: int, limit: int
) -> list[EventRow]:
    """Return the newest sealed events below `before`, old ones by way of their segments."""
    in_store = partial(_in_store, connection, *where(wanted))
    if wanted == EventFilter():
        return in_store(0, before, limit)
    segments = [each for each in read_segments(connection) if each.path(folder).exists()]
    rows: list[EventRow] = []
    with Finder(folder, wanted) as finder:
        for stretch in stretches(segments, before):
            if len(rows) == limit:
                break
            if stretch.segments:
                rows += _in_segments(finder, in_store, stretch, limit - len(rows))
            else:
                rows += in_store(stretch.first, stretch.end, limit - len(rows))
    return rows


InStore = Callable[[int, int, int], list[EventRow]]
"""Of positions from the first to before the second, at most so many rows of the store."""


def _in_segments(finder: Finder, in_store: InStore, stretch: Stretch, limit: int) -> list[EventRow]:
    rows: list[EventRow] = []
    before = stretch.end
    while len(rows) < limit:
        places = finder.find(stretch.segments, before, limit)
        if places is None:
            return [*rows, *in_store(stretch.first, before, limit - len(rows))]
        # what was erased since the segment was made fits no more
        rows += [row for place in places for row in in_store(place, place + 1, 1)]
        if len(places) < limit:
            break
        before = places[-1]
    return rows[:limit]


def _in_store(
    connection: sqlite3.Connection,
    condition: str,
    values: dict[str, str | int],
    first: int,
    end: int,
    limit: int,
) -> list[EventRow]:
    found = connection.execute(
        " ".join((_SEALED, condition, _BETWEEN)),
        {**values, "first": first, "end": end, "limit": limit},
    ).fetchall()
    rows = []
    for position, raw in found:
        content = decode_content(raw)
        if content is None:
            rows.append(unreadable_row(position))
        else:
            rows.append(row_of(position, content, parts_of(connection, position, content)))
    return rows


@contextmanager
def _reading_if_begun(folder: Path) -> Iterator[sqlite3.Connection | None]:
    """Open the store for reading; give None before the sealer's first start."""
    if not (folder / FILE_NAME).exists():
        yield None
        return
    with reading(folder) as connection:
        yield connection


def _cursor(row: EventRow) -> str:
    return f"u{row.id}" if row.position is None else f"s{row.position}"


def _read_cursor(cursor: str) -> tuple[str, int | None]:
    """Return before which waiting event, or before which position, the page begins."""
    kind, place = cursor[:1], cursor[1:]
    if kind == "s" and place.isascii() and place.isdigit() and len(place) < 19:
        return "", int(place)
    if cursor and (kind != "u" or not place):
        raise InvalidCursor(cursor=cursor[:40])
    return place, None
