"""Certificates for devices of people: issued, handed out once, renewed, revoked (F3)."""

import base64
from collections.abc import Iterator
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import delete, update
from sqlmodel import col

from app.core.clock import DAY, HOUR
from app.core.errors import InvalidInput, NotFound
from app.core.identifiers import new_identifier
from app.core.messages import mark
from app.core.secret import Secret
from app.identity import (
    account_rows,
    client_authority,
    client_bundles,
    own_way,
    rights,
    session_rows,
)
from app.identity.client_authority import LONGEST_DAYS
from app.identity.client_certificate_rows import (
    CertificateRow,
    read,
)
from app.identity.client_certificates import LONGEST_DEVICE
from app.identity.fields import AccountId
from app.identity.models import Account, ClientBundle, ClientCertificate
from app.operations.context import Context, Plane
from app.operations.download import Download
from app.operations.operation import Effect, Route, Tier, operation
from app.operations.permissions import Permission

ON_CONSOLE: Final = (Plane.CONSOLE,)
BUNDLE_LASTS: Final = HOUR
"""In which the file must be downloaded."""

Reason = Literal["lost", "compromised", "replaced", "left", "other"]
CertificateId = Annotated[str, Meta(max_length=64, description="Identifier of the certificate")]
Device = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_DEVICE,
        pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]*$(?!\n)",
        description="What the device is called, such as Sales laptop 12",
    ),
]
Days = Annotated[int, Meta(ge=1, le=LONGEST_DAYS, description="Days in which it is valid")]


class NewCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate to be issued."""

    account: AccountId
    device: Device
    days: Days = 365


class Renewal(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate to be issued in the place of another, for the same device."""

    certificate: CertificateId
    days: Days = 365


class CertificateRef(msgspec.Struct, frozen=True, kw_only=True):
    """One certificate."""

    certificate: CertificateId


