"""One's own account: password, authenticators, recovery codes, sessions."""

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.core.errors import TenshuError
from app.core.messages import mark, translate
from app.identity.operations import own_factors, own_password, own_sessions
from app.operations.operation import NoRequest
from app.web.asking import AnyRequest
from app.web.error_places import errors_at_fields
from app.web.pages import Answer, ask, go, need_sign_in, page, read_form
from app.web.routing import get, post
from app.web.shared_pages import Form
from app.web.sign_in_pages import show_recovery_codes
from app.web.token_pages import token_pages


@get("/account")
def show_own_account(request: AnyRequest, notice: FromQuery[str] = "") -> Answer:
    """Show one's own account."""
    return _own_page(request, {}, notice=notice)


@post("/account/password")
def change_password(request: AnyRequest, data: Form) -> Answer:
    """Change one's password (F8)."""
    context = need_sign_in(request)
    if data.get("new") != data.get("again"):
        differs = translate(context.language, mark("The two passwords differ."))
        return _own_page(request, {"again": differs}, status=422)
    change = read_form(own_password.PasswordChange, {"current": "", "new": "", **data})
    try:
        own_password.change_password(context, change)
    except TenshuError as error:
        errors = errors_at_fields(context.language, error, fields={"password": "new"})
        return _own_page(request, errors, status=error.status)
    return go("/account?notice=password")


@post("/account/factors")
def begin_factor(request: AnyRequest, data: Form) -> Answer:
    """Begin to add an authenticator."""
    context = need_sign_in(request)
    try:
        wanted = read_form(own_factors.NewFactor, {"name": "", "password": "", **data})
        begun = own_factors.begin_factor(context, wanted)
    except TenshuError as error:
        errors = errors_at_fields(
            context.language, error, form="factor", fields={"current": "password"}
        )
        return _own_page(request, errors, status=error.status)
    return page(request, "web/factor.html", offer=begun, errors={})


@post("/account/factors/{factor:str}/confirm")
def confirm_factor(request: AnyRequest, factor: FromPath[str], data: Form) -> Answer:
    """Let the new authenticator count, after its first valid code."""
    context = need_sign_in(request)
    first = ask(own_factors.FactorCode, id=factor, code=str(data.get("code", "")))
    try:
        made = own_factors.confirm_factor(context, first)
    except TenshuError as error:
        errors = errors_at_fields(context.language, error, fields={"code": ""})
        return _own_page(request, errors, status=error.status)
    if made.codes:
        return show_recovery_codes(request, made.codes, "/account", [])
    return go("/account?notice=factor")


@post("/account/factors/{factor:str}/remove")
def remove_factor(request: AnyRequest, factor: FromPath[str], data: Form) -> Answer:
    """Remove one of one's authenticators."""
    context = need_sign_in(request)
    which = ask(own_factors.FactorCode, id=factor, code=str(data.get("code", "")))
    try:
        own_factors.remove_factor(context, which)
    except TenshuError as error:
        errors = errors_at_fields(context.language, error, form=f"remove-{factor}")
        return _own_page(request, errors, status=error.status)
    return go("/account?notice=factor")


@post("/account/recovery-codes")
def renew_recovery_codes(request: AnyRequest, data: Form) -> Answer:
    """Replace one's recovery codes."""
    context = need_sign_in(request)
    proof = ask(own_factors.FreshCode, code=str(data.get("code", "")))
    try:
        made = own_factors.renew_recovery_codes(context, proof)
    except TenshuError as error:
        errors = errors_at_fields(context.language, error, form="recovery")
        return _own_page(request, errors, status=error.status)
    return show_recovery_codes(request, made.codes, "/account", [])


@post("/account/sessions/{session:str}/end")
def end_session(request: AnyRequest, session: FromPath[str]) -> Answer:
    """End one of one's sessions."""
    own_sessions.end_session(need_sign_in(request), ask(own_sessions.SessionRef, session=session))
    return go("/account?notice=session")


def _own_page(
    request: AnyRequest, errors: dict[str, str], *, status: int = 200, notice: str = ""
) -> Answer:
    context = need_sign_in(request)
    return page(
        request,
        "web/account.html",
        status=status,
        errors=errors,
        notice=notice,
        factors=own_factors.list_factors(context, NoRequest()),
        sessions=own_sessions.list_sessions(context, NoRequest()).items,
    )


def own_account_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [
        show_own_account,
        change_password,
        begin_factor,
        confirm_factor,
        remove_factor,
        renew_recovery_codes,
        end_session,
        *token_pages(),
    ]
