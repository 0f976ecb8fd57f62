"""Who leaves, who left, and what needs somebody before a last day (F4)."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from app.core import clock
from app.core.csv_lines import csv_head, csv_line, iso
from app.identity import login_ids
from app.identity.fields import Limit
from app.identity.models import Account
from app.identity.operations.account_views import AccountRow, describe
from app.leaving.days import days_left
from app.leaving.ending import is_due, unpassed
from app.leaving.models import Departure, SeenClock
from app.leaving.operations.showing import ON_CONSOLE
from app.leaving.orders import HAS_LEFT, LeaverSort, order_of
from app.operations.context import Context
from app.operations.download import Download
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.page import Page
from app.operations.permissions import Permission

WARNED_BEFORE: Final = 14
"""Days before a last day in which a missing successor is told on the overview."""
PATIENCE: Final = 2 * clock.HOUR
"""So long an ending may take before the overview tells of it."""


class ExportLeavers(msgspec.Struct, frozen=True, kw_only=True):
    """Which leavers are meant."""

    search: Annotated[str, Meta(max_length=128, description="Part of login ID or name")] = ""
    when: Annotated[
        Literal["", "coming", "left"], Meta(description="To come or past; empty for all")
    ] = ""
    sort: Annotated[
        LeaverSort,
        Meta(description="Column that sorts; - for downward; empty for who leaves next first"),
    ] = ""


class LeaverFilter(ExportLeavers, frozen=True, kw_only=True):
    """Which leavers to show."""

    after: Annotated[str, Meta(max_length=400, description="Where the page before ended")] = ""
    limit: Limit = 50


class Leaver(msgspec.Struct, frozen=True, kw_only=True):
    """One person who leaves or has left."""

    account: AccountRow
    """Who it is."""
    last_day: str
    """As an ISO date."""
    days_left: int
    """Until the last day; negative once it is over."""
    successor: str
    """Identifier of the account that takes over; empty where none is named."""
    successor_name: str
    """Its name."""
    left_at: int
    """When everything ended (ms); 0 where that has not happened."""


class Unready(msgspec.Struct, frozen=True, kw_only=True):
    """One leaver who needs somebody."""

    account: str
    """Identifier."""
    name: str
    """As others see it."""
    last_day: str
    """As an ISO date."""
    overdue: bool
    """The last day is over and the person could not be ended."""
    is_owner: bool
    """Holds the role of owner: the last one is never ended."""
    unpassed: dict[str, int]
    """Title of a kind of holding → how many have nobody to pass to."""


class UnreadyList(msgspec.Struct, frozen=True, kw_only=True):
    """Leavers who need somebody."""

    items: list[Unready]
    """The next one first."""
    clock_doubted: bool
    """The clock has jumped: nobody is ended until it has run evenly for a while."""


@operation(
    "leaving.list",
    permission=Permission.ACCOUNTS_VIEW,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/leavers"),
)
def list_leavers(context: Context, wanted: LeaverFilter) -> Page[Leaver]:
    """Show who leaves and who has left: who leaves next first, unless a column sorts."""
    session = context.session
    question = _asked(wanted)
    total = session.exec(select(func.count()).select_from(question.subquery())).one()
    order = order_of(wanted.sort)
    found = session.exec(order.page(question, wanted.after, wanted.limit)).all()
    shown = found[: wanted.limit]
    context.event.numbers["rows"] = len(shown)
    return Page(
        items=[_leaver(session, one, gone, context.now) for one, gone in shown],
        after=order.after(found, wanted.limit),
        total=total,
    )


@operation(
    "leaving.export",
    permission=Permission.ACCOUNTS_EXPORT,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/leavers/export"),
)
def export_leavers(context: Context, wanted: ExportLeavers) -> Download:
    """Download who leaves and who has left as CSV."""
    session = context.session
    question = order_of(wanted.sort).page(_asked(wanted), "", 0).limit(None)
    found = [_leaver(session, one, gone, context.now) for one, gone in session.exec(question).all()]
    context.event.numbers["rows"] = len(found)
    return Download("leavers.csv", "text/csv; charset=utf-8", _csv(found))


def _csv(found: list[Leaver]) -> Iterator[bytes]:
    yield csv_head(("login_id", "name", "last_day", "state", "successor", "left_at"))
    for one in found:
        account = one.account
        cells = (account.login_id, account.name, one.last_day, account.state, one.successor_name)
        yield csv_line([*cells, iso(one.left_at)])


def _asked(wanted: ExportLeavers) -> Select[Account, Departure]:
    """Return the leavers that fit."""
    question = _leavers()
    if wanted.search:
        question = question.where(
            col(Account.login_id).contains(login_ids.fold(wanted.search), autoescape=True)
            | col(Account.name).contains(wanted.search, autoescape=True)
        )
    if wanted.when:
        question = question.where(int(wanted.when == "left") == HAS_LEFT)
    return question


@operation("leaving.unready", permission=Permission.ACCOUNTS_VIEW, effect=Effect.READ)
def list_unready(context: Context, _: NoRequest) -> UnreadyList:
    """List leavers who need somebody: no successor in time, or not ended although it is over."""
    session, now = context.session, context.now
    found = session.exec(_leavers().order_by(col(Account.leaves_on), col(Account.id)))
    items = [_unready(session, account, departure, now) for account, departure in found]
    seen = session.get(SeenClock, 1)
    return UnreadyList(
        items=[item for item in items if item is not None],
        clock_doubted=seen is not None and seen.doubted,
    )


def _leavers() -> Select[Account, Departure]:
    return (
        select(Account, Departure)
        .outerjoin(Departure, col(Departure.account) == col(Account.id))
        .where(Account.leaves_on != "")
    )


def _leaver(session: Session, account: Account, departure: Departure | None, now: int) -> Leaver:
    gone = departure is not None and departure.last_day == account.leaves_on
    successor = departure.successor if gone and departure else account.successor
    named = session.get(Account, successor) if successor else None
    return Leaver(
        account=describe(account),
        last_day=account.leaves_on,
        days_left=days_left(account.leaves_on, account.time_zone, now),
        successor=successor,
        successor_name=named.name if named else "",
        left_at=departure.at if gone and departure else 0,
    )


def _unready(
    session: Session, account: Account, departure: Departure | None, now: int
) -> Unready | None:
    if departure is not None and departure.last_day == account.leaves_on:
        return None
    overdue = is_due(account, departure, now - PATIENCE)
    left = days_left(account.leaves_on, account.time_zone, now)
    lacking = unpassed(session, account) if left <= WARNED_BEFORE else []
    if not overdue and not lacking:
        return None
    return Unready(
        account=account.id,
        name=account.name,
        last_day=account.leaves_on,
        overdue=overdue,
        is_owner=account.is_owner,
        unpassed={holding.title: count for holding, count in lacking},
    )
