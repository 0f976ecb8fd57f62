"""A signed-in person proves again that it is them. Failures count for their lock-out."""

import contextlib
from collections.abc import Iterator

from app.core.secret import Secret
from app.identity import (
    account_rows,
    allowed_factors,
    challenges,
    factors,
    lockout,
    passkey_factors,
    passwords,
    policies,
    relying_party,
)
from app.identity.errors import (
    Counted,
    FactorNotAccepted,
    InPersonOnly,
    TooManyAttempts,
    WrongPassword,
)
from app.identity.models import Account, Password
from app.operations.context import Context


def in_person(context: Context) -> Account:
    """Return the acting person's account. Raise InPersonOnly for an API token."""
    if context.actor.token:
        raise InPersonOnly
    account = account_rows.by_id(context.session, context.actor.account)
    context.event.about("account", account.id, account.name)
    return account


def holder(context: Context) -> factors.Holder:
    """Return the acting person's factors as this plane sees them."""
    return factors.Holder(
        context.session, context.appliance.keyring, context.plane, context.actor.account
    )


def prove_code(context: Context, proof: Secret, purpose: str = challenges.STEP_UP) -> None:
    """Check a fresh code, or a passkey's answer to the question that was put for `purpose`.

    Raise WrongCode, CodeAlreadyUsed, PasskeyRefused and its like, TooManyAttempts, or
    FactorNotAccepted.
    """
    kind = factors.PASSKEY if is_passkey_answer(proof) else factors.TOTP
    if kind in allowed_factors.refused_of(context, holder(context)):
        raise FactorNotAccepted
    with counting(context):
        if kind == factors.PASSKEY:
            prove_passkey(context, proof, purpose)
        else:
            factors.use_totp(holder(context), proof, context.now)


def is_passkey_answer(proof: Secret) -> bool:
    """Tell a passkey's answer, which is JSON, from a typed code."""
    return proof.reveal()[:1] == "{"


def prove_passkey(context: Context, answer: Secret, purpose: str) -> None:
    """Check a passkey's answer. Its question is spent, whatever comes of it."""
    question = challenges.take(context, purpose)
    party = relying_party.require_here(context, policies.load(context.session))
    used = passkey_factors.use(holder(context), party, question.signed, answer, context.now)
    context.event.references["factor"] = used


def prove_password(context: Context, password: Secret) -> None:
    """Check the current password. Raise WrongPassword or TooManyAttempts."""
    with counting(context):
        kept = context.session.get(Password, context.actor.account)
        if not passwords.verify(kept.hash if kept else None, password):
            raise WrongPassword


@contextlib.contextmanager
def counting(context: Context) -> Iterator[None]:
    """Run one attempt in its turn and count it if it fails. Raise TooManyAttempts."""
    session, now, peer = context.session, context.now, context.source.peer
    account = account_rows.by_id(session, context.actor.account)
    seconds = lockout.wait_in_turn(session, account.login_id, peer, now)
    if seconds:
        raise TooManyAttempts(seconds=seconds)
    try:
        yield
    except Counted:
        lockout.count(session, account.login_id, peer, now)
        raise
