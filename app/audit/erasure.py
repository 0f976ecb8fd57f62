"""Erasing values: an event of its own, and the list that survives a restore.

An erasure names a *subject* (all values about one person or thing) or a time *before* which all
values go (a retention period), and its legal or contractual *basis*. It takes hold of what was
sealed before it; what is sealed later stays. The event stands in the tree for ever, so that
verification says “erased on … by … under …” instead of “tampered”.
"""

import json
import sqlite3
from collections.abc import Iterable
from typing import Final

import msgspec

from app.audit.errors import ErasureListMalformed
from app.audit.event import Content, Draft, Outcome
from app.audit.sealed import contents_of, subject_of

VERB: Final = "audit.erase"


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """One erasure as it was sealed."""

    position: int
    """Where its event stands; the values of events before it are gone."""
    event: str
    """Identifier of its event."""
    at: int
    """Milliseconds since 1970."""
    by: str = ""
    """Account that asked for it."""
    basis: str = ""
    """The law, contract or rule under which it was done."""
    subject: str = ""
    """Whose values; empty for a retention period."""
    before: int = 0
    """Values of all events older than this, in milliseconds since 1970; 0 for none."""
    repeats: str = ""
    """The erasure's event of which this is the repetition after a restore."""


def describe_erasure(draft: Draft, basis: str, *, subject: str = "", before: int = 0) -> None:
    """Make `draft` the event of an erasure; the sealer carries it out when it seals the event."""
    draft.verb = VERB
    draft.references["basis"] = basis
    if subject:
        draft.references["subject"] = subject
    if before:
        draft.numbers["before"] = before


def erasure_of(position: int, content: Content) -> Erasure | None:
    """Return the erasure that an event tells of; None where it tells of none."""
    subject, before = content.references.get("subject", ""), content.numbers.get("before", 0)
    if content.verb != VERB or content.outcome is not Outcome.DONE or not (subject or before):
        return None
    return Erasure(
        position=position,
        event=content.id,
        at=content.at,
        by=content.actor,
        basis=content.references.get("basis", ""),
        subject=subject,
        before=before,
        repeats=content.references.get("repeats", ""),
    )


def erase(connection: sqlite3.Connection, erasure: Erasure) -> int:
    """Delete the values and salts that an erasure names, inside the sealer's transaction.

    Return how many parts went.
    """
    statements = (
        """DELETE FROM parts WHERE name = 'actor' AND position IN
            (SELECT position FROM events WHERE actor = :subject AND position < :position)""",
        """DELETE FROM parts WHERE name = 'target' AND position IN
            (SELECT position FROM events WHERE target = :subject AND position < :position)""",
        """DELETE FROM parts WHERE position IN
            (SELECT position FROM events WHERE at < :before AND position < :position)""",
    )
    return sum(
        connection.execute(sql, msgspec.structs.asdict(erasure)).rowcount for sql in statements
    )


class Erasures:
    """All erasures of a history, to be asked why a part is gone."""

    def __init__(self, erasures: Iterable[Erasure]) -> None:
        self.all = sorted(erasures, key=lambda erasure: erasure.position)
        self._by_subject: dict[str, list[Erasure]] = {}
        for erasure in self.all:
            self._by_subject.setdefault(erasure.subject, []).append(erasure)

    def of_part(self, position: int, content: Content, name: str) -> Erasure | None:
        """Return the first erasure that explains why this part of an event is missing."""
        named = self._by_subject.get(subject_of(content, name) or "\0", [])
        periods = [erasure for erasure in self.all if erasure.before > content.at]
        return min(
            (erasure for erasure in (*named, *periods) if erasure.position > position),
            key=lambda erasure: erasure.position,
            default=None,
        )


def read_erasures(connection: sqlite3.Connection, *, thorough: bool = False) -> Erasures:
    """Return the erasures in a sealed store; `thorough` as in `contents_of`."""
    found = contents_of(connection, VERB, thorough=thorough)
    erasures = (erasure_of(position, content) for position, content in found)
    return Erasures(erasure for erasure in erasures if erasure is not None)


def export_erasures(erasures: Iterable[Erasure]) -> str:
    """Return the list of erasures as JSON, to be kept outside the backups that it outlives."""
    return json.dumps([msgspec.to_builtins(erasure) for erasure in erasures], indent=1)


def import_erasures(text: str) -> list[Erasure]:
    """Return the erasures of an exported list. Raise ErasureListMalformed where it is none."""
    try:
        return msgspec.json.decode(text, type=list[Erasure])
    except msgspec.MsgspecError as error:
        raise ErasureListMalformed(reason=str(error)) from error


def missing_erasures(kept: Iterable[Erasure], erasures: Erasures) -> list[Erasure]:
    """Return those of a kept list that a restored history does not hold, oldest first."""
    held = {name for erasure in erasures.all for name in (erasure.event, erasure.repeats)}
    return sorted(
        (erasure for erasure in kept if erasure.event not in held), key=lambda erasure: erasure.at
    )
