"""Why may this person do this, who may or could, and two people side by side (METI-45)."""

from typing import Any

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from app.console.area_lists import area_lists
from app.console.person_choice import Choice, choices_of
from app.core import clock
from app.core.errors import TenshuError
from app.identity.operations import access_rules, why
from app.identity.operations.accounts import AccountRef, get_account
from app.operations.permissions import Permission
from app.web.asking import AnyRequest
from app.web.days import day_begins, day_is_over
from app.web.names import ACTORS
from app.web.pages import Answer, ask, field_errors, need_sign_in, page, perform
from app.web.permission_names import PERMISSION_NAMES
from app.web.routing import get, post
from app.web.shared_pages import Form


@get("/accounts/{account:str}/why")
def show_why(request: AnyRequest, account: FromPath[str]) -> Answer:
    """Show why this person may do something, or might on a past day."""
    context = need_sign_in(request)
    asked = _asked(request)
    who = get_account(context, ask(AccountRef, account=account)).account
    found, errors = None, {}
    if asked["permission"]:
        try:
            found = why.explain_right(
                context, ask(why.WhyAsked, account=account, **_question(request, asked))
            )
        except TenshuError as error:
            errors = _at_day(field_errors(context.language, error))
    return page(
        request,
        "console/why.html",
        status=422 if errors else 200,
        account=who,
        asked=asked,
        found=found,
        errors=errors,
        permissions=PERMISSION_NAMES,
        actors=ACTORS,
        areas=list(access_rules.AREA_NAMES.items()),
        lists=area_lists(context) if found and found.way_in else {},
        built_in=access_rules.BUILT_IN,
    )


@get("/rights")
def show_holders(request: AnyRequest) -> Answer:
    """Show who may do something, or could on a past day."""
    context = need_sign_in(request)
    context.require(Permission.ACCOUNTS_VIEW)
    asked = _asked(request)
    found, errors = None, {}
    if asked["permission"]:
        try:
            wanted = ask(why.WhoAsked, **_question(request, asked))
            found = why.list_holders(context, wanted)
        except TenshuError as error:
            errors = _at_day(field_errors(context.language, error))
    return page(
        request,
        "console/rights.html",
        status=422 if errors else 200,
        asked=asked,
        found=found,
        errors=errors,
        permissions=PERMISSION_NAMES,
        actors=ACTORS,
        may_export=context.actor.rights.allows(Permission.ACCOUNTS_EXPORT),
    )


@post("/rights/export")
def export_holders(request: AnyRequest, data: Form) -> Answer:
    """Hand out what the list shows."""
    need_sign_in(request)
    asked = {name: str(data.get(name, "")) for name in ("permission", "scope", "day")}
    return perform(request, why.export_holders, ask(why.WhoAsked, **_question(request, asked)))


@get("/accounts/{account:str}/compare")
def show_comparison(request: AnyRequest, account: FromPath[str]) -> Answer:
    """Put the person beside another, with what differs or with everything."""
    context = need_sign_in(request)
    choices = choices_of(context, Choice.read(request.query_params, "with"))
    everything = request.query_params.get("all", "") == "yes"
    who = get_account(context, ask(AccountRef, account=account)).account
    compared = (
        why.compare(context, ask(why.Comparison, left=account, right=choices.picked))
        if choices.picked
        else None
    )
    rows = (
        [one for one in compared.items if everything or one.left != one.right] if compared else []
    )
    return page(
        request,
        "console/compare.html",
        account=who,
        choices=choices,
        everything=everything,
        compared=compared,
        rows=rows,
        permissions=PERMISSION_NAMES,
    )


def _asked(request: AnyRequest) -> dict[str, str]:
    return {
        name: request.query_params.get(name, "").strip() for name in ("permission", "scope", "day")
    }


def _question(request: AnyRequest, asked: dict[str, str]) -> dict[str, Any]:
    """Return what is asked, at the end of the day that was typed, or now."""
    day = asked["day"]
    begins = day_begins(request, "day", day) or 0
    over = day_is_over(request, "day", day) or 0
    at = 0 if begins <= clock.now() < over else over
    return {"permission": asked["permission"], "scope": asked["scope"], "at": at}


def _at_day(errors: dict[str, str]) -> dict[str, str]:
    return {"day" if name == "at" else name: text for name, text in errors.items()}


def rights_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_why, show_holders, export_holders, show_comparison]
