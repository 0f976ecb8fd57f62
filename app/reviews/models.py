"""Campaigns and their lines."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.core.rows import Row
from app.identity.access import CONSOLE_ONLY, CONSOLE_WRITES, renewed_by_workspace


class Campaign(Row, table=True):
    """One review, from its start to its result."""

    __tablename__ = "review_campaign"
    __table_args__ = (CONSOLE_WRITES,)

    id: str = Field(primary_key=True)
    name: str
    owner: str
    """Account that answers for people without a group, and for whom no head is left."""
    due_at: int = Field(sa_type=BigInteger)
    state: str = "open"
    """open or closed."""
    created_by: str
    created_at: int = Field(sa_type=BigInteger)
    closed_by: str = ""
    closed_at: int = Field(default=0, sa_type=BigInteger)
    result: str = ""
    """Canonical JSON of what came of it; kept as evidence."""


class ReviewLine(Row, table=True):
    """One person × one right, as it stood when the review began."""

    __tablename__ = "review_line"
    __table_args__ = (renewed_by_workspace("decision", "reason", "decided_by", "decided_at"),)

    id: str = Field(primary_key=True)
    campaign: str = Field(foreign_key="review_campaign.id", index=True)
    account: str
    login_id: str
    name: str
    group: str = ""
    """Whose head answers for it; empty: the campaign's owner."""
    kind: str
    """grant or membership."""
    thing: str
    """Identifier of the grant, or of the group."""
    right: str
    """What it gives, in the words of then: `role:viewer tables/1`, or the group's name."""
    since: int = Field(sa_type=BigInteger)
    decision: str = ""
    """confirm, withdraw, or empty."""
    reason: str = ""
    decided_by: str = ""
    decided_at: int = Field(default=0, sa_type=BigInteger)
    outcome: str = ""
    """After the end: kept, withdrawn, gone, undecided, or the code of what stood against it."""


class ReviewReminder(Row, table=True):
    """A mail that went to somebody who had not answered; each occasion once."""

    __tablename__ = "review_reminder"
    __table_args__ = (CONSOLE_ONLY,)

    campaign: str = Field(primary_key=True, foreign_key="review_campaign.id")
    account: str = Field(primary_key=True)
    """Who was reminded."""
    occasion: str = Field(primary_key=True)
    """soon or overdue."""
    at: int = Field(sa_type=BigInteger)
