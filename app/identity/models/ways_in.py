"""From where and with what people come in: access rules, client certificates."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.core.rows import Row
from app.identity.access import (
    ACCOUNT,
    CONSOLE_ONLY,
    CONSOLE_WRITES,
    renewed_by_workspace,
    sealed,
)


class AccessRule(Row, table=True):
    """What an area, a role or one person asks of whoever comes in, beside password and factors."""

    __tablename__ = "identity_access_rule"
    __table_args__ = (CONSOLE_WRITES,)

    kind: str = Field(primary_key=True)
    """area, role or account."""
    subject: str = Field(primary_key=True)
    """Name of the area, role or its identifier, identifier of the account."""
    networks: str = "[]"
    """JSON list of the networks from which alone they may come; empty: from everywhere."""
    certificate: bool = False
    """They need a client certificate of their own."""
    rev: int = 1
    changed_by: str = ""
    changed_at: int = Field(sa_type=BigInteger)


class ClientCertificate(Row, table=True):
    """A certificate that the appliance has issued for one device of one person."""

    __tablename__ = "identity_client_certificate"
    __table_args__ = (renewed_by_workspace("last_used_at", "last_used_from"),)

    id: str = Field(primary_key=True)
    account: str = Field(foreign_key=ACCOUNT, index=True)
    device: str
    """As its administrator calls it."""
    serial: str = Field(unique=True)
    """Hexadecimal, as nginx and browsers write it."""
    fingerprint: str = Field(unique=True)
    """SHA-256 of the whole certificate, hexadecimal: what each request is compared with."""
    issued_at: int = Field(sa_type=BigInteger)
    issued_by: str = ""
    expires_at: int = Field(sa_type=BigInteger, index=True)
    renews: str = ""
    """Certificate in whose place it was issued."""
    handed_out_at: int = Field(default=0, sa_type=BigInteger)
    """When its file was downloaded; 0: not yet, or never."""
    revoked_at: int = Field(default=0, sa_type=BigInteger, index=True)
    revoked_by: str = ""
    revoked_because: str = ""
    """lost, compromised, replaced, left or other."""
    last_used_at: int = Field(default=0, sa_type=BigInteger)
    """Written at most once a minute."""
    last_used_from: str = ""


class ClientBundle(Row, table=True):
    """The file of a new certificate and its key, until it is downloaded, once."""

    __tablename__ = "identity_client_bundle"
    __table_args__ = (CONSOLE_ONLY,)

    certificate: str = Field(primary_key=True, foreign_key="identity_client_certificate.id")
    bundle: str = Field(sa_column_kwargs=sealed("client bundle {certificate}"))
    """PKCS#12 in base64, sealed; its password stands nowhere."""
    made_for: str
    """Account that may download it: who has issued it."""
    expires_at: int = Field(sa_type=BigInteger, index=True)
