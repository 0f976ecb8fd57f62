"""The outbox: events that are committed but not yet sealed."""

from sqlmodel import Field, SQLModel


class OutboxEvent(SQLModel, table=True):
    """One event, written in the transaction of what it tells; the sealer takes it out."""

    __tablename__ = "audit_outbox"

    id: str = Field(primary_key=True)
    content: str
    """Canonical JSON: the very bytes that will stand in the tree."""
    parts: str
    """JSON list of Part."""
