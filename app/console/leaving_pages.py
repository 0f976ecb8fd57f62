"""Leaving: everything that one person holds, a last day and a successor; and who leaves (F4)."""

import datetime as dt
from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.console.person_choice import Choice, Choices, account_of, choices_of
from app.core.errors import NotFound, TenshuError
from app.identity import account_rows
from app.identity.operations.account_views import AccountRef
from app.leaving.operations import ending, listing, planning, showing
from app.leaving.operations.showing import LeavingView
from app.leaving.orders import LeaverSort
from app.operations.operation import Operation
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.design.address import change_query, one_of
from app.web.error_places import errors_at_fields
from app.web.meanings import meanings
from app.web.names import JOB_KINDS, SCREENS, VALUES
from app.web.pages import Answer, ask, go, here, need_sign_in, page, perform, result_of
from app.web.right_words import words_of_rights
from app.web.routing import get, post
from app.web.shared_pages import Form


@get("/leavers")
def show_leavers(
    request: AnyRequest,
    q: FromQuery[str] = "",
    status: FromQuery[str] = "",
    sort: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Answer:
    """Show who leaves and who has left."""
    context = need_sign_in(request)
    when: Any = status if status in {"coming", "left"} else ""
    order = one_of(sort, LeaverSort)
    wanted = ask(listing.LeaverFilter, search=q[:128], when=when, sort=order, after=after)
    found = listing.list_leavers(context, wanted)
    return page(
        request,
        "console/leavers.html",
        rows=found.items,
        days={row.account.id: dt.date.fromisoformat(row.last_day) for row in found.items},
        q=q,
        when=when,
        sort=order,
        next=change_query(here(request), after=found.after) if found.after else "",
        total=found.total,
        may_export=context.actor.rights.allows(Permission.ACCOUNTS_EXPORT),
    )


@post("/leavers/export")
def export(request: AnyRequest, data: Form) -> Answer:
    """Hand out what the list shows, all its pages."""
    need_sign_in(request)
    wanted = {
        "search": str(data.get("q", ""))[:128],
        "when": str(data.get("status", "")),
        "sort": str(data.get("sort", "")),
    }
    return perform(request, listing.export_leavers, ask(listing.ExportLeavers, **wanted))


@get("/accounts/{account:str}/leaving")
def show_leaving(
    request: AnyRequest, account: FromPath[str], notice: FromQuery[str] = ""
) -> Answer:
    """Show everything that a person holds, and when it ends."""
    return _leaving_page(request, account, {}, notice=notice)


@post("/accounts/{account:str}/leaving")
def plan(request: AnyRequest, account: FromPath[str], data: Form) -> Answer:
    """Set the last day and the successor."""
    context = need_sign_in(request)
    typed = {name: str(data.get(name, "")).strip() for name in ("rev", "leaves_on")}
    successor = Choice.read(data, "successor")
    try:
        chosen = account_of(context, successor, "successor") if successor.text else ""
        wanted = ask(planning.PlanLeaving, account=account, successor=chosen, **typed)
        with context.appliance.database.read() as session:  # before a code is spent
            concerned = account_rows.by_id(session, account)
            planning.check_plan(session, concerned, wanted, context.now)
        return perform(request, planning.plan_leaving, wanted)
    except TenshuError as error:
        errors = errors_at_fields(context.language, error)
        if isinstance(error, NotFound):
            errors = {"successor": " ".join(errors.values())}
        return _leaving_page(
            request,
            account,
            errors,
            status=error.status,
            typed=typed,
            successor=choices_of(context, successor),
        )


@post("/accounts/{account:str}/leaving/withdraw")
def withdraw(request: AnyRequest, account: FromPath[str], data: Form) -> Answer:
    """Take the last day back."""
    return _perform(request, planning.withdraw_leaving, planning.WithdrawLeaving, account, data)


@post("/accounts/{account:str}/leaving/end")
def end(request: AnyRequest, account: FromPath[str], data: Form) -> Answer:
    """End everything now."""
    return _perform(request, ending.end_now, ending.EndNow, account, data)


@result_of(planning.plan_leaving)
def planned(_request: AnyRequest, result: LeavingView) -> Answer:
    """Go back to the page."""
    return go(f"/accounts/{result.account.id}/leaving?notice=planned")


@result_of(planning.withdraw_leaving)
def withdrawn(_request: AnyRequest, result: LeavingView) -> Answer:
    """Go back to the page."""
    return go(f"/accounts/{result.account.id}/leaving?notice=withdrawn")


@result_of(ending.end_now)
def ended(_request: AnyRequest, result: LeavingView) -> Answer:
    """Go back to the page."""
    return go(f"/accounts/{result.account.id}/leaving?notice=ended")


def _perform(
    request: AnyRequest,
    operation: Operation[Any, Any],
    kind: type[msgspec.Struct],
    account: str,
    data: dict[str, Any],
) -> Answer:
    context = need_sign_in(request)
    try:
        return perform(request, operation, ask(kind, account=account, rev=data.get("rev", "")))
    except TenshuError as error:
        errors = errors_at_fields(context.language, error)
        return _leaving_page(request, account, errors, status=error.status)


def _leaving_page(
    request: AnyRequest,
    account: str,
    errors: dict[str, str],
    *,
    status: int = 200,
    notice: str = "",
    typed: dict[str, str] | None = None,
    successor: Choices | None = None,
) -> Answer:
    context = need_sign_in(request)
    found = showing.get_leaving(context, ask(AccountRef, account=account))
    gone = bool(found.left_at) and found.account.state != "active"
    return page(
        request,
        "console/leaving.html",
        status=status,
        found=found,
        gone=gone,
        day=dt.date.fromisoformat(found.leaves_on) if found.leaves_on else None,
        coming=bool(found.leaves_on) and not found.left_at,
        errors=errors,
        notice=notice,
        typed=typed or {},
        successor=successor or Choices(found.successor_login_id),
        names={**VALUES, **JOB_KINDS, **SCREENS, **meanings()},
        words=words_of_rights(request),
        may_manage=context.actor.rights.allows(Permission.ACCOUNTS_MANAGE),
    )


def leaving_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_leavers, export, show_leaving, plan, withdraw, end]
