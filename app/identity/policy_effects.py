"""What other rules would do to people, told before they are put into force.

Counted over everybody who could sign in. What a password looks like nobody knows: its length is
measured again when its person types it.
"""

from collections.abc import Iterable

import msgspec
from sqlmodel import Session, col, select

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.core.settings import Settings
from app.identity import (
    account_rows,
    demanding,
    factor_effects,
    factors,
    own_roles,
    password_rules,
    relying_party,
)
from app.identity.errors import OwnerLosesPasskey
from app.identity.models import Account, Password
from app.identity.planes import SESSIONS
from app.identity.policies import IdentityPolicy
from app.operations.context import Plane


class Affected(msgspec.Struct, frozen=True):
    """One person whom a change concerns."""

    account: str
    """Identifier."""
    name: str
    """As others see it."""
    login_id: str
    """Login ID."""


class Effects(msgspec.Struct, frozen=True, kw_only=True):
    """What other rules would do, by name."""

    enrol: list[Affected]
    """Have no second factor and would need one."""
    signed_out: list[Affected]
    """Have a session that would end at once."""
    change_password: list[Affected]
    """Would have to choose another password at their next sign-in."""
    lose_passkey: list[Affected]
    """Hold a passkey that would work no more."""
    without_console_factor: list[Affected]
    """Hold factors, but none that the console would still accept."""
    without_workspace_factor: list[Affected]
    """The same of the workspace."""


def judge(
    session: Session, settings: Settings, before: IdentityPolicy, after: IdentityPolicy
) -> None:
    """Raise where rules contradict each other, or would leave an owner without a factor."""
    if after.password.preset == password_rules.NIST and after.password.minimum_alone < 15:
        reason = mark("NIST SP 800-63B-4 asks for at least 15 characters.")
        raise InvalidInput(field="minimum_alone", reason=reason)
    if 0 < after.password.maximum < after.password.minimum_alone:
        reason = mark("This is less than the fewest characters.")
        raise InvalidInput(field="maximum", reason=reason)
    known = relying_party.host_names(settings)
    if after.rp_id and not any(relying_party.covers(after.rp_id, name) for name in known):
        reason = mark("The appliance is not called by this name, nor by one below it.")
        raise InvalidInput(field="rp_id", reason=reason)
    unknown = set(after.second_factor_roles) - own_roles.role_names(session).keys()
    if unknown - set(before.second_factor_roles):  # a role that went away since is no obstacle
        raise InvalidInput(field="second_factor_roles", reason=mark("There is no such role."))
    lost = _lost(session, settings, before, after)
    held = factor_effects.held_on(session, Plane.WORKSPACE)
    left = {each.account for each in held if each.kind == factors.TOTP}
    for owner in _people(session):
        if owner.is_owner and owner.id in lost and owner.id not in left:
            raise OwnerLosesPasskey(name=owner.name)
    factor_effects.judge(session, settings, before, after)


def effects(
    session: Session, settings: Settings, before: IdentityPolicy, after: IdentityPolicy, now: int
) -> Effects:
    """Return whom other rules concern."""
    people = _people(session)

    def named(accounts: Iterable[str]) -> list[Affected]:
        wanted = set(accounts)
        return [Affected(each.id, each.name, each.login_id) for each in people if each.id in wanted]

    def without(plane: str) -> set[str]:
        return factor_effects.newly_without(session, settings, before, after, plane)

    everybody = [each.id for each in people]
    newly = demanding.demanded_of(session, after, everybody, now) - demanding.demanded_of(
        session, before, everybody, now
    )
    held = factor_effects.held_on(session, Plane.WORKSPACE)
    return Effects(
        enrol=named(newly - {each.account for each in held}),
        signed_out=named(_signed_out(session, after, now)),
        change_password=named(_expired(session, before, after, now)),
        lose_passkey=named(_lost(session, settings, before, after)),
        without_console_factor=named(without(Plane.CONSOLE)),
        without_workspace_factor=named(without(Plane.WORKSPACE)),
    )


def _people(session: Session) -> list[Account]:
    return list(
        session.exec(
            select(Account)
            .where(Account.state == account_rows.ACTIVE)
            .order_by(col(Account.login_id))
        )
    )


def _lost(
    session: Session, settings: Settings, before: IdentityPolicy, after: IdentityPolicy
) -> set[str]:
    old, new = relying_party.rp_id(before, settings), relying_party.rp_id(after, settings)
    if old == new:
        return set()
    return {
        each.account
        for each in factor_effects.held_on(session, Plane.WORKSPACE)
        if each.kind == factors.PASSKEY and each.rp_id == old
    }


def _signed_out(session: Session, after: IdentityPolicy, now: int) -> set[str]:
    found = set()
    for table in SESSIONS:
        for row in session.exec(select(table).where(table.ended_at == 0, table.expires_at > now)):
            runs = now < row.seen_at + row.idle_limit
            would = now < min(
                row.seen_at + after.idle_limit(row.plane),
                row.started_at + after.longest_session(row.plane),
            )
            if runs and not would:
                found.add(row.account)
    return found


def _expired(session: Session, before: IdentityPolicy, after: IdentityPolicy, now: int) -> set[str]:
    return {
        kept.account
        for kept in session.exec(select(Password))
        if password_rules.is_expired(after.password, kept.changed_at, now)
        and not password_rules.is_expired(before.password, kept.changed_at, now)
    }
