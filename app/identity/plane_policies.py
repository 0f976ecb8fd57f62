"""What each plane asks of a sign-in. Another plane is one more entry: `register`."""

from dataclasses import replace
from typing import Final

from app.identity.errors import (
    CertificateNeeded,
    Counted,
    NoSecondFactor,
    NotForThisPlane,
    NotFromHere,
    PasskeyElsewhere,
    PasskeyNeeded,
)
from app.identity.factors import PASSKEY, PROVING
from app.identity.roles import is_administrative
from app.identity.sign_in import Facts, Policy, Requirement
from app.operations.context import Plane

SECOND_FACTOR: Final = "second factor"
SHUT_OUT: Final[dict[str, type[Counted]]] = {
    "network": NotFromHere,
    "certificate": CertificateNeeded,
}
"""What access rules keep people out by."""
ENROLLING: Final = ("enrol", "enrol_passkey")
FACTOR_STEPS: Final = ("passkey", "totp", "recovery_code", *ENROLLING)


def _governs(facts: Facts) -> bool:
    return any(is_administrative(name) for name, _ in facts.rights.grants())


def _has_or_needs_factor(facts: Facts) -> bool:
    return bool(facts.factors) or facts.factor_demanded


def _lacks_accepted(facts: Facts) -> bool:
    return facts.lacks_accepted


def _must_change_password(facts: Facts) -> bool:
    return facts.must_change_password


IDENTIFY: Final = Requirement("password", ("password",))
INVITED: Final = Requirement("invitation", ("invitation",))
ACCEPTED_FACTOR: Final = Requirement("accepted factor", ENROLLING, _lacks_accepted)
BY_PASSKEY: Final = Requirement("passkey alone", ("passkey_alone",))
NEW_PASSWORD: Final = Requirement("new password", ("new_password",), _must_change_password)

CONSOLE: Final = Policy(
    plane=Plane.CONSOLE,
    requirements=(
        IDENTIFY,
        Requirement(SECOND_FACTOR, FACTOR_STEPS),
        ACCEPTED_FACTOR,
        NEW_PASSWORD,
    ),
    admits=_governs,
    proving=PROVING,
)
"""Always a second factor (METI-50), and only people who administer something."""

WORKSPACE: Final = Policy(
    plane=Plane.WORKSPACE,
    requirements=(
        IDENTIFY,
        Requirement(SECOND_FACTOR, FACTOR_STEPS, _has_or_needs_factor),
        ACCEPTED_FACTOR,
        NEW_PASSWORD,
    ),
    proving=PROVING,
)

_policies: Final[dict[str, Policy]] = {policy.plane: policy for policy in (CONSOLE, WORKSPACE)}


def policy_of(plane: str) -> Policy:
    """Return the policy of a plane that people sign in to."""
    return _policies[plane]


def invited(policy: Policy) -> Policy:
    """Return what a plane asks of a sign-in that a one-time link opens: all but the password."""
    return replace(policy, requirements=(INVITED, *policy.requirements[1:]))


def by_passkey(policy: Policy) -> Policy:
    """Return what a plane asks of a sign-in by a passkey that has known its person.

    It is something that one has and something that one is or knows: two factors.
    """
    others = (each for each in policy.requirements[1:] if each.name != SECOND_FACTOR)
    return replace(policy, requirements=(BY_PASSKEY, *others))


def register(policy: Policy) -> None:
    """Let people sign in to one more plane."""
    _policies[policy.plane] = policy


def refusal(requirement: str, facts: Facts | None) -> Counted:
    """Return the error of a sign-in that ends at a requirement."""
    if requirement in SHUT_OUT:
        return SHUT_OUT[requirement]()
    if requirement == ACCEPTED_FACTOR.name:
        return PasskeyNeeded()
    if requirement != SECOND_FACTOR or facts is None:
        return NotForThisPlane()
    if PASSKEY in facts.factors:
        return PasskeyElsewhere()
    return NoSecondFactor() if facts.addable else PasskeyNeeded()
