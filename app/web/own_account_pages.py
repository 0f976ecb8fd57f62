"""One's own account: password and sessions; its other parts stand in modules of their own."""

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.core.errors import TenshuError
from app.core.messages import mark, translate
from app.identity.operations import own_password, own_sessions
from app.web.asking import AnyRequest
from app.web.error_places import errors_at_fields
from app.web.own_account_page import own_page
from app.web.own_factor_pages import own_factor_pages
from app.web.pages import Answer, ask, go, need_sign_in, read_form
from app.web.routing import get, post
from app.web.shared_pages import Form
from app.web.token_pages import token_pages


@get("/account")
def show_own_account(request: AnyRequest, notice: FromQuery[str] = "") -> Answer:
    """Show one's own account."""
    return own_page(request, {}, notice=notice)


@post("/account/password")
def change_password(request: AnyRequest, data: Form) -> Answer:
    """Change one's password (F8)."""
    context = need_sign_in(request)
    if data.get("new") != data.get("again"):
        differs = translate(context.language, mark("The two passwords differ."))
        return own_page(request, {"again": differs}, status=422)
    change = read_form(own_password.PasswordChange, {"current": "", "new": "", **data})
    try:
        own_password.change_password(context, change)
    except TenshuError as error:
        errors = errors_at_fields(context.language, error, fields={"password": "new"})
        return own_page(request, errors, status=error.status)
    return go("/account?notice=password")


@post("/account/sessions/{session:str}/end")
def end_session(request: AnyRequest, session: FromPath[str]) -> Answer:
    """End one of one's sessions."""
    own_sessions.end_session(need_sign_in(request), ask(own_sessions.SessionRef, session=session))
    return go("/account?notice=session")


def own_account_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [
        show_own_account,
        change_password,
        end_session,
        *own_factor_pages(),
        *token_pages(),
    ]
