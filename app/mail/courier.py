"""The courier: takes the mails that are due to the relay, many over one connection.

A mail is claimed before it is sent, so that two couriers never send the same one; the claim of a
courier that was killed runs out. A mail whose sending was cut off at the very end is sent again,
under the same Message-ID. Relays that fail are left alone for a while, longer each time.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Table, and_, delete, select, update
from sqlmodel import Session, SQLModel

from app.audit.event import Source
from app.core import clock
from app.core.errors import TenshuError
from app.mail import relay as relays
from app.mail.errors import GivenUp, MailRefused, RelayRefused
from app.mail.message import compose
from app.mail.models import MailMessage, StoredRelay
from app.mail.operations.delivery import Attempt, Defer, Fail, Sent, defer, fail, sent
from app.mail.queue import KEPT, purpose_of
from app.mail.states import MailState
from app.mail.templates import Content
from app.mail.transport import WHOLE, Connection, connect
from app.operations.context import SYSTEM, Appliance, Context, Plane

AT_ONCE: Final = 20
"""Mails over one connection."""
LEASE: Final = int(2 * WHOLE) * clock.SECOND
SHORTEST_PAUSE: Final = 15 * clock.SECOND
LONGEST_PAUSE: Final = clock.HOUR
REMEMBERED: Final = 90 * clock.DAY
"""How long the page shows what was sent."""

mails: Final[Table] = SQLModel.metadata.tables[str(MailMessage.__tablename__)]


class Due(msgspec.Struct, frozen=True):
    """A mail that the courier has claimed."""

    id: str
    recipient: str
    language: str
    content: str
    created_at: int
    attempts: int


def pause_after(attempts: int) -> int:
    """Return how long a mail waits after its `attempts`-th failure, in milliseconds."""
    return int(min(SHORTEST_PAUSE * 2 ** min(attempts - 1, 30), LONGEST_PAUSE))


def deliver(
    appliance: Appliance, is_stopping: Callable[[], bool] = lambda: False, *, whole: float = WHOLE
) -> int:
    """Send what is due; return of how many mails the relay has said something.

    `whole` is how many seconds one connection may last.
    """
    handled = 0
    while not is_stopping() and (due := _claim_due(appliance)):
        done = _deliver_some(appliance, due, is_stopping, whole)
        handled += done
        if done < len(due):
            break
    return handled


def _claim_due(appliance: Appliance) -> list[Due]:
    now = clock.now()
    with appliance.database.read() as session:  # an idle courier takes no write lock
        connection = session.connection()
        if session.get(StoredRelay, relays.ONLY_ROW) is None:
            return []
        if connection.execute(select(mails.c.id).where(_is_due(now)).limit(1)).first() is None:
            return []
    return appliance.database.change(_claim)


def _is_due(now: int) -> ColumnElement[bool]:
    return and_(
        mails.c.state == MailState.WAITING, mails.c.not_before <= now, mails.c.lease_until < now
    )


def _claim(session: Session) -> list[Due]:
    now, connection = clock.now(), session.connection()
    oldest = (
        select(mails.c.id)
        .where(_is_due(now))
        .order_by(mails.c.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    claimed = connection.execute(
        update(mails)
        .where(mails.c.id.in_(oldest.scalar_subquery()))
        .values(lease_until=now + LEASE, attempts=mails.c.attempts + 1)
        .returning(*(mails.c[name] for name in Due.__struct_fields__))
    )
    return sorted((Due(*row) for row in claimed), key=lambda one: one.id)


def _deliver_some(
    appliance: Appliance, due: list[Due], is_stopping: Callable[[], bool], whole: float
) -> int:
    """Send what was claimed; put back what the relay did not take. Return how many it answered."""
    system = Context(appliance, actor=SYSTEM, source=Source(peer="local"), plane=Plane.LOCAL)
    left = list(due)
    try:
        with appliance.database.read() as session:
            found = relays.need(session, appliance.keyring)
        with connect(found.relay, found.password, whole=whole) as connection:
            while left and not is_stopping():
                _send(system, connection, found.relay, left[0])
                left.pop(0)
    except TenshuError as error:
        _put_back(system, left, error)
    else:
        if left:
            defer(system, Defer(attempts=[_attempt(one, 0) for one in left]))
    return len(due) - len(left)


def _send(system: Context, connection: Connection, relay: relays.Relay, one: Due) -> None:
    """Send one mail and note how that ended. Raise what stops the others too."""
    content = system.appliance.keyring.open(purpose_of(one.id), one.content)
    mail = compose(
        relay,
        identifier=one.id,
        recipient=one.recipient,
        language=one.language,
        content=msgspec.json.decode(content.reveal(), type=Content),
        at=one.created_at,
    )
    try:
        connection.send(mail, one.recipient)
    except MailRefused as refusal:
        fail(system, Fail(mail=one.id, error=refusal.code, parameters=_told(refusal)))
    except RelayRefused as refusal:  # about this mail alone: the others go on
        _put_back(system, [one], refusal)
    else:
        sent(system, Sent(mail=one.id))


def _put_back(system: Context, left: list[Due], error: TenshuError) -> None:
    now = clock.now()
    for one in left:
        if now - one.created_at > KEPT:
            late = GivenUp(days=KEPT // clock.DAY)
            fail(system, Fail(mail=one.id, error=late.code, parameters=_told(late)))
    waiting = [
        _attempt(one, now + pause_after(one.attempts))
        for one in left
        if now - one.created_at <= KEPT
    ]
    if waiting:
        defer(system, Defer(attempts=waiting, error=error.code, parameters=_told(error)))


def _attempt(one: Due, not_before: int) -> Attempt:
    return Attempt(mail=one.id, not_before=not_before)


def _told(error: TenshuError) -> dict[str, str]:
    return {name: str(value) for name, value in error.parameters.items()}


def forget_old(appliance: Appliance) -> int:
    """Remove what ended more than 90 days ago: the history tells of it. Return how many."""
    return appliance.database.change(partial(_forget, before=clock.now() - REMEMBERED))


def _forget(session: Session, before: int) -> int:
    old = and_(mails.c.state != MailState.WAITING, mails.c.finished_at < before)
    return session.connection().execute(delete(mails).where(old)).rowcount
