"""Reminding by mail those who have not answered (METI-46)."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlmodel import Session, select

from app.core.messages import mark
from app.identity import account_rows, rights
from app.identity.models import Account
from app.identity.roles import is_administrative
from app.mail import queue as mail
from app.mail import relay as relays
from app.mail.addresses import is_address
from app.mail.links import link_to
from app.mail.models import StoredRelay
from app.mail.templates import Template, template
from app.mail.times import written_time
from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, operation
from app.operations.permissions import Permission
from app.reviews.models import Campaign, ReviewReminder
from app.reviews.operations.views import OPEN, find_campaign
from app.reviews.reminding import Occasion, occasion_of, still_waiting
from app.reviews.reviewers import chart_of

TEMPLATES: Final[dict[Occasion, Template]] = {
    Occasion.SOON: template(
        "reviews.soon",
        subject=mark("Access review “{review}”: please answer by {due}"),
        body=mark(
            "{name}\n\n"
            "In the access review “{review}” {count} lines wait for you: please confirm or "
            "withdraw each by {due}.\n\n{link}"
        ),
    ),
    Occasion.OVERDUE: template(
        "reviews.overdue",
        subject=mark("Access review “{review}”: your answer is overdue"),
        body=mark(
            "{name}\n\n"
            "The access review “{review}” was due on {due}, and {count} lines still wait for you. "
            "Please confirm or withdraw each now: what stays open is reported as not decided."
            "\n\n{link}"
        ),
    ),
}


class RemindersDue(msgspec.Struct, frozen=True):
    """Reviews of which somebody has to be reminded."""

    campaigns: list[str]
    """Identifiers."""


class Remind(msgspec.Struct, frozen=True):
    """A review to remind of."""

    campaign: Annotated[str, Meta(max_length=64, description="Identifier of the review")]


class Reminded(msgspec.Struct, frozen=True):
    """What was done."""

    mails: int
    """People who were written to."""


@operation(
    "reviews.reminders_due", permission=Permission.GRANTS_MANAGE, effect=Effect.READ, planes=()
)
def list_reminders_due(context: Context, _: NoRequest) -> RemindersDue:
    """List the reviews of which somebody has to be reminded by mail now."""
    session = context.session
    if session.get(StoredRelay, relays.ONLY_ROW) is None:
        return RemindersDue([])  # nobody is noted as reminded whom no mail can reach
    open_ones = session.exec(select(Campaign).where(Campaign.state == OPEN)).all()
    due = [one.id for one in open_ones if _recipients(context, one)]
    return RemindersDue(due)


@operation("reviews.remind", permission=Permission.GRANTS_MANAGE, planes=())
def remind(context: Context, which: Remind) -> Reminded:
    """Remind everybody by mail who has not answered; each person once an occasion."""
    campaign = find_campaign(context.session, which.campaign)
    context.event.about("review", campaign.id, campaign.name)
    occasion = occasion_of(campaign, context.now)
    found = _recipients(context, campaign) if campaign.state == OPEN else []
    if occasion:
        for account, lines in found:
            _write_to(context, campaign, occasion, account, lines)
        context.event.references["occasion"] = occasion
    context.event.numbers["mails"] = len(found)
    return Reminded(len(found))


def _recipients(context: Context, campaign: Campaign) -> list[tuple[Account, int]]:
    """Return whom a reminder reaches now, and how many lines wait for each."""
    occasion = occasion_of(campaign, context.now)
    if occasion is None:
        return []
    session = context.session
    waiting = still_waiting(session, chart_of(session), campaign, occasion)
    people = [(_active(session, account), lines) for account, lines in sorted(waiting.items())]
    return [(one, lines) for one, lines in people if one and is_address(one.mail)]


def _active(session: Session, account: str) -> Account | None:
    found = session.get(Account, account)
    return found if found and found.state == account_rows.ACTIVE else None


def _write_to(
    context: Context, campaign: Campaign, occasion: Occasion, account: Account, lines: int
) -> None:
    held = rights.parse(account.rights)
    governs = any(is_administrative(name) for name, _ in held.grants())
    mail.queue(
        context,
        to=account.mail,
        template=TEMPLATES[occasion],
        values={
            "name": account.name,
            "review": campaign.name,
            "count": lines,
            "due": written_time(campaign.due_at, account.time_zone),
            "link": link_to(
                context, Plane.CONSOLE if governs else Plane.WORKSPACE, "/reviews/mine"
            ),
        },
        language=account.language,
    )
    context.session.add(
        ReviewReminder(campaign=campaign.id, account=account.id, occasion=occasion, at=context.now)
    )
