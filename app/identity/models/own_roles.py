"""Roles that a company makes itself, and the periods of everything that rights are made of."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.core.rows import Row
from app.identity.access import CONSOLE_WRITES


class OwnRole(Row, table=True):
    """A bundle of permissions beside those that come with the product."""

    __tablename__ = "identity_role"
    __table_args__ = (CONSOLE_WRITES,)

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    description: str = ""
    permissions: str
    """JSON list, sorted."""
    rev: int = 1
    created_by: str = ""
    created_at: int = Field(sa_type=BigInteger)


class RightsPeriod(Row, table=True):
    """One fact that rights are made of, from when to when it stood (METI-45).

    Written in the transaction of the change itself, so that who could do what on a past day is
    answered from here and not guessed from the history.
    """

    __tablename__ = "identity_period"
    __table_args__ = (CONSOLE_WRITES,)

    id: str = Field(primary_key=True)
    kind: str
    """grant, membership, group, role or state."""
    holder: str = Field(index=True)
    """Identifier of the account, group or role that the fact is about."""
    detail: str
    """The fact as JSON; the same fact always the same text."""
    since: int = Field(sa_type=BigInteger)
    ended: int = Field(default=0, sa_type=BigInteger, index=True)
    """0: it still stands."""
    begun_by: str = ""
    """Account; empty where nobody was asked (setup, an end that came by itself)."""
    ended_by: str = ""
