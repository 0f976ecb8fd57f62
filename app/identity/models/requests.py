"""What waits for a decision: dangerous operations, the first administrator; and the rules."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.core.rows import Row
from app.identity.access import ACCOUNT, BOTH_WRITE, CONSOLE_ONLY, CONSOLE_WRITES, sealed


class OperationRequestColumns(Row):
    """A dangerous operation that waits for a fresh second factor, or for a second person."""

    id: str = Field(primary_key=True)
    operation: str
    digest: str
    """SHA-256 over operation and arguments."""
    arguments: str = Field(sa_column_kwargs=sealed("operation request {plane} {id}"))
    """Sealed JSON."""
    account: str = Field(foreign_key=ACCOUNT, index=True)
    session: str
    plane: str
    tier: int
    state: str = Field(default="open", index=True)
    """open, waiting (T3: for the second person), done, declined or spent."""
    failures: int = 0
    created_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger)
    decided_at: int = Field(default=0, sa_type=BigInteger)
    decided_by: str = ""


class ConsoleRequest(OperationRequestColumns, table=True):
    """A request of the console."""

    __tablename__ = "identity_console_request"
    __table_args__ = (CONSOLE_ONLY,)


class WorkspaceRequest(OperationRequestColumns, table=True):
    """A request of the workspace."""

    __tablename__ = "identity_workspace_request"
    __table_args__ = (BOTH_WRITE,)


class Setup(Row, table=True):
    """The one row about the making of the first administrator."""

    __tablename__ = "identity_setup"
    __table_args__ = (CONSOLE_ONLY,)

    id: int = Field(primary_key=True)
    claim_hash: str
    tries_left: int
    ticket_hash: str = ""
    notes: str = Field(default="", sa_column_kwargs=sealed("setup notes"))
    """The person and their factor so far, sealed."""
    completed_at: int = Field(default=0, sa_type=BigInteger)


class StoredPolicy(Row, table=True):
    """The one row of rules for passwords, sessions and factors that this company chose."""

    __tablename__ = "identity_policy"
    __table_args__ = (CONSOLE_WRITES,)

    id: int = Field(primary_key=True)
    document: str
    """JSON of `policies.IdentityPolicy`."""
    rev: int = 1
