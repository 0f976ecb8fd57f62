"""Setting a last day and a successor, and taking both back before the night (F4)."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import func, or_, update
from sqlmodel import Session, col, select

from app.core.errors import Conflict
from app.identity import account_rows, rights
from app.identity.fields import AccountId, Rev
from app.identity.models import Account
from app.leaving.days import LastDay, check_last_day
from app.leaving.ending import check_successor
from app.leaving.errors import NoOwnerWouldRemain, NotLeaving
from app.leaving.models import Departure
from app.leaving.operations.showing import ON_CONSOLE, LeavingView, view_of
from app.operations.context import Context
from app.operations.operation import Route, Tier, operation
from app.operations.permissions import Permission


class PlanLeaving(msgspec.Struct, frozen=True, kw_only=True):
    """A person's last day and successor."""

    account: AccountId
    rev: Rev
    leaves_on: LastDay
    successor: Annotated[
        str,
        Meta(max_length=64, description="Account that takes over; empty: nobody"),
    ] = ""


class WithdrawLeaving(msgspec.Struct, frozen=True, kw_only=True):
    """A last day to be taken back."""

    account: AccountId
    rev: Rev


@operation(
    "leaving.plan",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("PUT", "/accounts/{account}/leaving"),
)
def plan_leaving(context: Context, plan: PlanLeaving) -> LeavingView:
    """Set a person's last day and successor: the night after, everything ends or passes on.

    Raise InvalidInput, UnsuitableSuccessor, NoOwnerWouldRemain, BeyondYourRights or Conflict.
    """
    session = context.session
    account = reachable(context, plan.account)
    check_plan(session, account, plan, context.now)
    departure = session.get(Departure, account.id)
    if departure is not None:
        session.delete(departure)  # the person came back: this day is to act again
    write(context, account, plan.rev, leaves_on=plan.leaves_on, successor=plan.successor)
    return view_of(session, account)


@operation(
    "leaving.withdraw",
    permission=Permission.ACCOUNTS_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("DELETE", "/accounts/{account}/leaving"),
)
def withdraw_leaving(context: Context, which: WithdrawLeaving) -> LeavingView:
    """Take a last day back: the person stays.

    Raise NotLeaving where none is to come.
    """
    account = reachable(context, which.account)
    departure = context.session.get(Departure, account.id)
    if not account.leaves_on or (departure and departure.last_day == account.leaves_on):
        raise NotLeaving(name=account.name)
    write(context, account, which.rev, leaves_on="", successor="")
    return view_of(context.session, account)


def check_plan(session: Session, account: Account, plan: PlanLeaving, now: int) -> None:
    """Raise InvalidInput, NotFound, UnsuitableSuccessor or NoOwnerWouldRemain if it cannot be."""
    check_last_day(plan.leaves_on, account.time_zone, now)
    if plan.successor:
        check_successor(session, account, plan.successor, plan.leaves_on)
    _require_owner_after(session, account, plan.leaves_on)


def reachable(context: Context, identifier: str) -> Account:
    """Return an account that the actor may manage. Raise NotFound or BeyondYourRights."""
    account = account_rows.by_id(context.session, identifier)
    context.event.about("account", account.id, account.name)
    rights.require_reach(context.actor, rights.held_by(context.session, account, context.now))
    return account


def write(context: Context, account: Account, rev: int, **values: str) -> None:
    """Write new values, and tell of them, if `rev` is still the newest. Raise Conflict."""
    for field, value in values.items():
        if getattr(account, field) != value:
            context.event.change(field, getattr(account, field), value)
    changed = context.session.exec(
        update(Account)
        .where(col(Account.id) == account.id, col(Account.rev) == rev)
        .values(**values, rev=rev + 1, changed_at=context.now)
    )
    if changed.rowcount != 1:
        raise Conflict(name=account.name)
    context.session.refresh(account)


def _require_owner_after(session: Session, account: Account, last_day: str) -> None:
    """Raise NoOwnerWouldRemain unless another active owner stays longer than `last_day`."""
    if not account.is_owner or account.state != account_rows.ACTIVE:
        return
    staying = session.exec(
        select(func.count())
        .select_from(Account)
        .where(
            col(Account.is_owner),
            Account.state == account_rows.ACTIVE,
            Account.id != account.id,
            or_(col(Account.leaves_on) == "", col(Account.leaves_on) > last_day),
        )
    ).one()
    if not staying:
        raise NoOwnerWouldRemain(day=last_day)
