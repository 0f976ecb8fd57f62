"""Second factors: named authenticator apps, passkeys, recovery codes; where they stand, their use.

A factor that was enrolled on the console counts on every plane, one enrolled elsewhere never on
the console (`planes.readable_on`). A new one counts after its first valid code (F11).
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.core.clock import MINUTE
from app.core.identifiers import new_identifier
from app.core.keyring import KeyRing
from app.core.secret import Secret
from app.identity import recovery_codes, totp
from app.identity.errors import CodeAlreadyUsed, WrongCode, WrongRecoveryCode
from app.identity.models import CredentialColumns, CredentialUse
from app.identity.planes import CREDENTIALS, on_plane, readable_on

TOTP: Final = "totp"
PASSKEY: Final = "passkey"
RECOVERY_CODE: Final = "recovery_code"
NAMED: Final = frozenset({TOTP, PASSKEY})
"""Kinds that a person names and proves themselves with again; recovery codes only sign in."""
PROVING: Final = frozenset({TOTP, PASSKEY, RECOVERY_CODE})
"""The steps of a sign-in that use a factor are called as its kind."""
ACTIVE: Final = "active"
PENDING: Final = "pending"
PENDING_LIMIT: Final = 5
"""Authenticators of one account that were begun and not finished; older ones are dropped."""
PENDING_LASTS: Final = 10 * MINUTE
"""How long the secret of a begun one may be shown again."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose factors, as one plane sees them."""

    session: Session
    keyring: KeyRing
    plane: str
    account: str


def active(holder: Holder) -> list[CredentialColumns]:
    """Return the factors that count on this plane, recovery codes included."""
    return [found for found in _all(holder) if found.state == ACTIVE]


def kinds(holder: Holder) -> frozenset[str]:
    """Return the kinds of factors that could be used now: spent recovery codes do not count."""
    spent = holder.session.exec(
        select(CredentialUse.credential).where(
            CredentialUse.account == holder.account, col(CredentialUse.spent)
        )
    ).all()
    return frozenset(found.kind for found in active(holder) if found.id not in spent)


def may_prove(holder: Holder) -> bool:
    """Tell whether the person holds a factor with which they could prove that it is them."""
    return not NAMED.isdisjoint(kinds(holder))


def add_totp(holder: Holder, name: str, secret: Secret, now: int, *, state: str) -> str:
    """Keep an authenticator, its secret sealed. Return its identifier."""
    table = on_plane(CREDENTIALS, holder.plane)
    pending = holder.session.exec(
        select(table.id)
        .where(table.account == holder.account, table.state == PENDING)
        .order_by(col(table.id).desc())
    ).all()
    _delete(holder.session, (table,), list(pending[PENDING_LIMIT - 1 :]))
    identifier = new_identifier()
    sealed = holder.keyring.seal(purpose(identifier), secret)
    holder.session.add(
        table(
            id=identifier,
            account=holder.account,
            kind=TOTP,
            name=name,
            secret=sealed,
            state=state,
            created_at=now,
        )
    )
    holder.session.add(CredentialUse(credential=identifier, account=holder.account))
    holder.session.flush()
    return identifier


def begun_totp(holder: Holder, identifier: str, now: int) -> Secret | None:
    """Return the secret of an authenticator that was begun within ten minutes, else None."""
    table = on_plane(CREDENTIALS, holder.plane)
    found = holder.session.exec(
        select(table).where(
            table.id == identifier,
            table.account == holder.account,
            table.state == PENDING,
            table.created_at > now - PENDING_LASTS,
        )
    ).first()
    return holder.keyring.open(purpose(found.id), found.secret) if found else None


def activate(holder: Holder, identifier: str, code: Secret, now: int) -> None:
    """Let a new authenticator count, after its first valid code. Raise WrongCode."""
    table = on_plane(CREDENTIALS, holder.plane)
    found = holder.session.exec(
        select(table).where(
            table.id == identifier, table.account == holder.account, table.state == PENDING
        )
    ).first()
    if found is None:
        raise WrongCode(seconds=totp.seconds_to_next(now))
    _accept(holder, [found], code, now)
    found.state = ACTIVE
    holder.session.flush()


