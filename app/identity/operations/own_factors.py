"""One's own second factors (F11): named, with last use; a new one counts after a valid code."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlmodel import select

from app.core.errors import NotFound
from app.core.messages import mark
from app.core.secret import Secret
from app.identity import (
    allowed_factors,
    demanding,
    factors,
    policies,
    proof,
    session_rows,
    totp,
)
from app.identity.built_in_steps import issuer
from app.identity.errors import LastFactor, PasswordTooShortAlone
from app.identity.fields import Code, Name, PasswordField
from app.identity.models import CredentialUse, Password
from app.identity.operations.expulsion import Done
from app.identity.planes import CREDENTIALS, on_plane
from app.identity.tried import Tried, attempt
from app.operations.context import Context, Plane
from app.operations.operation import Effect, NoRequest, operation
from app.operations.permissions import Permission

FactorId = Annotated[str, Meta(max_length=64, description="Identifier of the factor")]


class FactorRow(msgspec.Struct, frozen=True, kw_only=True):
    """An authenticator app or a passkey."""

    id: str
    """Identifier."""
    name: str
    """As its person called it."""
    kind: str
    """totp or passkey."""
    rp_id: str
    """Host name that a passkey is bound to."""
    created_at: int
    """Milliseconds since 1970."""
    last_used_at: int
    """Milliseconds since 1970; 0: never."""
    removable: bool
    """Whether this plane may remove it; the console's are removed on the console."""


class FactorList(msgspec.Struct, frozen=True):
    """One's authenticators, and how many recovery codes are left."""

    items: list[FactorRow]
    """In the order of their making."""
    recovery_codes_left: int
    """How many were not used yet."""
    accepted: list[str]
    """Kinds that this plane accepts: another can be added of these."""
    refused: list[str]
    """Kinds of one's own that prove nothing on this plane, by the sign-in rules."""


class NewFactor(msgspec.Struct, frozen=True, kw_only=True):
    """An authenticator to be added."""

    name: Name
    password: PasswordField
    code: Annotated[
        Secret, Meta(description="Code of a factor that exists; empty where there is none")
    ] = msgspec.field(default_factory=lambda: Secret(""))


class BegunFactor(msgspec.Struct, frozen=True):
    """What to scan; it counts after its first code."""

    id: str
    """To be given back with the first code."""
    enrolment: totp.Enrolment
    """To scan or to type."""


class FactorCode(msgspec.Struct, frozen=True):
    """A factor, and a code."""

    id: FactorId
    code: Code


class FactorRef(msgspec.Struct, frozen=True):
    """A factor."""

    id: FactorId


class FactorName(msgspec.Struct, frozen=True):
    """A factor, and what it is called from now on."""

    id: FactorId
    name: Name


class FreshCode(msgspec.Struct, frozen=True):
    """The proof that it is really this person, now."""

    code: Code


class RecoveryCodes(msgspec.Struct, frozen=True):
    """New recovery codes, shown once; empty where the old ones still hold."""

    codes: list[Secret]
    """Ten, or none."""


@operation("own.list_factors", permission=Permission.SIGNED_IN, effect=Effect.READ)
def list_factors(context: Context, _: NoRequest) -> FactorList:
    """Show one's second factors."""
    uses = {
        use.credential: use
        for use in context.session.exec(
            select(CredentialUse).where(CredentialUse.account == context.actor.account)
        )
    }
    here = on_plane(CREDENTIALS, context.plane)
    found = factors.active(proof.holder(context))
    return FactorList(
        items=[
            FactorRow(
                id=each.id,
                name=each.name,
                kind=each.kind,
                rp_id=each.rp_id,
                created_at=each.created_at,
                last_used_at=uses[each.id].last_used_at,
                removable=isinstance(each, here),
            )
            for each in found
            if each.kind != factors.RECOVERY_CODE
        ],
        recovery_codes_left=sum(
            each.kind == factors.RECOVERY_CODE and not uses[each.id].spent for each in found
        ),
        accepted=sorted(allowed_factors.accepted(policies.load(context.session), context.plane)),
        refused=sorted(allowed_factors.refused_of(context, proof.holder(context))),
    )


@operation("own.begin_factor", permission=Permission.SIGNED_IN)
def begin_factor_operation(context: Context, new: NewFactor) -> Tried[BegunFactor]:
    """Begin to add an authenticator: give the password, and a code of the one that exists."""
    account = proof.in_person(context)
    allowed_factors.require_accepted(context, factors.TOTP)

    def action() -> BegunFactor:
        proof.prove_password(context, new.password)
        holder = proof.holder(context)
        if factors.may_prove(holder):
            proof.prove_code(context, new.code)
        secret = totp.new_secret()
        identifier = factors.add_totp(holder, new.name, secret, context.now, state=factors.PENDING)
        return BegunFactor(identifier, totp.describe(secret, account.login_id, issuer(context)))

    return attempt(context, action)


