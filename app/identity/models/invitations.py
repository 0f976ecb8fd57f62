"""One-time invitations: a link that opens one sign-in of one account, in place of its password."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.core.rows import Row
from app.identity.access import ACCOUNT, renewed_by_workspace


class Invitation(Row, table=True):
    """A link that was handed to somebody. Times are milliseconds; 0 means never."""

    __tablename__ = "identity_invitation"
    __table_args__ = (renewed_by_workspace("used_at"),)

    id: str = Field(primary_key=True)
    token_hash: str = Field(unique=True)
    account: str = Field(foreign_key=ACCOUNT, index=True)
    created_at: int = Field(sa_type=BigInteger)
    created_by: str
    """Account that issued it."""
    expires_at: int = Field(sa_type=BigInteger)
    used_at: int = Field(default=0, sa_type=BigInteger)
    """When the sign-in that it opened was complete."""
    withdrawn_at: int = Field(default=0, sa_type=BigInteger)
    """When an administrator, or a newer invitation, took it back."""