def use_totp(holder: Holder, code: Secret, now: int) -> str:
    """Accept a code of one of the person's authenticators, once. Return that one's identifier.

    Raise WrongCode, or CodeAlreadyUsed for a code that was accepted before (also by a request that
    ran at the same time).
    """
    return _accept(holder, [each for each in active(holder) if each.kind == TOTP], code, now)


def use_recovery_code(holder: Holder, code: Secret, now: int) -> str:
    """Accept a recovery code, once. Return its identifier. Raise WrongRecoveryCode."""
    hashed = Secret(recovery_codes.hash_code(holder.keyring, holder.account, code))
    for found in active(holder):
        if found.kind == RECOVERY_CODE and hashed.matches(found.secret):
            spent = holder.session.exec(
                update(CredentialUse)
                .where(col(CredentialUse.credential) == found.id, ~col(CredentialUse.spent))
                .values(spent=True, last_used_at=now)
            )
            if spent.rowcount == 1:
                return found.id
    raise WrongRecoveryCode


def renew_recovery_codes(holder: Holder, now: int) -> list[Secret]:
    """Replace the recovery codes of this plane by ten new ones, to be shown once."""
    table = on_plane(CREDENTIALS, holder.plane)
    old = holder.session.exec(
        select(table.id).where(table.account == holder.account, table.kind == RECOVERY_CODE)
    ).all()
    _delete(holder.session, (table,), list(old))
    codes = recovery_codes.new_codes()
    for number, code in enumerate(codes, 1):
        identifier = new_identifier()
        holder.session.add(
            table(
                id=identifier,
                account=holder.account,
                kind=RECOVERY_CODE,
                name=str(number),
                secret=recovery_codes.hash_code(holder.keyring, holder.account, code),
                state=ACTIVE,
                created_at=now,
            )
        )
        holder.session.add(CredentialUse(credential=identifier, account=holder.account))
    holder.session.flush()
    return codes


def remove(session: Session, plane: str, identifiers: list[str]) -> None:
    """Remove factors that were enrolled on `plane`."""
    _delete(session, (on_plane(CREDENTIALS, plane),), identifiers)


def remove_all(session: Session, account: str) -> int:
    """Remove every factor of one person on every plane. Return how many there were."""
    found = [
        identifier
        for table in CREDENTIALS
        for identifier in session.exec(select(table.id).where(table.account == account))
    ]
    _delete(session, CREDENTIALS, found)
    return len(found)


def _all(holder: Holder) -> list[CredentialColumns]:
    return [
        found
        for table in readable_on(CREDENTIALS, holder.plane)
        for found in holder.session.exec(
            select(table).where(table.account == holder.account).order_by(col(table.id))
        )
    ]


def _accept(holder: Holder, authenticators: list[CredentialColumns], code: Secret, now: int) -> str:
    seconds = totp.seconds_to_next(now)
    for authenticator in authenticators:
        secret = holder.keyring.open(purpose(authenticator.id), authenticator.secret)
        step = totp.matching_step(secret, code, now)
        if step is None:
            continue
        fresh = holder.session.exec(
            update(CredentialUse)
            .where(
                col(CredentialUse.credential) == authenticator.id,
                col(CredentialUse.last_step) < step,
            )
            .values(last_step=step, last_used_at=now)
        )
        if fresh.rowcount != 1:
            raise CodeAlreadyUsed(seconds=seconds)
        return authenticator.id
    raise WrongCode(seconds=seconds)


def _delete(
    session: Session, tables: tuple[type[CredentialColumns], ...], identifiers: list[str]
) -> None:
    for table in tables:
        session.exec(delete(table).where(col(table.id).in_(identifiers)))
    session.exec(delete(CredentialUse).where(col(CredentialUse.credential).in_(identifiers)))


def purpose(identifier: str) -> str:
    """Return what the secret of a factor is sealed for."""
    return f"identity credential {identifier}"
