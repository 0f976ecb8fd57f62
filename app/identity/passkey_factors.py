"""Passkeys as second factors: kept beside the authenticator apps, found, and used.

The same rule of planes holds as for every factor (`factors.py`).
"""

import msgspec
from sqlalchemy import update
from sqlmodel import Session, col, select

from app.core.identifiers import new_identifier
from app.core.secret import Secret
from app.identity import factors, passkeys
from app.identity.errors import PasskeyCopied, PasskeyRefused
from app.identity.factors import Holder
from app.identity.models import CredentialColumns, CredentialUse
from app.identity.passkeys import Passkey
from app.identity.planes import CREDENTIALS, on_plane, readable_on
from app.identity.relying_party import RelyingParty
from app.operations.context import Plane


def add(holder: Holder, name: str, passkey: Passkey, counter: int, now: int) -> str:
    """Keep a passkey. Return its identifier. Raise PasskeyRefused if it is somebody's already."""
    for table in readable_on(CREDENTIALS, Plane.WORKSPACE):  # whoever's, on whichever plane
        taken = select(table.id).where(table.reference == passkey.credential)
        if holder.session.exec(taken).first():
            raise PasskeyRefused
    identifier = new_identifier()
    document = Secret(msgspec.json.encode(passkey).decode())
    holder.session.add(
        on_plane(CREDENTIALS, holder.plane)(
            id=identifier,
            account=holder.account,
            kind=factors.PASSKEY,
            name=name,
            secret=holder.keyring.seal(factors.purpose(identifier), document),
            reference=passkey.credential,
            rp_id=passkey.rp_id,
            state=factors.ACTIVE,
            created_at=now,
        )
    )
    use = CredentialUse(credential=identifier, account=holder.account, last_step=counter)
    holder.session.add(use)
    holder.session.flush()
    return identifier


def known(holder: Holder, rp_id: str = "") -> list[Passkey]:
    """Return the passkeys that count on this plane; with `rp_id` only those that work there."""
    return [
        _open(holder, found)
        for found in factors.active(holder)
        if found.kind == factors.PASSKEY and rp_id in ("", found.rp_id)
    ]


def holder_of(session: Session, plane: str, credential: str) -> str:
    """Return the account whose passkey counts on `plane` under this credential ID, or nothing."""
    for table in readable_on(CREDENTIALS, plane):
        found = session.exec(
            select(table.account).where(
                table.reference == credential,
                table.kind == factors.PASSKEY,
                table.state == factors.ACTIVE,
            )
        ).first()
        if found:
            return found
    return ""


def use(
    holder: Holder,
    party: RelyingParty,
    challenge: bytes,
    answer: Secret,
    now: int,
    *,
    verify: bool = False,
) -> str:
    """Accept the answer of one of the person's passkeys. Return that one's identifier.

    Raise PasskeyRefused, or PasskeyCopied where its counter does not go on.
    """
    named = passkeys.credential_of(answer)
    for found in factors.active(holder):
        if found.kind == factors.PASSKEY and found.reference == named:
            counter = passkeys.check(party, challenge, answer, _open(holder, found), verify=verify)
            _count(holder, found, counter, now)
            return found.id
    raise PasskeyRefused


def _count(holder: Holder, found: CredentialColumns, counter: int, now: int) -> None:
    """Keep the counter, if it went on. Authenticators without one always say 0."""
    goes_on = col(CredentialUse.last_step) < counter
    if counter == 0:
        goes_on = col(CredentialUse.last_step) == 0
    counted = holder.session.exec(
        update(CredentialUse)
        .where(col(CredentialUse.credential) == found.id, goes_on)
        .values(last_step=counter, last_used_at=now)
    )
    if counted.rowcount != 1:
        raise PasskeyCopied


def _open(holder: Holder, found: CredentialColumns) -> Passkey:
    document = holder.keyring.open(factors.purpose(found.id), found.secret)
    return msgspec.json.decode(document.reveal(), type=Passkey)
