"""Who has left: one row a person, beside the account that stays."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.core.rows import Row
from app.identity.access import ACCOUNT, CONSOLE_WRITES


class Departure(Row, table=True):
    """That a person was ended. It stays when somebody lets them in again."""

    __tablename__ = "leaving_departure"
    __table_args__ = (CONSOLE_WRITES,)

    account: str = Field(primary_key=True, foreign_key=ACCOUNT)
    last_day: str
    """`2027-03-31`: for this day nothing is left to be done, whatever the clock says later."""
    at: int = Field(sa_type=BigInteger)
    """When it was done (ms)."""
    successor: str = ""
    """Account that took over; empty where nobody did."""
    ended: str = "{}"
    """JSON object: kind of holding → how many ended."""
    passed: str = "{}"
    """JSON object: kind of holding → how many passed to the successor."""


class SeenClock(Row, table=True):
    """The one row about the clock: how far time has come for certain."""

    __tablename__ = "leaving_clock"
    __table_args__ = (CONSOLE_WRITES,)

    id: int = Field(primary_key=True)
    seen_at: int = Field(sa_type=BigInteger)
    """The newest time at which the clock was believed (ms)."""
    doubted: bool = False
    """It has jumped: nobody is ended until it has run evenly for an hour."""
