"""Whom another choice of accepted factors would concern, and whether an owner would be shut out."""

from sqlmodel import Session, col, select

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.core.settings import Settings
from app.identity import account_rows, allowed_factors, factors, relying_party
from app.identity.errors import OwnerWithoutFactor
from app.identity.models import Account, CredentialColumns
from app.identity.planes import CREDENTIALS, readable_on
from app.identity.policies import PASSKEYS_ONLY, IdentityPolicy
from app.operations.context import Plane


def held_on(session: Session, plane: str) -> list[CredentialColumns]:
    """Return the factors that count on a plane, but for recovery codes: they only stand in."""
    return [
        found
        for table in readable_on(CREDENTIALS, plane)
        for found in session.exec(
            select(table).where(
                table.state == factors.ACTIVE, col(table.kind).in_(sorted(factors.NAMED))
            )
        )
    ]


def newly_without(
    session: Session,
    settings: Settings,
    before: IdentityPolicy,
    after: IdentityPolicy,
    plane: str,
) -> set[str]:
    """Return whose factors a plane would accept none of any more."""
    return _without(session, settings, after, plane) - _without(session, settings, before, plane)


def judge(
    session: Session, settings: Settings, before: IdentityPolicy, after: IdentityPolicy
) -> None:
    """Raise where passkeys are demanded that cannot be, or an owner would be shut out."""
    for field in ("console_factors", "workspace_factors"):
        if getattr(after, field) == PASSKEYS_ONLY and not relying_party.rp_id(after, settings):
            reason = mark("The appliance has no host name, so there are no passkeys.")
            raise InvalidInput(field=field, reason=reason)
    shut_out = newly_without(session, settings, before, after, Plane.CONSOLE)
    owners = select(Account).where(Account.state == account_rows.ACTIVE, Account.is_owner)
    for owner in session.exec(owners):
        if owner.id in shut_out:
            raise OwnerWithoutFactor(name=owner.name)


def _without(session: Session, settings: Settings, rules: IdentityPolicy, plane: str) -> set[str]:
    name = relying_party.rp_id(rules, settings)
    accepted = allowed_factors.accepted(rules, plane)
    holders, fitted = set(), set()
    for each in held_on(session, plane):
        holders.add(each.account)
        if each.kind in accepted and (each.kind != factors.PASSKEY or each.rp_id == name):
            fitted.add(each.account)
    return holders - fitted
