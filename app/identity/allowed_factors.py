"""Which kinds of second factors a plane accepts, as a company chooses (F11).

A factor of another kind proves its person only while they hold none that is accepted: they then add
one before they come in. So a new rule shuts out nobody who can add a factor, and whoever stole a
password gains nothing. A recovery code can be asked for by a false page, as a code of an app can:
where passkeys alone are accepted it does no more either.
"""

from collections.abc import Collection
from typing import Final

from app.core.secret import Secret
from app.identity import factors, passkey_factors, policies, relying_party
from app.identity.errors import FactorNotAccepted
from app.identity.factors import PASSKEY, RECOVERY_CODE, TOTP, Holder
from app.identity.policies import APPS_ONLY, BOTH, PASSKEYS_ONLY, IdentityPolicy
from app.operations.context import Context

_KINDS: Final = {
    BOTH: frozenset({PASSKEY, TOTP}),
    PASSKEYS_ONLY: frozenset({PASSKEY}),
    APPS_ONLY: frozenset({TOTP}),
}


def accepted(rules: IdentityPolicy, plane: str) -> frozenset[str]:
    """Return the kinds that a plane accepts."""
    return _KINDS[rules.factors_on(plane)]


def addable(context: Context, rules: IdentityPolicy, plane: str) -> frozenset[str]:
    """Return the kinds that somebody could add now, at the address by which they called."""
    here = relying_party.here(context, rules) is not None
    return frozenset(kind for kind in accepted(rules, plane) if here or kind != PASSKEY)


def first_codes(context: Context, holder: Holder) -> list[Secret]:
    """Return recovery codes for whoever has none yet, where they are of use."""
    rules = policies.load(context.session)
    if RECOVERY_CODE in factors.kinds(holder) or not _codes_help(rules, holder.plane):
        return []
    return factors.renew_recovery_codes(holder, context.now)


def fitting(context: Context, rules: IdentityPolicy, holder: Holder) -> frozenset[str]:
    """Return the accepted kinds of which the person holds one, on a name that is still ours."""
    held = factors.kinds(holder) & accepted(rules, holder.plane)
    name = relying_party.rp_id(rules, context.appliance.settings)
    if PASSKEY in held and not passkey_factors.known(holder, name):
        return held - {PASSKEY}
    return held


def refused(
    rules: IdentityPolicy, plane: str, held: Collection[str], fits: Collection[str]
) -> frozenset[str]:
    """Return the kinds that prove nothing, since the person holds an accepted one."""
    if not fits:
        return frozenset()
    counting = accepted(rules, plane) | ({RECOVERY_CODE} if _codes_help(rules, plane) else set())
    return frozenset(held) - counting


def refused_of(context: Context, holder: Holder) -> frozenset[str]:
    """Return the kinds of a person's factors that prove nothing on their plane."""
    rules = policies.load(context.session)
    fits = fitting(context, rules, holder)
    return refused(rules, holder.plane, factors.kinds(holder), fits)


def require_accepted(context: Context, kind: str) -> None:
    """Raise FactorNotAccepted where the plane of the person leaves this kind out."""
    if kind not in accepted(policies.load(context.session), context.plane):
        raise FactorNotAccepted


def _codes_help(rules: IdentityPolicy, plane: str) -> bool:
    """Tell whether recovery codes are of use: no code replaces a lost passkey."""
    return TOTP in accepted(rules, plane)
