"""One's own passkeys: added on the page where they will be used, and asked as a proof."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.core.secret import Secret
from app.identity import (
    allowed_factors,
    challenges,
    confirmation,
    factors,
    passkey_factors,
    passkeys,
    policies,
    proof,
    relying_party,
)
from app.identity.fields import Name, PasswordField
from app.identity.operations.own_factors import RecoveryCodes
from app.identity.tried import Tried, attempt
from app.operations.context import Context
from app.operations.operation import Effect, NoRequest, operation
from app.operations.permissions import Permission


class PasskeyPlace(msgspec.Struct, frozen=True):
    """Whether passkeys work at the address by which this person called."""

    works: bool
    """As far as the appliance knows; the certificate is the browser's to judge."""
    rp_id: str
    """Host name that passkeys are bound to; empty where the appliance has none."""


class NewPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """The proof that it is really this person who adds a passkey."""

    password: PasswordField
    code: Annotated[
        Secret, Meta(description="Proof by a factor that exists; empty where there is none")
    ] = msgspec.field(default_factory=lambda: Secret(""))


class PasskeyQuestion(msgspec.Struct, frozen=True):
    """What the browser's authenticator is asked."""

    options: str
    """JSON, for navigator.credentials."""


class MadePasskey(msgspec.Struct, frozen=True):
    """What the browser's authenticator has made."""

    name: Name
    answer: Annotated[Secret, Meta(description="Answer of the browser, as JSON")]


class AskedFor(msgspec.Struct, frozen=True):
    """What a passkey shall prove."""

    request: Annotated[
        str,
        Meta(max_length=64, description="Request to be confirmed; empty: a change of one's own"),
    ] = ""


@operation("own.passkey_place", permission=Permission.SIGNED_IN, effect=Effect.READ)
def passkey_place(context: Context, _: NoRequest) -> PasskeyPlace:
    """Tell whether passkeys work at the address by which one called."""
    rules = policies.load(context.session)
    name = relying_party.rp_id(rules, context.appliance.settings)
    return PasskeyPlace(relying_party.here(context, rules) is not None, name)


@operation("own.begin_passkey", permission=Permission.SIGNED_IN)
def begin_passkey_operation(context: Context, new: NewPasskey) -> Tried[PasskeyQuestion]:
    """Begin to add a passkey: give the password, and a proof by a factor that exists."""
    account = proof.in_person(context)
    allowed_factors.require_accepted(context, factors.PASSKEY)

    def action() -> PasskeyQuestion:
        party = relying_party.require_here(context, policies.load(context.session))
        proof.prove_password(context, new.password)
        holder = proof.holder(context)
        if factors.may_prove(holder):
            proof.prove_code(context, new.code)
        known = passkey_factors.known(holder)
        handle = known[0].handle if known else passkeys.new_handle()
        question = challenges.ask(context, challenges.REGISTRATION, handle=handle)
        return PasskeyQuestion(
            passkeys.creation_options(
                party, question, handle=handle, name=account.login_id, known=known
            )
        )

    return attempt(context, action)


@operation("own.add_passkey", permission=Permission.SIGNED_IN)
def add_passkey_operation(context: Context, made: MadePasskey) -> Tried[RecoveryCodes]:
    """Add the passkey that the browser has made."""
    proof.in_person(context)

    def action() -> RecoveryCodes:
        holder = proof.holder(context)
        with proof.counting(context):
            question = challenges.take(context, challenges.REGISTRATION)
            party = relying_party.require_here(context, policies.load(context.session))
            passkey, counter = passkeys.register(
                party, question.signed, made.answer, handle=question.handle
            )
            identifier = passkey_factors.add(holder, made.name, passkey, counter, context.now)
        context.event.references["factor"] = identifier
        return RecoveryCodes(allowed_factors.first_codes(context, holder))

    return attempt(context, action)


@operation("own.ask_passkey", permission=Permission.SIGNED_IN, in_reserve=True)
def ask_passkey_operation(context: Context, wanted: AskedFor) -> Tried[PasskeyQuestion]:
    """Ask one's passkey for a proof: of a request, or of a change of one's own."""
    proof.in_person(context)

    def action() -> PasskeyQuestion:
        party = relying_party.require_here(context, policies.load(context.session))
        purpose = challenges.STEP_UP
        if wanted.request:
            purpose = confirmation.question_about(context, wanted.request)
        known = passkey_factors.known(proof.holder(context), party.rp_id)
        question = challenges.ask(context, purpose)
        return PasskeyQuestion(passkeys.request_options(party, question, known))

    return attempt(context, action)


def begin_passkey(context: Context, new: NewPasskey) -> PasskeyQuestion:
    """Begin to add a passkey. Raise PasskeysNotHere, WrongPassword, WrongCode and their like."""
    return begin_passkey_operation(context, new).unwrap()


def add_passkey(context: Context, made: MadePasskey) -> RecoveryCodes:
    """Add a passkey. Raise PasskeyRefused, ChallengeSpent, PasskeysNotHere."""
    return add_passkey_operation(context, made).unwrap()


def ask_passkey(context: Context, wanted: AskedFor) -> PasskeyQuestion:
    """Ask for a proof by passkey. Raise PasskeysNotHere or RequestClosed."""
    return ask_passkey_operation(context, wanted).unwrap()
