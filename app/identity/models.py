"""Accounts, credentials, sessions, groups and grants as they stand in the database.

What proves or carries a person's identity exists once for the console and once for the other
planes, in tables of the same columns: the database role of the workspace writes its own and cannot
touch the console's (architecture section 4). `planes.on_plane` picks the table.

Accounts are never deleted (METI-46): they are suspended. Times are milliseconds; 0 means never.
"""

from typing import Any, Final

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

ACCOUNT: Final = "identity_account.id"
ALL: Final = "select insert update delete"


def _access(console: str, workspace: str) -> dict[str, Any]:
    return {"info": {"access": {"console": console, "workspace": workspace, "audit": ""}}}


CONSOLE_WRITES: Final = _access(ALL, "select")
CONSOLE_ONLY: Final = _access(ALL, "")
BOTH_WRITE: Final = _access(ALL, ALL)


class Account(SQLModel, table=True):
    """One person, device or service. One login ID a person (F1)."""

    __tablename__ = "identity_account"
    __table_args__ = (CONSOLE_WRITES,)

    id: str = Field(primary_key=True)
    login_id: str = Field(unique=True)
    """NFKC, case-folded."""
    name: str
    kind: str = "staff"
    """staff, partner, device or service."""
    state: str = "active"
    """active or suspended."""
    language: str = "ja"
    time_zone: str = "Asia/Tokyo"
    rev: int = 1
    """Rises with each change: who changes gives the one that they have seen."""
    may_enrol: bool = False
    """New, or its factor was reset: the next sign-in on the console enrols a factor."""
    rights: str = "[]"
    """Compiled from grants, roles and groups: JSON list of [permission, scope], sorted."""
    is_owner: bool = Field(default=False, index=True)
    """Compiled: holds the role of owner on everything, itself or through a group."""
    created_at: int = Field(sa_type=BigInteger)
    changed_at: int = Field(sa_type=BigInteger)


class Password(SQLModel, table=True):
    """The one password of an account (F12)."""

    __tablename__ = "identity_password"
    __table_args__ = (BOTH_WRITE,)

    account: str = Field(primary_key=True, foreign_key=ACCOUNT)
    hash: str
    """argon2id in its own notation, parameters included."""
    stands_alone: bool
    """Long enough without a second factor (NIST SP 800-63B-4: 15 characters)."""
    must_change: bool = False
    """Given by an administrator: its first use is to choose another."""
    valid_until: int = Field(default=0, sa_type=BigInteger)
    """0: without end."""
    changed_at: int = Field(sa_type=BigInteger)


class CredentialColumns(SQLModel):
    """One proof of identity beyond the password."""

    id: str = Field(primary_key=True)
    account: str = Field(foreign_key=ACCOUNT, index=True)
    kind: str
    """totp, recovery_code, passkey, client_certificate, external or email_code."""
    name: str
    secret: str
    """Sealed (TOTP) or a keyed hash (recovery codes)."""
    state: str
    """pending until its first valid code, then active."""
    created_at: int = Field(sa_type=BigInteger)


class ConsoleCredential(CredentialColumns, table=True):
    """A factor enrolled on the console: it counts everywhere."""

    __tablename__ = "identity_console_credential"
    __table_args__ = (CONSOLE_WRITES,)


class WorkspaceCredential(CredentialColumns, table=True):
    """A factor enrolled on another plane: it never opens the console."""

    __tablename__ = "identity_workspace_credential"
    __table_args__ = (BOTH_WRITE,)


class CredentialUse(SQLModel, table=True):
    """What changes at each use, apart from the secret: every plane writes it."""

    __tablename__ = "identity_credential_use"
    __table_args__ = (BOTH_WRITE,)

    credential: str = Field(primary_key=True)
    account: str = Field(foreign_key=ACCOUNT, index=True)
    last_used_at: int = Field(default=0, sa_type=BigInteger)
    last_step: int = Field(default=0, sa_type=BigInteger)
    """Newest TOTP time step that was accepted: a code works once (RFC 6238 section 5.2)."""
    spent: bool = False
    """A recovery code that was used."""


class SessionColumns(SQLModel):
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


class ConsoleSession(SessionColumns, table=True):
    """A session of the console."""

    __tablename__ = "identity_console_session"
    __table_args__ = (CONSOLE_ONLY,)


class WorkspaceSession(SessionColumns, table=True):
    """A session of the workspace or of a plane beside it."""

    __tablename__ = "identity_workspace_session"
    __table_args__ = (BOTH_WRITE,)


class PendingSignInColumns(SQLModel):
    """A sign-in between its first and its last step."""

    id: str = Field(primary_key=True)
    ticket_hash: str = Field(unique=True)
    plane: str
    account: str = ""
    """Empty until a step has told who it is."""
    passed: str = ""
    """Steps that were passed, with spaces between."""
    notes: str = ""
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


class ApiTokenColumns(SQLModel):
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


class OperationRequestColumns(SQLModel):
    """A dangerous operation that waits for a fresh second factor, or for a second person."""

    id: str = Field(primary_key=True)
    operation: str
    digest: str
    """SHA-256 over operation and arguments."""
    arguments: str
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


class Group(SQLModel, table=True):
    """People who hold the same grants."""

    __tablename__ = "identity_group"
    __table_args__ = (CONSOLE_WRITES,)

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    rev: int = 1
    created_at: int = Field(sa_type=BigInteger)


class Membership(SQLModel, table=True):
    """One account in one group."""

    __tablename__ = "identity_membership"
    __table_args__ = (CONSOLE_WRITES,)

    group: str = Field(primary_key=True, foreign_key="identity_group.id")
    account: str = Field(primary_key=True, foreign_key=ACCOUNT, index=True)


class Grant(SQLModel, table=True):
    """Holder (account or group) × permission or role × scope."""

    __tablename__ = "identity_grant"
    __table_args__ = (UniqueConstraint("holder", "permission", "role", "scope"), CONSOLE_WRITES)

    id: str = Field(primary_key=True)
    holder: str = Field(index=True)
    """Identifier of an account or a group."""
    permission: str = ""
    """Empty where a whole role is granted."""
    role: str = ""
    scope: str = ""
    created_at: int = Field(sa_type=BigInteger)


class Attempts(SQLModel, table=True):
    """Failed attempts of one login ID or one address, known or not (lock-out)."""

    __tablename__ = "identity_attempts"
    __table_args__ = (BOTH_WRITE,)

    subject: str = Field(primary_key=True)
    """Hash of what is counted: people type passwords into the wrong field."""
    failures: int = 0
    last_failure_at: int = Field(default=0, sa_type=BigInteger)


class Setup(SQLModel, table=True):
    """The one row about the making of the first administrator."""

    __tablename__ = "identity_setup"
    __table_args__ = (CONSOLE_ONLY,)

    id: int = Field(primary_key=True)
    claim_hash: str
    tries_left: int
    ticket_hash: str = ""
    notes: str = ""
    """The person and their factor so far, sealed."""
    completed_at: int = Field(default=0, sa_type=BigInteger)


class StoredPolicy(SQLModel, table=True):
    """The one row of rules for passwords, sessions and factors that this company chose."""

    __tablename__ = "identity_policy"
    __table_args__ = (CONSOLE_WRITES,)

    id: int = Field(primary_key=True)
    document: str
    """JSON of `policies.IdentityPolicy`."""
    rev: int = 1
