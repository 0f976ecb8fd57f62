"""What comes out of the outbox, examined before it is sealed for ever.

Everything that writes to the database can write to the outbox. What is no event, or not the event
that its values were committed to, must neither stop the sealer nor be lost: it is sealed as an
event of its own, `audit.malformed`, that holds what was found.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from app.audit.event import Content, Draft, Event, Outcome, canonical, seal_draft
from app.audit.models import OutboxEvent
from app.audit.sealed import CONTENT, PART_LIST
from app.audit.store import COLUMNS
from app.core import clock

MALFORMED: Final = "audit.malformed"
KEPT: Final = 10_000
"""Characters of a malformed row that its event keeps."""
LARGEST: Final = 2**63 - 1
"""SQLite's integers; one that does not fit would stop the sealer for ever."""


def examine(row: OutboxEvent, machine: str) -> Event:
    """Return the event of an outbox row, or the event that says what is wrong with the row."""
    try:
        content, parts = CONTENT.decode(row.content), PART_LIST.decode(row.parts)
        event = Event(id=content.id, content=row.content, parts=parts)
        # the search reads the same bytes with another parser: only one form is let in
        fits = canonical(content) == row.content and content.id == row.id
        fits = fits and content.commitments == {part.name: part.commitment() for part in parts}
        fits = fits and _fits_store(content)
    except (msgspec.MsgspecError, ValueError):
        fits = False
    return event if fits else malformed(row, machine)


def _fits_store(content: Content) -> bool:
    """Tell whether the store holds all of it: numbers of 64 bits, texts that no NUL cuts short."""
    numbers = (content.at, *content.numbers.values())
    texts = (getattr(content, name) for name in COLUMNS if name != "at")
    return all(abs(number) <= LARGEST for number in numbers) and not any(
        "\0" in text for text in texts
    )


def malformed(row: OutboxEvent, machine: str) -> Event:
    """Return the event that keeps a malformed row; the same row always gives the same one."""
    digest = hashlib.sha256(msgspec.json.encode((row.id, row.content, row.parts))).hexdigest()
    draft = Draft(
        verb=MALFORMED,
        at=clock.now(),
        outcome=Outcome.FAILED,
        actor="system",
        machine=machine,
        references={"sha256": digest},
        after={"id": row.id[:KEPT], "content": row.content[:KEPT], "parts": row.parts[:KEPT]},
    )
    return seal_draft(draft, identifier=digest[:28])


def unsealed(
    rows: list[OutboxEvent], sealed: Mapping[str, str], machine: str
) -> tuple[list[Event], list[Event]]:
    """Part rows into events to seal, and conflicts: rows that carry a sealed event's identifier.

    `sealed` is what the store holds under the rows' identifiers.
    """
    fresh = [examine(row, machine) for row in rows if row.id not in sealed]
    conflicts = [
        malformed(row, machine) for row in rows if sealed.get(row.id, row.content) != row.content
    ]
    return fresh, conflicts
