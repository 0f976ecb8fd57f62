"""The mails of a day, queued together with the day itself."""

from datetime import date
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy import update

from app.audit.following import head_of
from app.core import clock
from app.core.errors import Conflict
from app.history.activity import LONGEST, Period, show_activity
from app.identity import account_rows
from app.mail import queue as mail
from app.offsite import progress
from app.offsite.errors import NobodyToMail, NothingSealed
from app.offsite.kinds import DailyMail, Kind
from app.offsite.operations.checking import why_not_mailed
from app.offsite.operations.showing import OneDestination, list_destinations
from app.offsite.progress import Standing, shipments
from app.offsite.report import DAILY, Report
from app.operations.context import Context
from app.operations.operation import NoRequest, operation
from app.operations.permissions import Permission

FIRST: Final = clock.DAY
"""What the first mail looks back on."""


class MailDay(OneDestination, frozen=True, kw_only=True):
    """The mail of one day."""

    day: Annotated[str, Meta(max_length=10, description="Day, such as 2027-03-31.")]


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """The mails that were queued."""

    mails: int
    """How many; 0 where the day was queued already, or the destination was removed."""


def _gather(context: Context, request: MailDay) -> tuple[Standing, Report] | None:
    """Read what the mail tells, before anybody waits for the database."""
    with context.appliance.database.read() as session:
        one = progress.one_standing(session, request.destination)
    if one is None or not isinstance(one.target, DailyMail):
        return None
    head, now = head_of(context.appliance.settings.sealed_store), clock.now()
    if not head.note:
        raise NothingSealed
    since = one.arrived_at if 0 < now - one.arrived_at < LONGEST else now - FIRST
    shown = list_destinations(context, NoRequest()).items
    return one, Report(
        appliance=context.appliance.machine,
        day=request.day,
        zone=one.target.zone,
        since=since,
        until=now,
        count=max(head.size - one.checkpoint, 0),
        head=head,
        activity=show_activity(context, Period(since=since, until=now, zone=one.target.zone)),
        destinations=[other for other in shown if other.kind is not Kind.MAIL],
    )


@operation("offsite.mail_day", permission=Permission.SETTINGS_MANAGE, planes=(), ahead=_gather)
def mail_day(context: Context, request: MailDay) -> Queued:
    """Queue the daily mail with the newest checkpoint, what is unusual and what does not arrive."""
    if context.ahead is None:
        return Queued(mails=0)
    one, report = context.ahead
    context.event.about("destination", one.id, one.name)
    mails = [
        mail.queue(
            context,
            to=account.mail,
            template=DAILY,
            values=report.values(account.language),
            language=account.language,
        )
        for account in (
            account_rows.by_id(context.session, person)
            for person in one.target.people
            if not why_not_mailed(context.session, person)
        )
    ]
    if not mails:
        raise NobodyToMail
    now = context.now
    got = {
        "day": date.fromisoformat(request.day).isoformat(),
        "mails": msgspec.json.encode(mails).decode(),
        "checkpoint": report.head.size,
        "checkpoint_at": now,
        "arrived_at": now,
        "tried_at": now,
        **progress.WELL,
    }
    same = (shipments.c.destination == one.id, shipments.c.rev == one.rev)
    once = update(shipments).where(*same, shipments.c.day == one.day).values(got)
    if context.session.connection().execute(once).rowcount != 1:
        raise Conflict(name=one.name)
    context.event.numbers.update(mails=len(mails), size=report.head.size)
    return Queued(mails=len(mails))
