"""Reading sealed rows back into what they were: events and their values."""

import sqlite3
from collections.abc import Iterator
from typing import Final

import msgspec

from app.audit.event import Content, Part
from app.audit.store import TOLD

CONTENT: Final = msgspec.json.Decoder(Content)
PART_LIST: Final = msgspec.json.Decoder(tuple[Part, ...])
_BY_INDEX: Final = " ".join(
    ("SELECT position, content FROM events WHERE verb = ? AND", TOLD, "ORDER BY position")
)
_THOROUGHLY: Final = (
    "SELECT position, content FROM events"
    " WHERE instr(content, '\"verb\":\"' || ? || '\"') ORDER BY position"
)
PARTS: Final = "SELECT name, salt, value FROM parts WHERE position = ? ORDER BY name"


def contents_of(
    connection: sqlite3.Connection, verb: str, *, thorough: bool = False
) -> Iterator[tuple[int, Content]]:
    """Give position and content of the sealed events with this verb (`audit.…`), in order.

    They are found by the index, or `thorough`, where somebody may have altered it, by reading
    every event. What is not readable is passed over: verification names it.
    """
    found = connection.execute(_THOROUGHLY if thorough else _BY_INDEX, (verb,))
    for position, raw in found.fetchall():
        content = decode_content(raw)
        if content is not None and content.verb == verb:
            yield position, content


def decode_content(raw: str | bytes | bytearray) -> Content | None:
    """Return the content of a row, or None where somebody made it unreadable."""
    try:
        return CONTENT.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def decode_parts(raw: str) -> tuple[Part, ...]:
    """Return the parts of an outbox row; none where they are unreadable."""
    try:
        return PART_LIST.decode(raw)
    except msgspec.MsgspecError:
        return ()


def subject_of(content: Content, name: str) -> str:
    """Return whom or what a part tells about; it stands in the content, so it cannot be forged."""
    return {"actor": content.actor, "target": content.target}.get(name, "")


def parts_of(connection: sqlite3.Connection, position: int, content: Content) -> tuple[Part, ...]:
    """Return the values of a sealed event that are not erased."""
    return tuple(
        Part(name=name, subject=subject_of(content, name), salt=salt.hex(), values=value)
        for name, salt, value in connection.execute(PARTS, (position,))
    )
