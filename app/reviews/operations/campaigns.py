"""Beginning a review and looking at it (METI-46)."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlmodel import col, select

from app.core.errors import InvalidInput, NotFound
from app.core.identifiers import new_identifier
from app.core.messages import mark
from app.identity import account_rows
from app.identity.fields import Name
from app.identity.models import Group
from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.permissions import Permission
from app.reviews.beginning import lines_for
from app.reviews.errors import NothingToReview
from app.reviews.models import Campaign
from app.reviews.operations.views import (
    CampaignRow,
    LineRow,
    find_campaign,
    lines_of,
    row_of,
    rows_of,
)
from app.reviews.result import digest_of

ON_CONSOLE = (Plane.CONSOLE,)


class NewCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """A review to begin."""

    name: Name
    due_at: Annotated[int, Meta(ge=0, lt=2**62, description="When it should be done (ms)")]
    owner: Annotated[
        str,
        Meta(
            max_length=64,
            description="Account that answers for people without a group; empty: who begins it",
        ),
    ] = ""
    groups: Annotated[
        list[Annotated[str, Meta(max_length=64)]],
        Meta(max_length=1000, description="Identifiers of the groups; empty: everybody"),
    ] = []


class CampaignRef(msgspec.Struct, frozen=True):
    """One review."""

    campaign: Annotated[str, Meta(max_length=64, description="Identifier of the review")]


class CampaignList(msgspec.Struct, frozen=True):
    """All reviews."""

    items: list[CampaignRow]
    """The newest first."""


class CampaignDetails(msgspec.Struct, frozen=True, kw_only=True):
    """One review with its lines."""

    campaign: CampaignRow
    """The review itself."""
    owner_name: str
    """Name of the account that answers where no head is left."""
    lines: list[LineRow]
    """By group and login ID."""
    digest: str
    """SHA-256 of the result; empty while it is open."""


@operation(
    "reviews.create",
    permission=Permission.GRANTS_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/reviews", 201),
)
def create_campaign(context: Context, new: NewCampaign) -> CampaignRow:
    """Begin a review of what people may do, with a line for each person and right.

    Raise NothingToReview.
    """
    session = context.session
    if new.due_at <= context.now:
        raise InvalidInput(field="due_at", reason=mark("this moment is over already."))
    owner = account_rows.by_id(session, new.owner or context.actor.account)
    if owner.state != account_rows.ACTIVE:
        raise InvalidInput(field="owner", reason=mark("this account is suspended."))
    known = set(session.exec(select(Group.id).where(col(Group.id).in_(new.groups))).all())
    for missing in set(new.groups) - known:
        raise NotFound(kind=mark("group"), name=missing)
    campaign = Campaign(
        id=new_identifier(),
        name=new.name,
        owner=owner.id,
        due_at=new.due_at,
        created_by=context.actor.account,
        created_at=context.now,
    )
    session.add(campaign)
    session.flush()
    lines = list(lines_for(session, campaign.id, frozenset(new.groups)))
    if not lines:
        raise NothingToReview
    session.add_all(lines)
    context.event.about("review", campaign.id, campaign.name)
    context.event.numbers["rows"] = len(lines)
    return row_of(campaign, lines)


@operation(
    "reviews.list",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/reviews"),
)
def list_campaigns(context: Context, _: NoRequest) -> CampaignList:
    """Show the reviews with how far each is."""
    session = context.session
    found = session.exec(select(Campaign).order_by(col(Campaign.id).desc())).all()
    return CampaignList([row_of(each, lines_of(session, each.id)) for each in found])


@operation(
    "reviews.get",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/reviews/{campaign}"),
)
def get_campaign(context: Context, which: CampaignRef) -> CampaignDetails:
    """Show one review with its lines and who answers for each."""
    session = context.session
    campaign = find_campaign(session, which.campaign)
    context.event.about("review", campaign.id, campaign.name)
    lines = lines_of(session, campaign.id)
    return CampaignDetails(
        campaign=row_of(campaign, lines),
        owner_name=account_rows.by_id(session, campaign.owner).name,
        lines=rows_of(session, campaign, lines),
        digest=digest_of(campaign.result) if campaign.result else "",
    )
