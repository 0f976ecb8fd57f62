"""Client certificates as they are listed and shown: columns, search, order (F3)."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement, Select, or_
from sqlmodel import col, select

from app.core.errors import NotFound
from app.core.messages import mark
from app.identity import login_ids
from app.identity.client_certificates import WARNED_BEFORE, valid
from app.identity.fields import After, Limit
from app.identity.models import Account, ClientCertificate
from app.operations.context import Context
from app.operations.order import Orders

State = Literal["valid", "ends_soon", "expired", "revoked"]
Sort = Literal[
    "expires_at", "-expires_at", "issued_at", "-issued_at", "device", "-device",
    "login_id", "-login_id", "last_used_at", "-last_used_at",
]  # fmt: skip
OWN: Final = (
    "id", "account", "device", "serial", "fingerprint", "issued_at", "expires_at", "renews",
    "handed_out_at", "revoked_at", "revoked_because", "last_used_at", "last_used_from",
)  # fmt: skip
ORDERS: Final = Orders(
    "id",
    {
        "login_id": Account.login_id,
        **{
            name: getattr(ClientCertificate, name)
            for name in ("id", "device", "issued_at", "expires_at", "last_used_at")
        },
    },
)


Search = Annotated[
    str, Meta(max_length=128, description="Part of device, login ID, name or serial number")
]
StateFilter = Annotated[
    Literal["", "valid", "ends_soon", "expired", "revoked"],
    Meta(description="Only such; empty: all"),
]
OfAccount = Annotated[str, Meta(max_length=64, description="Only this person's; empty: all")]
SortField = Annotated[Sort, Meta(description="Column; - in front: downward")]


class ListCertificates(msgspec.Struct, frozen=True, kw_only=True):
    """Which certificates to list."""

    search: Search = ""
    state: StateFilter = ""
    account: OfAccount = ""
    sort: SortField = "expires_at"
    after: After = ""
    limit: Limit = 50


class ExportCertificates(msgspec.Struct, frozen=True, kw_only=True):
    """Which certificates to hand out as a file: those of a list, all of its pages."""

    search: Search = ""
    state: StateFilter = ""
    account: OfAccount = ""
    sort: SortField = "expires_at"


class CertificateRow(msgspec.Struct, frozen=True, kw_only=True):
    """A client certificate. Times are milliseconds, 0 where the thing has not happened."""

    id: str
    """Identifier."""
    account: str
    """Whose it is."""
    login_id: str
    """Whose it is, by login ID."""
    name: str
    """Whose it is, by name."""
    device: str
    """For which device."""
    serial: str
    """Serial number, hexadecimal."""
    fingerprint: str
    """SHA-256 of the certificate, hexadecimal."""
    state: State
    """valid, ends_soon (within 30 days), expired or revoked."""
    issued_at: int
    """When it was issued."""
    expires_at: int
    """When it ends."""
    renews: str
    """Identifier of the one in whose place it was issued."""
    handed_out_at: int
    """When its file was downloaded."""
    revoked_at: int
    """When it was revoked."""
    revoked_because: str
    """lost, compromised, replaced, left or other."""
    last_used_at: int
    """When it was used last, to the minute."""
    last_used_from: str
    """Address from which it was."""


def question() -> Select[Any]:
    """Return the question for rows, before anything is left out."""
    columns = [getattr(ClientCertificate, name) for name in OWN]
    found: Select[Any] = (
        select(*columns, Account.login_id, Account.name)  # type: ignore[call-overload]
        .select_from(ClientCertificate)
        .join(Account, col(Account.id) == col(ClientCertificate.account))
    )
    return found


def fitting(wanted: ListCertificates | ExportCertificates, now: int) -> list[ColumnElement[bool]]:
    """Return what a list's rows must satisfy."""
    table, found = ClientCertificate, []
    soon = col(table.expires_at) <= now + WARNED_BEFORE
    if wanted.state == "revoked":
        found.append(col(table.revoked_at) > 0)
    elif wanted.state == "expired":
        found.append((col(table.revoked_at) == 0) & (col(table.expires_at) <= now))
    elif wanted.state:
        found.append(valid(now) & (soon if wanted.state == "ends_soon" else ~soon))
    if wanted.account:
        found.append(col(table.account) == wanted.account)
    if wanted.search:
        text = wanted.search
        found.append(
            or_(
                col(table.device).icontains(text, autoescape=True),
                col(Account.login_id).contains(login_ids.fold(text), autoescape=True),
                col(Account.name).contains(text, autoescape=True),
                col(table.serial).startswith(text.upper().replace(":", ""), autoescape=True),
            )
        )
    return found


def read(context: Context, identifier: str) -> CertificateRow:
    """Return one certificate as it is shown. Raise NotFound."""
    context.session.flush()
    row = (
        context.session.connection()
        .execute(question().where(col(ClientCertificate.id) == identifier))
        .first()
    )
    if row is None:
        raise NotFound(kind=mark("client certificate"), name=identifier)
    return row_of(dict(row._mapping), context.now)  # noqa: SLF001 - SQLAlchemy's documented name


def row_of(values: object, now: int) -> CertificateRow:
    """Return a row of the question as it is shown."""
    found = dict(values)  # type: ignore[call-overload]
    return CertificateRow(**found, state=_state(found["revoked_at"], found["expires_at"], now))


def _state(revoked_at: int, expires_at: int, now: int) -> State:
    if revoked_at:
        return "revoked"
    if expires_at <= now:
        return "expired"
    return "ends_soon" if expires_at <= now + WARNED_BEFORE else "valid"
