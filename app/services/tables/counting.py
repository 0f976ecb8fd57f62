"""How many records a list has: exactly where that takes no time or somebody asks for it.

Nobody waits for a number: a first page comes before it.
"""

import enum
from typing import Final, NamedTuple

from sqlmodel import Session

from app.core.bounded import at_most
from app.services.tables.query import Rows
from app.services.tables.selection import Selection

CAP: Final = 10_000
"""Beyond it a list says “10,000+” unless somebody asks: counting a million rows takes time."""
SMALL: Final = 5_000
"""Rows of a table up to which a list with conditions is counted unasked: a few milliseconds."""
LONGEST: Final = 15_000
"""Milliseconds after which a question that no index helps is broken off."""


class Count(enum.StrEnum):
    """Whether a list counts all its rows."""

    AUTO = "auto"
    """Exactly where something is searched; with conditions exactly in a small table, and not at all
    in a large one; a whole table up to 10,000."""
    EXACT = "exact"
    NONE = "none"


class Total(NamedTuple):
    """How many records a list has."""

    number: int | None
    at_least: bool = False


UNKNOWN: Final = Total(None)


def total_of(session: Session, rows: Rows, selection: Selection, wanted: Count) -> Total:
    """Count the chosen rows. Raise TookTooLong where somebody asks and it cannot be told."""
    if wanted is Count.NONE:
        return UNKNOWN
    if wanted is Count.EXACT:
        with at_most(session, LONGEST):
            return Total(rows.count(selection))
    if selection.has_conditions or not rows.is_whole:
        return Total(rows.count(selection)) if rows.highest() <= SMALL else UNKNOWN
    if selection.is_narrow:
        return Total(rows.count(selection))
    count = rows.count(selection, CAP)
    return Total(min(count, CAP), at_least=count > CAP)
