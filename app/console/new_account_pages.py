"""A new person: the form, and the one-time password."""

from typing import Any

from litestar.handlers import HTTPRouteHandler

from app.core.errors import TenshuError
from app.identity import account_rows, login_ids
from app.identity.errors import LoginIdTaken
from app.identity.operations import accounts
from app.identity.roles import NAMES, Role
from app.operations.permissions import Permission
from app.web.asking import AnyRequest, appliance_of, language_of
from app.web.error_places import errors_at_fields
from app.web.pages import (
    Answer,
    need_sign_in,
    page,
    perform,
    read_form,
    result_of,
)
from app.web.routing import get, post
from app.web.shared_pages import Form
from app.web.zones import zones


@get("/accounts/new")
def show_new_account(request: AnyRequest) -> Answer:
    """Show the form for a new person."""
    need_sign_in(request).require(Permission.ACCOUNTS_MANAGE)
    return _new_page(request, {"role": Role.STAFF.value}, {})


@post("/accounts/new")
def make_account(request: AnyRequest, data: Form) -> Answer:
    """Make the account, after a fresh second factor."""
    context = need_sign_in(request)
    context.require(Permission.ACCOUNTS_MANAGE)
    try:
        new = read_form(accounts.NewAccount, data)
        check_login_id(request, new.login_id)
        return perform(request, accounts.create_account, new)
    except TenshuError as error:
        return _new_page(request, data, errors_at_fields(context.language, error), error.status)


@result_of(accounts.create_account)
def made(request: AnyRequest, result: accounts.CreatedAccount) -> Answer:
    """Show the one-time password, once."""
    return page(
        request,
        "console/account_password.html",
        account=result.account,
        password=result.initial_password.reveal(),
    )


def check_login_id(request: AnyRequest, login_id: str, own: str = "") -> None:
    """Raise UnsuitableLoginId or LoginIdTaken before a code of the authenticator is spent."""
    wanted = login_ids.check(login_id)
    with appliance_of(request).database.read() as session:
        taken = account_rows.by_login_id(session, wanted)
        if taken and taken.id != own:
            raise LoginIdTaken(login_id=wanted)


def _new_page(
    request: AnyRequest, values: dict[str, Any], errors: dict[str, str], status: int = 200
) -> Answer:
    roles = [(role.value, NAMES[role]) for role in Role]
    return page(
        request,
        "console/account_new.html",
        status=status,
        values=values,
        errors=errors,
        roles=roles,
        zones=zones(language_of(request)),
    )


def new_account_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_new_account, make_account]
