"""Checking events a chunk at a time: pure decisions over rows.

A chunk is a perfect subtree's worth of positions, so that its root is all that the tree above
needs; chunks can be checked apart, in any order, in several processes. The common case (nothing
is wrong, nothing erased) compares whole lists; only a difference is looked at one by one.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from operator import attrgetter, itemgetter
from typing import Any, Final

import msgspec

from app.audit.erasure import Erasures
from app.audit.merkle import frontier_at, leaf_hash, levels_of
from app.audit.sealed import decode_content
from app.audit.store import seals
from app.audit.verdict import Finding, Wrong

HEIGHT: Final = 9
CHUNK: Final = 1 << HEIGHT
"""512 events: their rows stay inside the processor's cache; the cost a chunk does not show."""

Row = tuple[int, bytes, int, bytes, bytes]
"""Position, content, seal; identifier and verb as they are kept beside the content."""
PartRow = tuple[int, bytes, bytes, bytes]
"""Position, name, salt, value."""
Commitment = tuple[int, str, str]
"""Position, name, SHA-256 in hexadecimal."""


class ChunkReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a chunk holds."""

    first: int
    count: int
    frontier: list[bytes]
    """Of all its events: one hash where it is full."""
    frontiers: dict[int, list[bytes]]
    """Of the events before each wanted size inside the chunk."""
    wrong: Finding | None
    """The first event that is not what was sealed; the tree cannot go on behind it."""
    wrong_value: Finding | None
    """The first values before that which are not those of their event."""
    gone: Finding | None
    """The first values before that which are missing, and no erasure says why."""
    erased: dict[int, int]
    """Position of an erasure's event → number of parts of this chunk that it took."""


class _Committed(msgspec.Struct, frozen=True):
    commitments: dict[str, str] = {}


