"""What proves an identity: password, factors, and what is counted about attempts."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.core.rows import Row
from app.identity.access import (
    ACCOUNT,
    BOTH_WRITE,
    CONSOLE_WRITES,
    renewed_by_workspace,
    sealed,
)


class Password(Row, table=True):
    """The one password of an account (F12)."""

    __tablename__ = "identity_password"
    __table_args__ = (
        renewed_by_workspace("hash", "stands_alone", "must_change", "valid_until", "changed_at"),
    )

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


class CredentialColumns(Row):
    """One proof of identity beyond the password."""

    id: str = Field(primary_key=True)
    account: str = Field(foreign_key=ACCOUNT, index=True)
    kind: str
    """totp, recovery_code, passkey, client_certificate, external or email_code."""
    name: str
    secret: str = Field(sa_column_kwargs=sealed("identity credential {id}"))
    """Sealed (TOTP, passkey) or a keyed hash (recovery codes)."""
    reference: str = Field(default="", index=True)
    """Credential ID of a passkey, base64url: its answer names it."""
    rp_id: str = ""
    """Host name that a passkey is bound to."""
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


class CredentialUse(Row, table=True):
    """What changes at each use, apart from the secret: every plane writes it."""

    __tablename__ = "identity_credential_use"
    __table_args__ = (BOTH_WRITE,)

    credential: str = Field(primary_key=True)
    account: str = Field(foreign_key=ACCOUNT, index=True)
    last_used_at: int = Field(default=0, sa_type=BigInteger)
    last_step: int = Field(default=0, sa_type=BigInteger)
    """Newest TOTP time step that was accepted: a code works once (RFC 6238 section 5.2). Of a
    passkey the newest signature counter: one that goes back is a copy."""
    spent: bool = False
    """A recovery code that was used."""


class Attempts(Row, table=True):
    """Failed attempts of one login ID or one address, known or not (lock-out)."""

    __tablename__ = "identity_attempts"
    __table_args__ = (BOTH_WRITE,)

    subject: str = Field(primary_key=True)
    """Hash of what is counted: people type passwords into the wrong field."""
    failures: int = 0
    last_failure_at: int = Field(default=0, sa_type=BigInteger, index=True)
