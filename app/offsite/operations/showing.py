"""Destinations as people see them: where the history goes, and how far behind each place is."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import func
from sqlmodel import Session, col, select

from app.audit.following import Head, head_of
from app.core import clock
from app.identity.models import Account
from app.mail.models import MailMessage
from app.mail.states import MailState
from app.offsite import progress
from app.offsite.client_certificate import OwnCertificate, shown
from app.offsite.errors import MailWaits
from app.offsite.kinds import CheckpointFolder, DailyMail, Kind, SyslogReceiver
from app.offsite.progress import Standing
from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.permissions import Permission

ON_CONSOLE: Final = (Plane.CONSOLE,)
PATIENCE: Final = clock.HOUR
"""A restart of the receiver needs nobody."""
MAIL_PATIENCE: Final = 26 * clock.HOUR
"""A day, and time for the mail itself."""


class DestinationView(msgspec.Struct, frozen=True, kw_only=True):
    """One destination. Times are milliseconds, 0 where the thing has not happened."""

    id: str
    """Identifier."""
    name: str
    """What people call it."""
    kind: Kind
    """How the history gets there."""
    syslog: SyslogReceiver | None = None
    """The receiver, where it is one."""
    certificate: OwnCertificate | None = None
    """By what the receiver knows us, where it asks for that."""
    folder: CheckpointFolder | None = None
    """The folder, where it is one."""
    mail: DailyMail | None = None
    """Who gets the mail, where it is one."""
    people: dict[str, str] = {}
    """Account identifier → name, of those who get the mail."""
    rev: int
    """To be given back with a change."""
    created_at: int
    """When it was set up."""
    arrived: int
    """Number of events that have arrived, or that the newest checkpoint there covers."""
    behind: int
    """Number of events that it does not have yet."""
    arrived_at: int
    """When something arrived last."""
    tried_at: int
    """When something was sent last."""
    failing_since: int
    """Since when nothing arrives; 0 while all is well."""
    not_before: int
    """When it is tried again."""
    error: str
    """Code of what stopped the last attempt; empty while all is well."""
    error_parameters: dict[str, str]
    """What that error's sentence is filled in with."""
    stuck: bool
    """Somebody should look: nothing has arrived for too long."""


class Destinations(msgspec.Struct, frozen=True, kw_only=True):
    """All places outside."""

    items: list[DestinationView]
    """The destinations, the oldest first."""
    size: int
    """Number of sealed events of the history."""
    reached: bool
    """Whether anything has arrived at any of them."""


class OneDestination(msgspec.Struct, frozen=True, kw_only=True):
    """Which destination."""

    destination: Annotated[str, Meta(max_length=40, description="Identifier of the destination.")]


@operation(
    "offsite.list",
    permission=Permission.SETTINGS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/offsite/destinations"),
)
def list_destinations(context: Context, _: NoRequest) -> Destinations:
    """List the places off the machine, with how far each is behind."""
    folder = context.appliance.settings.sealed_store
    head = head_of(folder)
    items = [
        view_of(context.session, one, head, context.now)
        for one in progress.all_standing(context.session)
    ]
    return Destinations(items=items, size=head.size, reached=any(one.arrived_at for one in items))


def view_of(session: Session, one: Standing, head: Head, now: int) -> DestinationView:
    """Return a destination as people see it."""
    target: dict[str, Any] = {one.kind.value: one.target}
    arrived = one.position if one.kind is Kind.SYSLOG else one.checkpoint
    error, parameters, failing_since = one.error, one.error_parameters, one.failing_since
    arrived_at = one.arrived_at
    if isinstance(one.target, SyslogReceiver):
        target["certificate"] = shown(one.target, now)
    if isinstance(one.target, DailyMail):
        target["people"] = _names(session, one.target.people)
        if one.mails and not error:
            arrived_at, waits = _mails_of(session, one)
            if waits is not None:
                error, parameters = waits.code, progress.told(waits)
                failing_since = one.arrived_at
    return DestinationView(
        id=one.id,
        name=one.name,
        kind=one.kind,
        **target,
        rev=one.rev,
        created_at=one.created_at,
        arrived=arrived,
        behind=max(head.size - arrived, 0),
        arrived_at=arrived_at,
        tried_at=one.tried_at,
        failing_since=failing_since,
        not_before=one.not_before if one.error else 0,
        error=error,
        error_parameters=parameters,
        stuck=_is_stuck(one, arrived_at, now, behind=arrived < head.size),
    )


def _is_stuck(one: Standing, arrived_at: int, now: int, *, behind: bool) -> bool:
    """Tell whether somebody should look: it does not get well by itself."""
    patience = MAIL_PATIENCE if one.kind is Kind.MAIL else PATIENCE
    return behind and now - max(arrived_at, one.created_at) > patience


def _names(session: Session, people: list[str]) -> dict[str, str]:
    found = select(Account.id, Account.name).where(col(Account.id).in_(people))
    return dict(session.exec(found).all())


def _mails_of(session: Session, one: Standing) -> tuple[int, MailWaits | None]:
    """Return when a mail of the newest day left, and what is wrong where none has."""
    sent = select(func.count(), func.max(MailMessage.finished_at)).where(
        col(MailMessage.id).in_(one.mails), col(MailMessage.state) == MailState.SENT
    )
    count, at = session.exec(sent).one()
    if count:
        return at, None
    total = len(one.mails)
    return 0, MailWaits(day=one.day, count=total, total=total)
