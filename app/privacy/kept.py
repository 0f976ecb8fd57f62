"""Searches for people, and the values in the history."""

import sqlite3
from typing import Final

from sqlalchemy import func
from sqlmodel import col, select

from app.audit import outbox
from app.audit.erasure import VERB, describe_erasure
from app.audit.event import Draft
from app.audit.store import FILE_NAME, reading
from app.core.messages import mark
from app.identity.keeping import Due, Kept, declare
from app.operations.context import Context
from app.privacy.models import Disclosure
from app.privacy.operations.disclosing import empty

AT_ONCE: Final = 20
BASIS: Final = "retention"


def _searches_due(context: Context, before: int, _since: int) -> Due:
    question = select(func.count(), func.min(Disclosure.created_at)).where(
        col(Disclosure.created_at) < before
    )
    count, oldest = context.session.exec(question).one()
    return Due(count=count, oldest=oldest or 0)


def _remove_searches(context: Context, before: int) -> int:
    session = context.session
    some = session.exec(
        select(Disclosure).where(col(Disclosure.created_at) < before).limit(AT_ONCE)
    ).all()
    for disclosure in some:
        empty(session, disclosure)
        session.delete(disclosure)
    return len(some)


def _values_due(context: Context, before: int, since: int) -> Due:
    folder = context.appliance.settings.sealed_store
    if not (folder / FILE_NAME).exists():
        return Due(count=0, oldest=0)
    with reading(folder) as connection:
        first, end = (_position(connection, moment) for moment in (since, before))
        oldest = _time_of(connection, first) if end > first else None
    return Due(count=end - first, oldest=oldest or 0)


def _position(connection: sqlite3.Connection, moment: int) -> int:
    """Return the position of the first event that is not older than `moment`.

    Found by halves: times rise with positions, but for the steps of a clock.
    """
    (high,) = connection.execute("SELECT coalesce(max(position) + 1, 0) FROM events").fetchone()
    low = 0
    while low < high:
        middle = (low + high) // 2
        if (_time_of(connection, middle) or 0) < moment:
            low = middle + 1
        else:
            high = middle
    return low


def _time_of(connection: sqlite3.Connection, position: int) -> int | None:
    found = connection.execute("SELECT at FROM events WHERE position = ?", (position,)).fetchone()
    return found[0] if found else None


def _erase_values(context: Context, before: int) -> int:
    """Write the event of the erasure; the sealer carries it out when it seals the event."""
    own = context.event
    draft = Draft(verb=VERB, at=context.now, actor=own.actor, plane=own.plane, machine=own.machine)
    describe_erasure(draft, BASIS, before=before)
    outbox.append(context.session, draft)
    return 0


declare(
    Kept(
        kind="disclosures",
        title=mark("Searches for people"),
        help=mark("With all that they found. Counted from the day on which they were asked for."),
        due=_searches_due,
        remove=_remove_searches,
    )
)
declare(
    Kept(
        kind="history",
        title=mark("Values in the history"),
        help=mark("Names, addresses, values before and after. The events stay, and stay proven."),
        due=_values_due,
        remove=_erase_values,
    )
)
