"""Segments: copies of old events in Parquet, made to be searched.

The store holds what is true; a segment holds what a search of years needs, in columns: who, what,
when, and the text to look through. Each is named by a sealed event `audit.segment` that carries its
hash, so that a segment that somebody altered, or replaced by an older one, is found. One that is
gone is made again from the store, and is not missed meanwhile: its events are looked for in the
store. Nothing else of the history rests on them, so no archive takes them along.
"""

import hashlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from app.audit.erasure import Erasure
from app.audit.event import Content, Draft
from app.audit.sealed import contents_of

VERB: Final = "audit.segment"
FOLDER: Final = "segments"
UNFINISHED: Final = "unfinished.parquet"
"""What a writer is at; it gets its name when it stands in the history."""
SIZES: Final = (1 << 16, 1 << 12)
"""Events of one segment. Small ones come soon, for what is in none yet is looked through row by
row; sixteen of them become one large one, for a search opens every file."""


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One segment, as its sealed event tells."""

    first: int
    """Position of its first event."""
    events: int
    sha256: str
    """Of the whole file, hexadecimal."""
    bytes: int
    head: int
    """Events that the store held when it was made: erasures before that are done in it too."""
    position: int
    """Of the event that tells of it."""

    @property
    def end(self) -> int:
        """Position behind its last event."""
        return self.first + self.events

    def path(self, folder: Path) -> Path:
        """Return where it lies beside the store in `folder`."""
        return folder / FOLDER / file_name(self.first, self.events, self.sha256)

    def covers(self, first: int, events: int) -> bool:
        """Tell whether a stretch lies in it."""
        return self.first <= first and first + events <= self.end


def file_name(first: int, events: int, sha256: str) -> str:
    """Return the name of a segment's file: another content is another file."""
    return f"{first:012d}-{events}-{sha256[:16]}.parquet"


class Made(msgspec.Struct, frozen=True):
    """What the process that makes a segment says of it."""

    first: int
    events: int
    sha256: str
    bytes: int
    head: int


def describe_segment(draft: Draft, made: Made) -> None:
    """Make `draft` the event that tells of a segment."""
    draft.verb = VERB
    draft.references["sha256"] = made.sha256
    draft.numbers.update(first=made.first, events=made.events, bytes=made.bytes, head=made.head)


def read_segments(connection: sqlite3.Connection) -> list[Segment]:
    """Return the segments of a store, the newest events first.

    Of each the one made last, and of what stands in a small and a large one the large one.
    """
    newest: dict[tuple[int, int], Segment] = {}
    for position, content in contents_of(connection, VERB):
        segment = _segment_of(position, content)
        if segment is not None:
            newest[segment.first, segment.events] = segment
    large = {segment.first for segment in newest.values() if segment.events == SIZES[0]}
    return [
        newest[key]
        for key in sorted(newest, reverse=True)
        if key[1] == SIZES[0] or key[0] - key[0] % SIZES[0] not in large
    ]


def _segment_of(position: int, content: Content) -> Segment | None:
    numbers = content.numbers
    if not {"first", "events", "bytes", "head"} <= numbers.keys():
        return None
    if numbers["events"] not in SIZES or numbers["first"] % numbers["events"]:
        return None
    return Segment(
        first=numbers["first"],
        events=numbers["events"],
        sha256=content.references.get("sha256", ""),
        bytes=numbers["bytes"],
        head=min(numbers["head"], position),
        position=position,
    )


def newer(erasures: Iterable[Erasure], segment: Segment) -> list[Erasure]:
    """Return the erasures that were sealed after a segment was made."""
    return [erasure for erasure in erasures if erasure.position >= segment.head]


def is_as_sealed(segment: Segment, folder: Path) -> bool:
    """Tell whether a segment's file is the one that was sealed, or gone. Raise OSError."""
    try:
        with segment.path(folder).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == segment.sha256
    except FileNotFoundError:
        return True