@operation("own.resume_factor", permission=Permission.SIGNED_IN, effect=Effect.REVEAL)
def resume_factor(context: Context, which: FactorRef) -> BegunFactor:
    """Show again what to scan, for an authenticator that was begun a moment ago.

    Raise NotFound where it counts already, or was begun too long ago.
    """
    account = proof.in_person(context)
    secret = factors.begun_totp(proof.holder(context), which.id, context.now)
    if secret is None:
        raise NotFound(kind=mark("second factor"), name=which.id)
    return BegunFactor(which.id, totp.describe(secret, account.login_id, issuer(context)))


@operation("own.confirm_factor", permission=Permission.SIGNED_IN)
def confirm_factor_operation(context: Context, first: FactorCode) -> Tried[RecoveryCodes]:
    """Let a new authenticator count, after its first valid code."""
    proof.in_person(context)

    def action() -> RecoveryCodes:
        holder = proof.holder(context)
        with proof.counting(context):
            factors.activate(holder, first.id, first.code, context.now)
        _end_other_sessions(context)
        context.event.references["factor"] = first.id
        return RecoveryCodes(allowed_factors.first_codes(context, holder))

    return attempt(context, action)


@operation("own.rename_factor", permission=Permission.SIGNED_IN)
def rename_factor(context: Context, which: FactorName) -> Done:
    """Give one of one's factors another name."""
    proof.in_person(context)
    table = on_plane(CREDENTIALS, context.plane)
    for found in factors.active(proof.holder(context)):
        if found.id == which.id and isinstance(found, table) and found.kind in factors.NAMED:
            context.event.change("name", found.name, which.name)
            context.event.references["factor"] = which.id
            found.name = which.name
            context.session.flush()
            return Done()
    raise NotFound(kind=mark("second factor"), name=which.id)


@operation("own.remove_factor", permission=Permission.SIGNED_IN)
def remove_factor_operation(context: Context, which: FactorCode) -> Tried[Done]:
    """Remove one of one's authenticator apps or passkeys, with a fresh proof."""
    account = proof.in_person(context)

    def action() -> Done:
        proof.prove_code(context, which.code)
        holder = proof.holder(context)
        table = on_plane(CREDENTIALS, context.plane)
        held = factors.active(holder)
        authenticators = [each for each in held if each.kind != factors.RECOVERY_CODE]
        if not any(each.id == which.id and isinstance(each, table) for each in authenticators):
            raise NotFound(kind=mark("second factor"), name=which.id)
        removed = [which.id]
        if len(authenticators) == 1:
            _require_dispensable(context, account.id)
            # recovery codes stand in for an authenticator: alone they are none
            removed += [
                each.id
                for each in held
                if each.kind == factors.RECOVERY_CODE and isinstance(each, table)
            ]
        factors.remove(context.session, context.plane, removed)
        _end_other_sessions(context)
        context.event.references["factor"] = which.id
        return Done()

    return attempt(context, action)


@operation("own.renew_recovery_codes", permission=Permission.SIGNED_IN)
def renew_recovery_codes_operation(context: Context, proven: FreshCode) -> Tried[RecoveryCodes]:
    """Replace one's recovery codes, with a fresh code."""
    proof.in_person(context)

    def action() -> RecoveryCodes:
        proof.prove_code(context, proven.code)
        return RecoveryCodes(factors.renew_recovery_codes(proof.holder(context), context.now))

    return attempt(context, action)


def begin_factor(context: Context, new: NewFactor) -> BegunFactor:
    """Begin to add an authenticator. Raise WrongPassword, WrongCode and their like."""
    return begin_factor_operation(context, new).unwrap()


def confirm_factor(context: Context, first: FactorCode) -> RecoveryCodes:
    """Finish adding an authenticator. Raise WrongCode or TooManyAttempts."""
    return confirm_factor_operation(context, first).unwrap()


def remove_factor(context: Context, which: FactorCode) -> Done:
    """Remove an authenticator. Raise LastFactor, PasswordTooShortAlone, WrongCode, NotFound."""
    return remove_factor_operation(context, which).unwrap()


def renew_recovery_codes(context: Context, proven: FreshCode) -> RecoveryCodes:
    """Replace one's recovery codes. Raise WrongCode, CodeAlreadyUsed or TooManyAttempts."""
    return renew_recovery_codes_operation(context, proven).unwrap()


def _end_other_sessions(context: Context) -> None:
    """End one's other sessions: somebody else may hold one of them (OWASP ASVS 7.4.3)."""
    session_rows.end_all(
        context.session,
        context.plane,
        context.actor.account,
        "factor_changed",
        spare=context.actor.session,
    )


def _require_dispensable(context: Context, account: str) -> None:
    rules = policies.load(context.session)
    if context.plane != Plane.WORKSPACE or demanding.is_demanded(
        context.session, rules, account, context.now
    ):
        raise LastFactor
    kept = context.session.get(Password, account)
    if kept is not None and not kept.stands_alone:
        raise PasswordTooShortAlone(minimum=rules.password.minimum_alone)
