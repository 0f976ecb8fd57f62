"""Ending a person: by somebody's hand, or on the night after the last day (F4)."""

import msgspec
from sqlmodel import col, select

from app.identity import account_rows
from app.identity.fields import AccountId, Rev
from app.identity.models import Account
from app.leaving.days import day_in, latest_day
from app.leaving.ending import end_person, is_due
from app.leaving.models import Departure
from app.leaving.operations.planning import reachable, write
from app.leaving.operations.showing import ON_CONSOLE, LeavingView, view_of
from app.operations.context import Context
from app.operations.operation import Effect, NoRequest, Route, Tier, operation
from app.operations.permissions import Permission


class EndNow(msgspec.Struct, frozen=True, kw_only=True):
    """A person to be ended at once."""

    account: AccountId
    rev: Rev


class EndDue(msgspec.Struct, frozen=True, kw_only=True):
    """A person whose last day is over."""

    account: AccountId


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """Whose last day is over."""

    accounts: list[str]
    """Identifiers."""


@operation(
    "leaving.end_now",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/accounts/{account}/leaving/end"),
    in_reserve=True,
)
def end_now(context: Context, which: EndNow) -> LeavingView:
    """End everything that a person holds now; what can, passes to the successor first.

    Raise LastOwner, BeyondYourRights or Conflict.
    """
    account = reachable(context, which.account)
    today = day_in(account.time_zone, context.now).isoformat()
    write(context, account, which.rev, leaves_on=today)
    _end(context, account)
    return view_of(context.session, account)


@operation("leaving.end", permission=Permission.ACCOUNTS_MANAGE, planes=(), in_reserve=True)
def end_due(context: Context, which: EndDue) -> None:
    """End everything that a person held whose last day is over; what can, passes on first."""
    account = account_rows.by_id(context.session, which.account)
    context.event.about("account", account.id, account.name)
    if is_due(account, context.session.get(Departure, account.id), context.now):
        _end(context, account)


@operation("leaving.due", permission=Permission.ACCOUNTS_MANAGE, effect=Effect.READ, planes=())
def list_due(context: Context, _: NoRequest) -> Due:
    """List whose last day is over and who was not ended yet."""
    found = context.session.exec(
        select(Account, Departure)
        .outerjoin(Departure, col(Departure.account) == col(Account.id))
        .where(Account.leaves_on != "", col(Account.leaves_on) < latest_day(context.now))
        .order_by(Account.leaves_on, Account.id)
    )
    return Due(accounts=[one.id for one, gone in found if is_due(one, gone, context.now)])


def _end(context: Context, account: Account) -> None:
    context.event.change("state", account.state, account_rows.SUSPENDED)
    context.event.references["last_day"] = account.leaves_on
    if account.successor:
        context.event.references["successor"] = account.successor
    outcome = end_person(context, account)
    for told in (outcome.passed, outcome.ended):
        for kind, count in told.items():
            context.event.numbers[kind] = context.event.numbers.get(kind, 0) + count
    context.event.numbers["passed"] = sum(outcome.passed.values())
