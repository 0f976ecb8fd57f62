"""What a head sees and decides: each line is confirmed or withdrawn, until the review is closed."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from sqlmodel import Session, col, select

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.operations.context import Context
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.permissions import Permission
from app.reviews.errors import NotYourLine, ReviewClosed
from app.reviews.models import Campaign, ReviewLine
from app.reviews.operations.views import OPEN, CampaignRow, LineRow, lines_of, row_of, rows_of
from app.reviews.reviewers import chart_of


class OwnReview(msgspec.Struct, frozen=True):
    """What one review asks of the person who looks."""

    campaign: CampaignRow
    """The review, counted over the person's own lines."""
    lines: list[LineRow]
    """The lines that are the person's to decide."""


class OwnReviews(msgspec.Struct, frozen=True):
    """What all open reviews ask of the person who looks."""

    items: list[OwnReview]
    """The one that is due first, first."""


class Waiting(msgspec.Struct, frozen=True):
    """How much is left to decide."""

    lines: int
    """Lines of open reviews that the person has not decided yet."""
    overdue: int
    """Of these, lines of reviews whose day is over."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What is decided about one line or several."""

    lines: Annotated[
        list[Annotated[str, Meta(max_length=64)]],
        Meta(min_length=1, max_length=1000, description="Identifiers of the lines"),
    ]
    decision: Annotated[Literal["confirm", "withdraw"], Meta(description="What is decided")]
    reason: Annotated[
        str, Meta(max_length=500, description="Why it is withdrawn; needed for that")
    ] = ""


class Decided(msgspec.Struct, frozen=True):
    """What was decided."""

    count: Annotated[int, Meta(description="Lines that carry the decision now")]


@operation(
    "reviews.mine",
    permission=Permission.SIGNED_IN,
    effect=Effect.REVEAL,
    route=Route("GET", "/own/reviews"),
)
def own_reviews(context: Context, _: NoRequest) -> OwnReviews:
    """Show the lines of open reviews that are one's own to decide."""
    session, found = context.session, []
    for campaign in _open(session):
        mine = [
            row
            for row in rows_of(session, campaign, lines_of(session, campaign.id))
            if row.reviewer == context.actor.account
        ]
        if mine:
            own = {row.id for row in mine}
            lines = [line for line in lines_of(session, campaign.id) if line.id in own]
            found.append(OwnReview(row_of(campaign, lines), mine))
    context.event.numbers["rows"] = sum(len(one.lines) for one in found)
    return OwnReviews(found)


@operation("reviews.waiting", permission=Permission.SIGNED_IN, effect=Effect.READ)
def waiting(context: Context, _: NoRequest) -> Waiting:
    """Count the lines that wait for one's decision."""
    session = context.session
    campaigns = _open(session)
    if not campaigns:
        return Waiting(0, 0)
    chart, lines, overdue = chart_of(session), 0, 0
    for campaign in campaigns:
        undecided = select(ReviewLine.group, ReviewLine.account).where(
            ReviewLine.campaign == campaign.id, ReviewLine.decision == ""
        )
        mine = sum(
            chart.reviewer(group, account, campaign.owner).account == context.actor.account
            for group, account in session.exec(undecided)
        )
        lines += mine
        overdue += mine if campaign.due_at <= context.now else 0
    return Waiting(lines, overdue)


@operation(
    "reviews.decide",
    permission=Permission.SIGNED_IN,
    route=Route("POST", "/own/reviews/decide"),
)
def decide(context: Context, wanted: Decision) -> Decided:
    """Confirm or withdraw lines that are one's own to decide; what is withdrawn goes at the end.

    Raise ReviewClosed or NotYourLine.
    """
    session = context.session
    reason = wanted.reason.strip()
    if wanted.decision == "withdraw" and not reason:
        raise InvalidInput(field="reason", reason=mark("say why it is withdrawn."))
    lines = session.exec(select(ReviewLine).where(col(ReviewLine.id).in_(wanted.lines))).all()
    if len(lines) != len(set(wanted.lines)):
        raise NotYourLine
    chart = chart_of(session)
    for line in lines:
        campaign = session.get_one(Campaign, line.campaign)
        context.event.about("review", campaign.id, campaign.name)
        if campaign.state != OPEN:
            raise ReviewClosed(name=campaign.name)
        reviewer = chart.reviewer(line.group, line.account, campaign.owner)
        if reviewer.account != context.actor.account:
            raise NotYourLine
        line.decision, line.decided_by, line.decided_at = (
            wanted.decision,
            context.actor.account,
            context.now,
        )
        line.reason = reason if wanted.decision == "withdraw" else ""
    # the reason stands in line and result alone: it may name anybody, and there it can be erased
    context.event.change("decision", None, wanted.decision)
    context.event.numbers["rows"] = len(lines)
    return Decided(len(lines))


def _open(session: Session) -> list[Campaign]:
    return list(
        session.exec(
            select(Campaign).where(Campaign.state == OPEN).order_by(col(Campaign.due_at))
        ).all()
    )
