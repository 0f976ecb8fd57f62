"""Accounts: the list, and one account with its rights and sessions."""

from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.console.group_pages import is_group
from app.console.new_account_pages import check_login_id
from app.console.role_names import right_words, typed_right
from app.core.errors import TenshuError
from app.identity.client_certificate_rows import ListCertificates
from app.identity.operations import (
    access_rules,
    accounts,
    client_certificate_list,
    credentials,
    grants,
)
from app.identity.operations.account_views import AccountSort, GrantRow
from app.operations.operation import Operation
from app.operations.permissions import Permission
from app.web.asking import AnyRequest, appliance_of, context_of
from app.web.confirm_pages import in_names
from app.web.design.address import change_query, one_of
from app.web.error_places import errors_at_fields
from app.web.pages import (
    Answer,
    ask,
    confirmed_arguments,
    go,
    here,
    need_sign_in,
    page,
    perform,
    read_form,
    result_of,
)
from app.web.routing import get, post
from app.web.shared_pages import Form
from app.web.zones import zones

SHOWN = 20
"""Certificates on a person's page; the list has all of them."""


@get("/accounts")
def show_accounts(
    request: AnyRequest,
    q: FromQuery[str] = "",
    status: FromQuery[str] = "",
    sort: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Answer:
    """Show accounts."""
    context = need_sign_in(request)
    state: Any = status if status in {"active", "suspended"} else ""
    order = one_of(sort, AccountSort)
    wanted = ask(accounts.AccountFilter, search=q[:128], state=state, sort=order, after=after)
    found = accounts.list_accounts(context, wanted)
    return page(
        request,
        "console/accounts.html",
        rows=found.items,
        q=q,
        state=state,
        sort=order,
        total=found.total,
        next=change_query(here(request), after=found.after) if found.after else "",
        may_manage=context.actor.rights.allows(Permission.ACCOUNTS_MANAGE),
    )


@get("/accounts/{account:str}")
def show_account(
    request: AnyRequest, account: FromPath[str], notice: FromQuery[str] = ""
) -> Answer:
    """Show one account."""
    return _account_page(request, account, {}, notice=notice)


@post("/accounts/{account:str}/update")
def update(request: AnyRequest, account: FromPath[str], data: Form) -> Answer:
    """Change name, login ID, mail address, language."""
    context = need_sign_in(request)
    context.require(Permission.ACCOUNTS_MANAGE)
    try:
        if "login_id" in data:  # what is left out stays
            check_login_id(request, str(data["login_id"]), account)
    except TenshuError as error:
        errors = errors_at_fields(context.language, error)
        return _account_page(request, account, errors, error.status, typed=data)
    change = accounts.AccountChange
    return _perform(request, account, accounts.update_account, change, data, typed=data)


@post("/accounts/{account:str}/suspend")
def suspend(request: AnyRequest, account: FromPath[str], data: Form) -> Answer:
    """Suspend the account."""
    return _perform(request, account, accounts.suspend_account, accounts.SuspendAccount, data)


@post("/accounts/{account:str}/resume")
def resume(request: AnyRequest, account: FromPath[str], data: Form) -> Answer:
    """Let the account sign in again."""
    return _perform(request, account, accounts.resume_account, accounts.SuspendAccount, data)


@post("/accounts/{account:str}/reset-password")
def reset_password(request: AnyRequest, account: FromPath[str], data: Form) -> Answer:
    """Give a one-time password."""
    return _perform(request, account, credentials.reset_password, credentials.PasswordReset, data)


@post("/accounts/{account:str}/reset-factor")
def reset_factor(request: AnyRequest, account: FromPath[str], data: Form) -> Answer:
    """Remove the person's second factors."""
    return _perform(request, account, credentials.reset_factor, accounts.AccountRef, data)


@post("/accounts/{account:str}/end-sessions")
def end_sessions(request: AnyRequest, account: FromPath[str], data: Form) -> Answer:
    """Sign the person out everywhere."""
    need_sign_in(request)
    perform(
        request, credentials.end_sessions, read_form(accounts.AccountRef, data, account=account)
    )
    return go(f"/accounts/{account}?notice=sessions")


@post("/accounts/{account:str}/grants")
def give(request: AnyRequest, account: FromPath[str], data: Form) -> Answer:
    """Give a role or one permission, or take it away; for ever or until a day is over."""
    context = need_sign_in(request)
    try:
        fields = {
            "holder": account,
            "taken": "true" if data.get("way") == "take" else "false",
            **typed_right(request, data),
        }
    except TenshuError as error:
        errors = errors_at_fields(context.language, error)
        return _account_page(request, account, errors, error.status, typed=data)
    return _perform(request, account, grants.give, grants.NewGrant, fields, typed=data)


@post("/accounts/{account:str}/grants/{grant:str}/take")
def take(request: AnyRequest, account: FromPath[str], grant: FromPath[str]) -> Answer:
    """Take a right back, or back what was taken away."""
    return _perform(request, account, grants.take, grants.GrantRef, {"grant": grant})


@result_of(accounts.update_account)
@result_of(accounts.suspend_account)
@result_of(accounts.resume_account)
def changed(_request: AnyRequest, result: accounts.AccountRow) -> Answer:
    """Go back to the account."""
    return go(f"/accounts/{result.id}?notice=changed")


@result_of(credentials.reset_password)
def given(request: AnyRequest, result: credentials.GivenPassword) -> Answer:
    """Show the one-time password, once."""
    holder = confirmed_arguments(request)["account"]
    with appliance_of(request).database.read() as session:
        ((_, person),) = in_names(session, "account", holder)
    return page(
        request,
        "console/account_password.html",
        account=None,
        holder=holder,
        person=person,
        password=result.initial_password.reveal(),
    )


@result_of(credentials.reset_factor)
def freed(request: AnyRequest, _result: credentials.Count) -> Answer:
    """Go back to the account."""
    return go(f"/accounts/{confirmed_arguments(request)['account']}?notice=factor")


@result_of(credentials.end_sessions)
def counted(_request: AnyRequest, _result: credentials.Count) -> Answer:
    """Go back to the list."""
    return go("/accounts")


@result_of(grants.give)
@result_of(grants.take)
def granted(request: AnyRequest, result: GrantRow) -> Answer:
    """Go back to the holder."""
    area = "groups" if is_group(context_of(request), result.holder) else "accounts"
    return go(f"/{area}/{result.holder}?notice=changed")


def _perform(
    request: AnyRequest,
    account: str,
    operation: Operation[Any, Any],
    kind: type[msgspec.Struct],
    data: dict[str, Any],
    typed: dict[str, Any] | None = None,
) -> Answer:
    """Run an operation on an account; an error shows on the account's page."""
    context = need_sign_in(request)
    # left empty is left alone; only a mail address can be taken out
    fields = {name: value for name, value in data.items() if value != "" or name == "mail"}
    try:
        fixed = {"account": account} if "account" in kind.__struct_fields__ else {}
        return perform(request, operation, read_form(kind, fields, **fixed))
    except TenshuError as error:
        errors = {
            "right" if name in {"role", "permission"} else name: text
            for name, text in errors_at_fields(context.language, error).items()
        }
        return _account_page(request, account, errors, error.status, typed=typed)


def _account_page(
    request: AnyRequest,
    account: str,
    errors: dict[str, str],
    status: int = 200,
    notice: str = "",
    typed: dict[str, Any] | None = None,
) -> Answer:
    context = need_sign_in(request)
    found = accounts.get_account(context, ask(accounts.AccountRef, account=account))
    sessions = (
        credentials.list_sessions_of(context, ask(accounts.AccountRef, account=account)).items
        if context.actor.rights.allows(Permission.SESSIONS_MANAGE)
        else []
    )
    return page(
        request,
        "console/account.html",
        status=status,
        found=found,
        sessions=sessions,
        rules=access_rules.rules_of(context, ask(accounts.AccountRef, account=account)).items,
        certificates=client_certificate_list.list_certificates(
            context, ask(ListCertificates, account=account, limit=SHOWN)
        ),
        built_in=access_rules.BUILT_IN,
        errors=errors,
        notice=notice,
        typed=typed or {},
        **right_words(context),
        zones=zones(context.language, found.account.time_zone),
        may_manage=context.actor.rights.allows(Permission.ACCOUNTS_MANAGE),
        may_grant=context.actor.rights.allows(Permission.GRANTS_MANAGE),
        may_erase=context.actor.rights.allows(Permission.AUDIT_ERASE),
        may_disclose=all(
            context.actor.rights.allows(one)
            for one in (Permission.AUDIT_EXPORT, Permission.ACCOUNTS_MANAGE)
        ),
    )


def account_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [
        show_accounts,
        show_account,
        update,
        suspend,
        resume,
        reset_password,
        reset_factor,
        end_sessions,
        give,
        take,
    ]