class Revocation(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate to be revoked, for good."""

    certificate: CertificateId
    reason: Annotated[Reason, Meta(description="Why")]


class IssuedCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A new certificate; its file waits to be downloaded once."""

    certificate: CertificateRow
    """The certificate."""
    password: Secret
    """Opens the file. It is told here, and kept nowhere."""
    until: int
    """Until when the file can be downloaded (ms)."""


@operation(
    "client_certificates.get",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/client-certificates/{certificate}"),
)
def get_certificate(context: Context, which: CertificateRef) -> CertificateRow:
    """Show one client certificate."""
    return read(context, which.certificate)


@operation(
    "client_certificates.issue",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/client-certificates", 201),
)
def issue_certificate(context: Context, new: NewCertificate) -> IssuedCertificate:
    """Issue a certificate for a device of a person; its file is downloaded once.

    Raise BeyondYourRights for a person who may do more than the actor.
    """
    return _issue(context, new)


@operation(
    "client_certificates.renew",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/client-certificates/{certificate}/renew", 201),
)
def renew_certificate(context: Context, wanted: Renewal) -> IssuedCertificate:
    """Issue a certificate in the place of another; that one is valid until it ends or is revoked.

    Raise BeyondYourRights for a person who may do more than the actor.
    """
    old = _find(context, wanted.certificate)
    new = NewCertificate(account=old.account, device=old.device, days=wanted.days)
    return _issue(context, new, renews=old.id)


@operation(
    "client_certificates.download",
    permission=Permission.ACCOUNTS_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/client-certificates/{certificate}/download"),
)
def download_certificate(context: Context, which: CertificateRef) -> Download:
    """Hand out the file of a new certificate, once, to the person who has issued it."""
    session, now = context.session, context.now
    found = session.get(ClientBundle, which.certificate)
    if found is None or found.made_for != context.actor.account or found.expires_at <= now:
        raise NotFound(kind=mark("file of a certificate"), name=which.certificate)
    row = _find(context, which.certificate)
    taken = session.exec(
        delete(ClientBundle).where(col(ClientBundle.certificate) == which.certificate)
    )
    if taken.rowcount != 1:  # another request was faster
        raise NotFound(kind=mark("file of a certificate"), name=which.certificate)
    session.exec(
        update(ClientCertificate)
        .where(col(ClientCertificate.id) == row.id)
        .values(handed_out_at=now)
    )
    opened = context.appliance.keyring.open(_purpose(row.id), found.bundle)
    content = base64.b64decode(opened.reveal())
    return Download(f"{row.device}.p12", "application/x-pkcs12", _once(content))


@operation(
    "client_certificates.revoke",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    in_reserve=True,
    planes=ON_CONSOLE,
    route=Route("POST", "/client-certificates/{certificate}/revoke"),
)
def revoke_certificate(context: Context, which: Revocation) -> CertificateRow:
    """Revoke a certificate for good; sessions that began with it end at once.

    Raise OwnWayClosed or LastOwner where it would shut out who asks, or every owner.
    """
    session = context.session
    with rights.an_owner_remains(session):
        row = _find(context, which.certificate)
        _require_reach(context, account_rows.by_id(session, row.account))
        if not row.revoked_at:
            row.revoked_at, row.revoked_by = context.now, context.actor.account
            row.revoked_because = which.reason
            session.exec(delete(ClientBundle).where(col(ClientBundle.certificate) == row.id))
            ended = session_rows.end_of_certificate(session, row.id, "certificate")
            context.event.change("revoked_because", None, which.reason)
            context.event.numbers["sessions"] = ended
        own_way.require(context)
    return read(context, row.id)


def _issue(context: Context, new: NewCertificate, renews: str = "") -> IssuedCertificate:
    session, now, appliance = context.session, context.now, context.appliance
    account = account_rows.by_id(session, new.account)
    _require_reach(context, account)
    if account.state != account_rows.ACTIVE:
        raise InvalidInput(field="account", reason=mark("This account is suspended."))
    authority = client_authority.ensure_authority(appliance.settings, appliance.keyring, now)
    issued = client_authority.issue(authority, account.login_id, new.device, new.days, now)
    row = ClientCertificate(
        id=new_identifier(),
        account=account.id,
        device=new.device,
        serial=issued.serial,
        fingerprint=issued.fingerprint,
        issued_at=now,
        issued_by=context.actor.account,
        expires_at=now + new.days * DAY,
        renews=renews,
    )
    session.add(row)
    session.flush()
    password = client_bundles.new_password()
    content = client_bundles.bundle(
        issued, authority.certificate, f"{account.login_id} {new.device}", password
    )
    session.exec(delete(ClientBundle).where(col(ClientBundle.expires_at) <= now))
    sealed = appliance.keyring.seal(_purpose(row.id), Secret(base64.b64encode(content).decode()))
    until = now + BUNDLE_LASTS
    session.add(
        ClientBundle(
            certificate=row.id, bundle=sealed, made_for=context.actor.account, expires_at=until
        )
    )
    session.flush()
    event = context.event
    event.about("client_certificate", row.id, new.device)
    event.references["account"] = account.id
    event.after["serial"], event.numbers["days"] = row.serial, new.days
    return IssuedCertificate(certificate=read(context, row.id), password=password, until=until)


def _once(content: bytes) -> Iterator[bytes]:
    yield content


def _purpose(certificate: str) -> str:
    return f"client bundle {certificate}"


def _require_reach(context: Context, account: Account) -> None:
    rights.require_reach(context.actor, rights.held_by(context.session, account, context.now))


def _find(context: Context, identifier: str) -> ClientCertificate:
    """Return a certificate, and name it in the event. Raise NotFound."""
    found = context.session.get(ClientCertificate, identifier)
    if found is None:
        raise NotFound(kind=mark("client certificate"), name=identifier)
    context.event.about("client_certificate", found.id, found.device)
    context.event.references["account"] = found.account
    return found
