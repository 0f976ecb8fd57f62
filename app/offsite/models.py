"""Destinations, and how far each has got. Times are milliseconds, 0 where nothing happened yet."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.core.rows import Row
from app.identity.access import CONSOLE_WRITES, renewed_by_workspace


class Destination(Row, table=True):
    """A place outside that somebody chose."""

    __tablename__ = "offsite_destination"
    __table_args__ = (CONSOLE_WRITES,)

    id: str = Field(primary_key=True)
    name: str
    kind: str
    """Of `kinds.Kind`."""
    document: str
    """JSON of the kind's struct."""
    key: str = Field(default="", sa_column_kwargs={"info": {"sealed": "offsite client key {id}"}})
    """Private key of our own certificate at a receiver, sealed; empty: none."""
    rev: int = 1
    created_at: int = Field(sa_type=BigInteger)


class Shipment(Row, table=True):
    """How far a destination has got. The worker writes it, and never where anything goes to."""

    __tablename__ = "offsite_shipment"
    __table_args__ = (
        renewed_by_workspace(
            "position", "checkpoint", "checkpoint_at", "arrived_at", "tried_at", "failing_since",
            "attempts", "not_before", "error", "error_parameters",
        ),
    )  # fmt: skip

    destination: str = Field(primary_key=True, foreign_key="offsite_destination.id")
    rev: int = 1
    """Of the destination: what was sent to the place before tells nothing about this one."""
    position: int = Field(default=0, sa_type=BigInteger)
    """The events before it have arrived; what comes next begins here."""
    checkpoint: int = Field(default=0, sa_type=BigInteger)
    """Number of events of the newest checkpoint that has arrived."""
    checkpoint_at: int = Field(default=0, sa_type=BigInteger)
    """When that was."""
    arrived_at: int = Field(default=0, sa_type=BigInteger)
    """When something arrived last."""
    tried_at: int = Field(default=0, sa_type=BigInteger)
    failing_since: int = Field(default=0, sa_type=BigInteger)
    """0 while all is well."""
    attempts: int = 0
    """How often it failed since then."""
    not_before: int = Field(default=0, sa_type=BigInteger)
    """It is left alone until then."""
    error: str = ""
    """Code of what stopped the last attempt."""
    error_parameters: str = "{}"
    day: str = ""
    """Newest day that a mail was queued for, `2027-03-31`."""
    mails: str = "[]"
    """JSON list: the mails of that day."""
