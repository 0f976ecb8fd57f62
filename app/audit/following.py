"""Following the sealed history: what stands behind a position, in order, and how far it reaches.

For whoever takes the history elsewhere. Where they stand is theirs to remember; the history itself
is the buffer.
"""

from pathlib import Path
from typing import Final

import msgspec

from app.audit.event import Content
from app.audit.merkle import leaf_hash
from app.audit.rows import EventRow, row_of, unreadable_row
from app.audit.sealed import decode_content, parts_of
from app.audit.store import FILE_NAME, reading

_FROM: Final = "SELECT position, content FROM events WHERE position >= ? ORDER BY position LIMIT ?"
_HEAD: Final = "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1"


class Sealed(msgspec.Struct, frozen=True):
    """One sealed event, with what names it for ever."""

    position: int
    hash: str
    """Leaf of the Merkle tree, hexadecimal: SHA-256 over a zero byte and the content (RFC 6962)."""
    row: EventRow
    content: Content | None
    """None where somebody altered it so that it is no event any more."""


class Head(msgspec.Struct, frozen=True):
    """How far the history reaches, and the checkpoint that covers it."""

    size: int = 0
    note: str = ""
    """Signed; empty before the first event is sealed."""

    @property
    def history(self) -> str:
        """The history's own name; it tells one appliance from another."""
        return self.note.partition("\n")[0]


def head_of(folder: Path) -> Head:
    """Return the newest checkpoint. Raise StoreUnreadable."""
    if not (folder / FILE_NAME).exists():  # the sealer has not started yet
        return Head()
    with reading(folder) as connection:
        found = connection.execute(_HEAD).fetchone()
    return Head(*found) if found else Head()


def follow(folder: Path, position: int, limit: int) -> list[Sealed]:
    """Return the sealed events from `position` on, `limit` at most. Raise StoreUnreadable."""
    if not (folder / FILE_NAME).exists():
        return []
    followed = []
    with reading(folder) as connection:
        for place, raw in connection.execute(_FROM, (position, limit)).fetchall():
            content = decode_content(raw)
            row = (
                unreadable_row(place)
                if content is None
                else row_of(place, content, parts_of(connection, place, content))
            )
            followed.append(Sealed(place, leaf_hash(raw.encode()).hex(), row, content))
    return followed
