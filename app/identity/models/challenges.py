"""Questions to a passkey that wait for their answer, of people who are signed in."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.core.rows import Row
from app.identity.access import ACCOUNT, BOTH_WRITE, CONSOLE_ONLY


class ChallengeColumns(Row):
    """One question: asked for one purpose in one session, answered once."""

    id: str = Field(primary_key=True)
    account: str = Field(foreign_key=ACCOUNT, index=True)
    session: str = Field(index=True)
    purpose: str
    """What the answer is for: it is signed too."""
    nonce: bytes
    handle: str = ""
    """User handle of a passkey that is being made."""
    expires_at: int = Field(sa_type=BigInteger, index=True)


class ConsoleChallenge(ChallengeColumns, table=True):
    """A question asked on the console."""

    __tablename__ = "identity_console_challenge"
    __table_args__ = (CONSOLE_ONLY,)


class WorkspaceChallenge(ChallengeColumns, table=True):
    """A question asked on another plane."""

    __tablename__ = "identity_workspace_challenge"
    __table_args__ = (BOTH_WRITE,)
