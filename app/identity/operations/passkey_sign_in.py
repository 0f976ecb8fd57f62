"""Signing in with a passkey in the place of login ID, password and second factor (F1, F11)."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.core.secret import Secret
from app.identity import (
    lockout,
    passkey_steps,
    pending_sign_ins,
    plane_policies,
    policies,
    sign_in_flow,
)
from app.identity.errors import TooManyAttempts
from app.identity.sign_in_flow import Progress
from app.identity.tried import Tried, attempt
from app.operations.context import Context
from app.operations.operation import Effect, NoRequest, operation
from app.operations.permissions import Permission

MOST_OPEN: Final = 100
"""Sign-ins of one address that may have begun and not told yet who it is: an office has one."""


class SignInWays(msgspec.Struct, frozen=True):
    """What the first page of the sign-in offers beside login ID and password."""

    passkey: bool
    """A passkey alone, as far as the appliance knows: the certificate is the browser's to judge."""


class PasskeyAnswer(msgspec.Struct, frozen=True):
    """What a passkey has answered."""

    ticket: Annotated[Secret, Meta(description="What the question came with")]
    answer: Annotated[Secret, Meta(description="Answer of the browser, as JSON")]


@operation("sign_in.ways", permission=Permission.ANYBODY, effect=Effect.READ)
def ways(context: Context, _: NoRequest) -> SignInWays:
    """Tell whether a passkey alone may sign in at the address by which one called."""
    rules = policies.load(context.session)
    return SignInWays(passkey_steps.may_stand_alone(context, rules, context.plane))


@operation("sign_in.ask_passkey", permission=Permission.ANYBODY, in_reserve=True, only_asks=True)
def ask_passkey_operation(context: Context, _: NoRequest) -> Tried[Progress]:
    """Ask whichever passkey the browser holds; nobody is named."""
    policy = plane_policies.by_passkey(plane_policies.policy_of(context.plane))

    def action() -> Progress:
        seconds = lockout.wait(context.session, "", context.source.peer, context.now)
        seconds = seconds or pending_sign_ins.wait_for_fewer(context, policy, MOST_OPEN)
        if seconds:
            raise TooManyAttempts(seconds=seconds)
        return sign_in_flow.resume(context, policy, pending_sign_ins.start(context, policy))

    return attempt(context, action)


@operation("sign_in.by_passkey", permission=Permission.ANYBODY, in_reserve=True)
def by_passkey_operation(context: Context, given: PasskeyAnswer) -> Tried[Progress]:
    """Check the answer of a passkey that has known its person: it is two factors by itself."""
    policy = plane_policies.by_passkey(plane_policies.policy_of(context.plane))

    def action() -> Progress:
        pending = pending_sign_ins.find(context, policy, given.ticket)
        claimed = passkey_steps.claimed(context, given.answer)
        return sign_in_flow.take_step(
            context, policy, pending, passkey_steps.ALONE.name, given.answer, claimed
        )

    return attempt(context, action)


def ask_passkey(context: Context) -> Progress:
    """Put a question to any passkey. Raise StepNotOffered, PasskeysNotHere or TooManyAttempts."""
    return ask_passkey_operation(context, NoRequest()).unwrap()


def by_passkey(context: Context, given: PasskeyAnswer) -> Progress:
    """Sign in with a passkey alone. Raise PasskeyRefused, ChallengeSpent, and their like."""
    return by_passkey_operation(context, given).unwrap()