class _Usual(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The commitments that `seal_draft` makes."""

    actor: str = ""
    target: str = ""


class _UsualContent(msgspec.Struct, frozen=True, gc=False):
    id: str
    verb: str
    commitments: _Usual = _Usual()


class _Kept(msgspec.Struct, frozen=True):
    id: str
    verb: str


_committed = msgspec.json.Decoder(_Committed).decode
_usual_content = msgspec.json.Decoder(_UsualContent).decode
_kept = msgspec.json.Decoder(_Kept).decode
_sha256 = hashlib.sha256
_position = itemgetter(0)
_place = attrgetter("position")
_IDENTIFIER: Final = re.compile(rb'"id":"([0-9A-Za-z._-]{1,64})"')


def check_chunk(
    first: int,
    count: int,
    *,
    rows: Sequence[Row],
    parts: Sequence[PartRow],
    no_text: int | None,
    wanted: Iterable[int],
    erasures: Erasures,
) -> ChunkReport:
    """Check the events that should stand from `first` to before `first + count`.

    `rows` and `parts` are sorted by position (and name); `no_text` is the position of the first
    event whose content is kept as something else than text; `wanted` are tree sizes inside the
    chunk.
    """
    contents = [row[1] for row in rows]
    leaves = [leaf_hash(content) for content in contents]
    levels = levels_of(leaves)
    wrong = _first_wrong_row(first, count, rows, leaves)
    if wrong is not None:
        position = wrong.position
        rows = [row for row in rows if row[0] < position]
        parts = [part for part in parts if part[0] < position]
    erased: dict[int, int] = {}
    wrong_value: Finding | None = None
    gone: Finding | None = None
    if no_text is not None or not _all_usual(rows, parts):
        wrong_value, gone = _check_parts(rows, parts, erasures, erased)
        misread = _first_misread(rows, no_text)
        if misread is not None:
            wrong_value = min(misread, wrong_value or misread, key=_place)
    if wrong_value is not None and wrong_value.wrong is Wrong.CHANGED:
        wrong, wrong_value = wrong_value, None
    return ChunkReport(
        first=first,
        count=count,
        frontier=frontier_at(levels, min(count, len(leaves))),
        frontiers={
            size: frontier_at(levels, size - first)
            for size in wanted
            if size - first <= len(leaves)
        },
        wrong=wrong,
        wrong_value=wrong_value,
        gone=gone,
        erased=erased,
    )


def _first_wrong_row(
    first: int, count: int, rows: Sequence[Row], leaves: Sequence[bytes]
) -> Finding | None:
    expected = seals(leaves, first)
    if (
        len(rows) == count
        and [row[2] for row in rows] == expected
        and [row[0] for row in rows] == list(range(first, first + count))
    ):
        return None
    for place, (position, content, seal, *_) in enumerate(rows):
        due = first + place
        if position != due:
            return Finding(wrong=Wrong.REMOVED, position=due)
        if seal != expected[place]:
            return _changed_or_moved(due, content, seal, leaves[place])
    return Finding(wrong=Wrong.REMOVED, position=first + len(rows))


def _changed_or_moved(position: int, content: bytes, seal: Any, leaf: bytes) -> Finding:  # noqa: ANN401 - what a tampered column holds
    event = identifier_in(content)
    # what the seal of this content would say at position 0, so that the rest is a position
    other = seals([leaf], 0)[0] ^ seal if isinstance(seal, int) else position
    if 0 <= other < 1 << 48 and other != position:
        return Finding(
            wrong=Wrong.MOVED, position=position, event=event, parameters={"other": other}
        )
    return Finding(wrong=Wrong.CHANGED, position=position, event=event)


def _check_parts(
    rows: Sequence[Row], parts: Sequence[PartRow], erasures: Erasures, erased: dict[int, int]
) -> tuple[Finding | None, Finding | None]:
    """Compare parts with the commitments; count in `erased` what is gone for a stated reason.

    Return the first wrong values, and the first that are gone without a reason.
    """
    try:
        due = [
            (position, name, digest)
            for position, content, *_ in rows
            for name, digest in _committed(content).commitments.items()
        ]
    except msgspec.MsgspecError:
        return _first_unreadable(rows), None
    have = [
        (
            position,
            name.decode(errors="replace"),
            _sha256(salt + value).hexdigest(),
        )
        for position, name, salt, value in parts
    ]
    contents = {position: content for position, content, *_ in rows}
    wrong = _wrong_parts(due, have, contents, erasures, erased)
    gone = [each for each in wrong if each.wrong is Wrong.VALUE_REMOVED]
    others = [each for each in wrong if each.wrong is not Wrong.VALUE_REMOVED]
    return min(others, key=_place, default=None), min(gone, key=_place, default=None)


def _all_usual(rows: Sequence[Row], parts: Sequence[PartRow]) -> bool:
    """Tell whether all that stands beside the content is as it says: the quick look at a chunk."""
    due: list[int | bytes | str] = []
    add = due.extend  # flat: a tuple a value would cost more than its hash
    try:
        for position, content, _, identifier, verb in rows:
            said = _usual_content(content)
            if said.id.encode() != identifier or said.verb.encode() != verb:
                return False
            usual = said.commitments
            if usual.actor:
                add((position, b"actor", usual.actor))
            if usual.target:
                add((position, b"target", usual.target))
    except msgspec.MsgspecError:
        return False
    have: list[int | bytes | str] = []
    add = have.extend
    for position, name, salt, value in parts:
        add((position, name, _sha256(salt + value).hexdigest()))
    return due == have


def _wrong_parts(
    due: Sequence[Commitment],
    have: Sequence[Commitment],
    contents: dict[int, bytes],
    erasures: Erasures,
    erased: dict[int, int],
) -> list[Finding]:
    found = {(position, name): digest for position, name, digest in have}
    wrong: list[tuple[int, Wrong, str]] = []
    for position, name, digest in due:
        stored = found.pop((position, name), None)
        if stored is None:
            content = decode_content(contents[position])
            if content is None:  # it was sealed anew as something that is no event
                wrong.append((position, Wrong.CHANGED, name))
                continue
            erasure = erasures.of_part(position, content, name)
            if erasure is None:
                wrong.append((position, Wrong.VALUE_REMOVED, name))
            else:
                erased[erasure.position] = erased.get(erasure.position, 0) + 1
        elif stored != digest:
            wrong.append((position, Wrong.VALUE_CHANGED, name))
    wrong.extend((position, Wrong.VALUE_INSERTED, name) for position, name in found)
    return [
        Finding(
            wrong=kind,
            position=position,
            event=identifier_in(contents.get(position, b"")),
            parameters={"name": name},
        )
        for position, kind, name in wrong
    ]


def _first_misread(rows: Sequence[Row], no_text: int | None) -> Finding | None:
    """Return the first event that the sealer would find otherwise than it stands in its content."""
    for position, content, _, identifier, verb in rows:
        event = identifier_in(content)
        if position == no_text:
            return Finding(wrong=Wrong.CHANGED, position=position, event=event)
        try:
            said = _kept(content)
        except msgspec.MsgspecError:
            return Finding(wrong=Wrong.CHANGED, position=position, event=event)
        if (said.id.encode(), said.verb.encode()) != (identifier, verb):
            return Finding(wrong=Wrong.COLUMNS, position=position, event=event)
    return None


def _first_unreadable(rows: Sequence[Row]) -> Finding:
    """Return the first event that is sealed but is no event: its seal was computed anew."""
    position = next(position for position, content, *_ in rows if decode_content(content) is None)
    return Finding(wrong=Wrong.CHANGED, position=position)


def identifier_in(raw: bytes) -> str:
    """Return an event's identifier as it stands in content that may be no event any more.

    One changed byte elsewhere must not hide which event it was; nothing where it is not found.
    """
    found = _IDENTIFIER.search(raw)
    return found[1].decode() if found else ""
