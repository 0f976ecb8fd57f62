"""Kinds of sign-in steps: what each shows and checks. Another kind is one more `register`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from app.core.secret import Secret
from app.identity import factors, totp
from app.identity.errors import SignInExpired
from app.identity.models import Account
from app.identity.sign_in import Facts, Policy
from app.operations.context import Context


class Notes(msgspec.Struct):
    """What steps keep between two requests, sealed in the pending sign-in."""

    enrolment: str = ""
    """Shared secret of an authenticator that has not given its first code."""
    challenge: str = ""
    """Question to a passkey, base64url; empty once it was answered."""
    asked_at: int = 0
    """When the question was put."""
    others: dict[str, str] = {}
    """For steps from elsewhere: a nonce, a state, an expected issuer."""


@dataclass(slots=True)
class Attempt:
    """One answer to one step, with all that the step may look at."""

    context: Context
    policy: Policy
    account: Account | None
    notes: Notes
    login_id: str = ""
    """As typed, folded, or as a passkey claims; only a step that identifies looks at it."""

    @property
    def known_account(self) -> Account:
        """The account. Raise SignInExpired where no step has told it yet."""
        if self.account is None:
            raise SignInExpired
        return self.account

    @property
    def holder(self) -> factors.Holder:
        """The account's factors as this plane sees them."""
        return factors.Holder(
            self.context.session,
            self.context.appliance.keyring,
            self.policy.plane,
            self.known_account.id,
        )


def anybody(_policy: Policy, _facts: Facts) -> bool:
    """Whether somebody could take a step: yes."""
    return True


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page of a step shows beside its field."""

    enrolment: totp.Enrolment | None = None
    passkey: str = ""
    """What the browser's authenticator is asked, as JSON."""


def nothing(_attempt: Attempt) -> None:
    """Prepare nothing: the step shows only its field."""


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of step."""

    name: str
    check: Callable[[Attempt, Secret], Account]
    """Return whose answer it was. Raise a Counted error, or UnsuitablePassword."""
    usable: Callable[[Policy, Facts], bool] = anybody
    """Tell whether a person with these facts could take it on this plane."""
    offer: Callable[[Attempt], Shown | None] = nothing
    """Prepare what the page shows; may write into the notes."""


_steps: Final[dict[str, Step]] = {}


def register(step: Step) -> None:
    """Make a kind of step known; policies name it."""
    _steps[step.name] = step


def step_called(name: str) -> Step:
    """Return the kind of step that a policy names."""
    return _steps[name]


def usable_steps() -> dict[str, Callable[[Policy, Facts], bool]]:
    """Return for each kind of step who could take it."""
    return {name: step.usable for name, step in _steps.items()}
