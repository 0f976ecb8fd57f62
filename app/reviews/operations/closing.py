"""The end of a review: what was withdrawn goes, the rest is kept, the result stands for good.

What is withdrawn goes now and not before: until here a head may think better of it, and here it is
taken by somebody who may take rights, through the same operations and with the same rules. What
stands against one line stops no other: its reason is part of the result.
"""

from collections.abc import Iterator

import msgspec
from sqlmodel import Session, select

from app.core.errors import NotFound, TenshuError
from app.core.messages import mark
from app.identity.models import Account, Grant, Membership
from app.identity.operations import grants, group_members
from app.operations.context import Context, Plane
from app.operations.download import Download
from app.operations.operation import Effect, Route, Tier, operation
from app.operations.permissions import Permission
from app.reviews.errors import ReviewClosed
from app.reviews.models import ReviewLine
from app.reviews.operations.campaigns import CampaignRef
from app.reviews.operations.views import (
    CLOSED,
    OPEN,
    CampaignRow,
    find_campaign,
    lines_of,
    row_of,
)
from app.reviews.result import Result, digest_of, read_result, write_result

ON_CONSOLE = (Plane.CONSOLE,)


class KeptResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a closed review."""

    result: Result
    """Read from the bytes that are kept."""
    digest: str
    """SHA-256 over these bytes, as it stands in the event of the closing."""


@operation(
    "reviews.close",
    permission=Permission.GRANTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/reviews/{campaign}/close"),
)
def close_campaign(context: Context, which: CampaignRef) -> CampaignRow:
    """Close a review: what was withdrawn goes now, and the result is kept as evidence.

    Raise ReviewClosed.
    """
    session = context.session
    campaign = find_campaign(session, which.campaign)
    context.event.about("review", campaign.id, campaign.name)
    if campaign.state != OPEN:
        raise ReviewClosed(name=campaign.name)
    lines = lines_of(session, campaign.id)
    for line in lines:
        line.outcome = _carry_out(context, line)
    context.event.about("review", campaign.id, campaign.name)  # the rights were others' on the way
    campaign.state, campaign.closed_at = CLOSED, context.now
    campaign.closed_by = context.actor.account
    people = {line.decided_by for line in lines} | {campaign.owner, campaign.closed_by}
    names = session.exec(select(Account.id, Account.name)).all()
    campaign.result = write_result(
        campaign, lines, {account: name for account, name in names if account in people}
    )
    session.flush()
    for outcome in ("withdrawn", "undecided"):
        context.event.numbers[outcome] = sum(line.outcome == outcome for line in lines)
    context.event.change("result_sha256", None, digest_of(campaign.result))
    return row_of(campaign, lines)


@operation(
    "reviews.result",
    permission=Permission.ACCOUNTS_EXPORT,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/reviews/{campaign}/result"),
)
def download_result(context: Context, which: CampaignRef) -> Download:
    """Download the result of a closed review, byte for byte as its digest stands in the history."""
    campaign = find_campaign(context.session, which.campaign)
    context.event.about("review", campaign.id, campaign.name)
    if not campaign.result:
        raise NotFound(kind=mark("result"), name=campaign.name)
    return Download(f"review-{campaign.id}.json", "application/json", _once(campaign.result))


@operation(
    "reviews.read_result",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
)
def show_result(context: Context, which: CampaignRef) -> KeptResult:
    """Show the result of a closed review as it is kept, with its digest."""
    campaign = find_campaign(context.session, which.campaign)
    context.event.about("review", campaign.id, campaign.name)
    if not campaign.result:
        raise NotFound(kind=mark("result"), name=campaign.name)
    return KeptResult(result=read_result(campaign.result), digest=digest_of(campaign.result))


def _once(text: str) -> Iterator[bytes]:
    yield text.encode()


def _carry_out(context: Context, line: ReviewLine) -> str:
    """Do what was decided about one line. Return what came of it."""
    if line.decision != "withdraw":
        return "kept" if line.decision else "undecided"
    session = context.session
    try:
        with session.begin_nested():  # what stands against this line undoes this line alone
            return "withdrawn" if _withdraw(context, session, line) else "gone"
    except TenshuError as error:
        return error.code


def _withdraw(context: Context, session: Session, line: ReviewLine) -> bool:
    """Take the right; tell whether it was still there."""
    if line.kind == "grant":
        grant = session.get(Grant, line.thing)
        if grant is not None:
            grants.withdraw(context, grant)
        return grant is not None
    if session.get(Membership, (line.thing, line.account)) is None:
        return False
    return group_members.leave(context, line.thing, line.account)
