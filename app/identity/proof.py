"""A signed-in person proves again that it is them. Failures count for their lock-out."""

import contextlib
from collections.abc import Iterator

from app.core.secret import Secret
from app.identity import account_rows, factors, lockout, passwords
from app.identity.errors import Counted, InPersonOnly, TooManyAttempts, WrongPassword
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


def prove_code(context: Context, code: Secret) -> None:
    """Check a fresh code. Raise WrongCode, CodeAlreadyUsed or TooManyAttempts."""
    with counting(context):
        factors.use_totp(holder(context), code, context.now)


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
