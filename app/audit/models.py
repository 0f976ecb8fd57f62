"""The outbox: events that are committed but not yet sealed; and the lease of who seals them."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.core.rows import Row


class OutboxEvent(Row, table=True):
    """One event, written in the transaction of what it tells; the sealer takes it out."""

    __tablename__ = "audit_outbox"
    # nobody changes an event; only the sealer takes it out, and the workspace cannot read it back
    __table_args__ = (
        {
            "info": {
                "access": {
                    "console": "select insert",
                    "workspace": "insert",
                    "audit": "select delete",
                }
            }
        },
    )

    id: str = Field(primary_key=True)
    content: str
    """Canonical JSON: the very bytes that will stand in the tree."""
    parts: str
    """JSON list of Part."""


class SealerLease(Row, table=True):
    """Which sealer may take events out of the outbox; one row."""

    __tablename__ = "audit_sealer_lease"
    __table_args__ = (
        {"info": {"access": {"console": "", "workspace": "", "audit": "select insert update"}}},
    )

    name: str = Field(primary_key=True)
    holder: str
    expires: int = Field(sa_type=BigInteger)
    """Milliseconds since 1970; renewed long before."""
