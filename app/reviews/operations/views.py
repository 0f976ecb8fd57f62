"""Campaigns and lines as people see them."""

import msgspec
from sqlmodel import Session, col, select

from app.core.errors import NotFound
from app.core.messages import mark
from app.identity.group_paths import named_paths
from app.identity.models import Account
from app.reviews.models import Campaign, ReviewLine
from app.reviews.reviewers import Chart, chart_of

OPEN = "open"
CLOSED = "closed"


class CampaignRow(msgspec.Struct, frozen=True, kw_only=True):
    """One review with how far it is."""

    id: str
    """Identifier."""
    name: str
    """As it was called."""
    owner: str
    """Account that answers where no head is left."""
    state: str
    """open or closed."""
    due_at: int
    """When it should be done (ms)."""
    created_at: int
    """When it began (ms)."""
    closed_at: int
    """When it was closed (ms); 0: not yet."""
    lines: int
    """Rights to be looked at."""
    decided: int
    """Of these, decided."""
    withdrawn: int
    """Of these, to be withdrawn."""


class LineRow(msgspec.Struct, frozen=True, kw_only=True):
    """One person × one right."""

    id: str
    """Identifier."""
    campaign: str
    """Identifier of the review."""
    account: str
    """Whose right it is."""
    login_id: str
    """As it was called when the review began."""
    name: str
    """As the person was called when the review began."""
    group: str
    """Identifier of the group under which it is reviewed; empty for nobody's."""
    group_name: str
    """As it is called now; empty where it is gone."""
    group_path: str
    """Names from the top down to it, with / between; empty where it is gone."""
    kind: str
    """grant or membership."""
    right: str
    """`role:viewer tables/1`, `records.view`, or the name of the group."""
    since: int
    """Since when (ms); 0: not known."""
    decision: str
    """confirm, withdraw or empty."""
    reason: str
    """Why it is withdrawn."""
    decided_at: int
    """Milliseconds since 1970; 0: not yet."""
    reviewer: str
    """Account that answers for it now."""
    reviewer_name: str
    """Name of that account."""
    passed_on: bool
    """It came from the head of the group to somebody above."""
    outcome: str
    """After the end: kept, withdrawn, gone, undecided, or a code."""


def find_campaign(session: Session, identifier: str) -> Campaign:
    """Return a review. Raise NotFound."""
    found = session.get(Campaign, identifier)
    if found is None:
        raise NotFound(kind=mark("access review"), name=identifier)
    return found


def lines_of(session: Session, campaign: str) -> list[ReviewLine]:
    """Return the lines of a review, by group and login ID."""
    return list(
        session.exec(
            select(ReviewLine)
            .where(ReviewLine.campaign == campaign)
            .order_by(ReviewLine.group, ReviewLine.login_id, col(ReviewLine.id))
        ).all()
    )


def row_of(campaign: Campaign, lines: list[ReviewLine]) -> CampaignRow:
    """Return a review with how far it is."""
    own = ("id", "name", "owner", "state", "due_at", "created_at", "closed_at")
    return CampaignRow(
        **{name: getattr(campaign, name) for name in own},
        lines=len(lines),
        decided=sum(bool(line.decision) for line in lines),
        withdrawn=sum(line.decision == "withdraw" for line in lines),
    )


def rows_of(session: Session, campaign: Campaign, lines: list[ReviewLine]) -> list[LineRow]:
    """Return lines with who answers for each now."""
    chart = chart_of(session)
    names = dict(session.exec(select(Account.id, Account.name)).all())
    paths = named_paths(session)
    return [_row(chart, paths, names, campaign, line) for line in lines]


def _row(
    chart: Chart,
    paths: dict[str, str],
    names: dict[str, str],
    campaign: Campaign,
    line: ReviewLine,
) -> LineRow:
    reviewer = chart.reviewer(line.group, line.account, campaign.owner)
    found = chart.groups.get(line.group)
    own = (
        "id", "campaign", "account", "login_id", "name", "group", "kind", "right", "since",
        "decision", "reason", "decided_at", "outcome",
    )  # fmt: skip
    return LineRow(
        **{name: getattr(line, name) for name in own},
        group_name=found.name if found else "",
        group_path=paths.get(line.group, ""),
        reviewer=reviewer.account,
        reviewer_name=names.get(reviewer.account, reviewer.account),
        passed_on=reviewer.passed_on,
    )
