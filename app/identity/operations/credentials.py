"""What an administrator does about somebody else's password, factor and sessions.

On the machine itself the same operations are the break-glass: `tenshu accounts …`.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.core.secret import Secret
from app.identity import account_rows, factors, lockout, rights, session_rows
from app.identity.fields import AccountId
from app.identity.models import Account
from app.identity.operations.accounts import AccountRef, give_password
from app.identity.operations.own_sessions import SessionList, sessions_of
from app.identity.planes import SESSIONS
from app.operations.context import Context, Plane
from app.operations.operation import Effect, Route, Tier, operation
from app.operations.permissions import Permission

ON_CONSOLE = (Plane.CONSOLE,)


class PasswordReset(msgspec.Struct, frozen=True, kw_only=True):
    """An account to be given another password."""

    account: AccountId
    initial_password: Annotated[
        Secret, Meta(description="To be changed at first use; empty: one is made up")
    ] = msgspec.field(default_factory=lambda: Secret(""))


class GivenPassword(msgspec.Struct, frozen=True):
    """The password to be handed over; shown once."""

    initial_password: Secret
    """To be handed over."""


class Count(msgspec.Struct, frozen=True):
    """How many things were concerned."""

    count: int
    """Number of things."""


@operation(
    "accounts.reset_password",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/accounts/{account}/reset-password"),
)
def reset_password(context: Context, reset: PasswordReset) -> GivenPassword:
    """Give an account a one-time password; its sessions end, its lock-out is lifted."""
    account = _reachable(context, reset.account)
    given = give_password(context, account, reset.initial_password)
    session_rows.end_all(context.session, Plane.CONSOLE, account.id, "password_reset")
    lockout.forget(context.session, account.login_id)
    context.event.change("password", None, "changed")
    return GivenPassword(given)


@operation(
    "accounts.reset_factor",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/accounts/{account}/reset-factor"),
)
def reset_factor(context: Context, which: AccountRef) -> Count:
    """Remove one person's second factors; the next sign-in enrols a new one."""
    account = _reachable(context, which.account)
    removed = factors.remove_all(context.session, account.id)
    account.may_enrol = True
    account.rev += 1
    session_rows.end_all(context.session, Plane.CONSOLE, account.id, "factor_reset")
    lockout.forget(context.session, account.login_id)
    context.event.change("factors", removed, 0)
    return Count(removed)


@operation(
    "accounts.list_sessions",
    permission=Permission.SESSIONS_MANAGE,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/accounts/{account}/sessions"),
)
def list_sessions_of(context: Context, which: AccountRef) -> SessionList:
    """Show where somebody is signed in."""
    account = account_rows.by_id(context.session, which.account)
    context.event.about("account", account.id, account.name)
    return SessionList(sessions_of(context, account.id, SESSIONS))


@operation(
    "accounts.end_sessions",
    permission=Permission.SESSIONS_MANAGE,
    in_reserve=True,
    planes=ON_CONSOLE,
    route=Route("POST", "/accounts/{account}/end-sessions"),
)
def end_sessions(context: Context, which: AccountRef) -> Count:
    """Sign somebody out everywhere."""
    account = account_rows.by_id(context.session, which.account)
    context.event.about("account", account.id, account.name)
    ended = session_rows.end_all(
        context.session, Plane.CONSOLE, account.id, "ended_by_administrator"
    )
    context.event.numbers["sessions"] = ended
    return Count(ended)


def _reachable(context: Context, identifier: str) -> Account:
    account = account_rows.by_id(context.session, identifier)
    context.event.about("account", account.id, account.name)
    rights.require_reach(context.actor, rights.held_by(context.session, account, context.now))
    return account
