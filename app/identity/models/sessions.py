"""What carries an identity from request to request: pending sign-ins, sessions, API tokens."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.core.rows import Row
from app.identity.access import ACCOUNT, BOTH_WRITE, CONSOLE_ONLY, sealed


class SessionColumns(Row):
    """One signed-in browser on one plane."""

    id: str = Field(primary_key=True)
    token_hash: str = Field(unique=True)
    account: str = Field(foreign_key=ACCOUNT, index=True)
    plane: str
    started_at: int = Field(sa_type=BigInteger)
    seen_at: int = Field(sa_type=BigInteger)
    """Written at most once a minute."""
    idle_limit: int = Field(sa_type=BigInteger)
    """Milliseconds without a request after which it ends (F7)."""
    expires_at: int = Field(sa_type=BigInteger)
    ended_at: int = Field(default=0, sa_type=BigInteger)
    ended_because: str = ""
    peer: str = ""
    family: str = ""
    """Address family of the peer: 4, 6, or empty where there is no network address."""
    device: str = ""
    factors: str = ""
    """Steps that were passed, with spaces between."""
    stepped_up_at: int = Field(default=0, sa_type=BigInteger)
    certificate: str = ""
    """Client certificate with which it began, and without which it does not go on; or empty."""


class ConsoleSession(SessionColumns, table=True):
    """A session of the console."""

    __tablename__ = "identity_console_session"
    __table_args__ = (CONSOLE_ONLY,)


class WorkspaceSession(SessionColumns, table=True):
    """A session of the workspace or of a plane beside it."""

    __tablename__ = "identity_workspace_session"
    __table_args__ = (BOTH_WRITE,)


class PendingSignInColumns(Row):
    """A sign-in between its first and its last step."""

    id: str = Field(primary_key=True)
    ticket_hash: str = Field(unique=True)
    plane: str
    account: str = ""
    """Empty until a step has told who it is."""
    passed: str = ""
    """Steps that were passed, with spaces between."""
    notes: str = Field(default="", sa_column_kwargs=sealed("pending sign-in {plane} {id}"))
    """What steps keep for themselves, sealed."""
    failures: int = 0
    peer: str = ""
    created_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger, index=True)


class ConsolePendingSignIn(PendingSignInColumns, table=True):
    """A pending sign-in of the console."""

    __tablename__ = "identity_console_pending_sign_in"
    __table_args__ = (CONSOLE_ONLY,)


class WorkspacePendingSignIn(PendingSignInColumns, table=True):
    """A pending sign-in of the workspace or of a plane beside it."""

    __tablename__ = "identity_workspace_pending_sign_in"
    __table_args__ = (BOTH_WRITE,)


class ApiTokenColumns(Row):
    """A token with which a program acts as its person, with the same rights or fewer."""

    id: str = Field(primary_key=True)
    account: str = Field(foreign_key=ACCOUNT, index=True)
    name: str
    prefix: str
    """The token's first characters, to recognise it by."""
    token_hash: str = Field(unique=True)
    rights: str
    """JSON list of [permission, scope]."""
    created_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger)
    revoked_at: int = Field(default=0, sa_type=BigInteger)
    last_used_at: int = Field(default=0, sa_type=BigInteger)


class ConsoleApiToken(ApiTokenColumns, table=True):
    """A token made on the console, for its API."""

    __tablename__ = "identity_console_api_token"
    __table_args__ = (CONSOLE_ONLY,)


class WorkspaceApiToken(ApiTokenColumns, table=True):
    """A token made on the workspace, for its API."""

    __tablename__ = "identity_workspace_api_token"
    __table_args__ = (BOTH_WRITE,)
