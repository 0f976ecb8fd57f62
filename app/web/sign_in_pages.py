"""Signing in and out, step by step, the same on both planes."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from litestar import Response
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from app.core.errors import TenshuError
from app.core.secret import Secret
from app.identity.built_in_steps import PASSWORD
from app.identity.operations import passkey_sign_in, sign_in
from app.identity.sign_in_flow import Progress
from app.operations.operation import NoRequest
from app.web.asking import AnyRequest, context_of, language_of, plane_of, signed_in
from app.web.cookies import drop_cookie, make_cookie, session_cookie_name, sign_in_cookie_name
from app.web.error_places import errors_at_fields
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page, safe_path
from app.web.passkey_questions import question, refused_question
from app.web.routing import get, post
from app.web.shared_pages import Form

ANSWERED: Final = {"code": "answer", "password": "answer"}
"""A step has one field, whatever it asks for."""
HALF_HOUR: Final = 1800
"""Seconds that the browser keeps the ticket of an unfinished sign-in; the server ends it sooner."""


@get("/sign-in")
def show_sign_in(request: AnyRequest, back: FromQuery[str] = "/") -> Answer:
    """Show the first step, or the one where this browser stopped."""
    if signed_in(request):
        return go(safe_path(back))
    ticket = request.cookies.get(sign_in_cookie_name(plane_of(request)), "")
    if not ticket:
        return _first_step(request, back)
    try:
        progress = sign_in.resume(context_of(request), ask(sign_in.Ticket, ticket=ticket))
    except TenshuError:
        return _first_step(request, back)
    return _next_step(request, progress, back)


@post("/sign-in")
def start(request: AnyRequest, data: Form) -> Answer:
    """Take login ID and password."""
    back = str(data.get("back", "/"))
    login_id = str(data.get("login_id", ""))
    try:
        progress = sign_in.start(
            context_of(request),
            ask(sign_in.Start, login_id=login_id, password=str(data.get("password", ""))),
        )
    except TenshuError as error:
        return _first_step(request, back, error, login_id)
    return after_step(request, progress, back)


@post("/sign-in/step")
def answer(request: AnyRequest, data: Form) -> Answer:
    """Take the answer of one step: a code, a new password."""
    back = str(data.get("back", "/"))
    ticket = request.cookies.get(sign_in_cookie_name(plane_of(request)), "")
    step = str(data.get("step", ""))
    context = context_of(request)
    try:
        progress = sign_in.answer(
            context,
            ask(sign_in.Answer, ticket=ticket, step=step, answer=str(data.get("answer", ""))),
        )
    except TenshuError as error:
        try:
            progress = sign_in.resume(context, ask(sign_in.Ticket, ticket=ticket))
        except TenshuError:
            return _first_step(request, back, error)
        return _next_step(request, progress, back, error, step)
    return after_step(request, progress, back)


@post("/sign-in/passkey")
def ask_passkey(request: AnyRequest) -> Answer:
    """Return what any passkey of this browser is asked, to sign in alone."""
    plane = plane_of(request)
    try:
        progress = passkey_sign_in.ask_passkey(context_of(request))
    except TenshuError as error:
        return refused_question(language_of(request), error)
    name = sign_in_cookie_name(plane)
    ticket = make_cookie(name, progress.ticket.reveal(), plane=plane, lasts=HALF_HOUR)
    return question(progress.steps[0].passkey, [ticket])


@post("/sign-in/by-passkey")
def answer_by_passkey(request: AnyRequest, data: Form) -> Answer:
    """Take the answer of a passkey that stands in for login ID, password and second factor."""
    back = str(data.get("back", "/"))
    ticket = request.cookies.get(sign_in_cookie_name(plane_of(request)), "")
    try:
        given = ask(
            passkey_sign_in.PasskeyAnswer, ticket=ticket, answer=str(data.get("answer", ""))
        )
        progress = passkey_sign_in.by_passkey(context_of(request), given)
    except TenshuError as error:
        return _first_step(request, back, error)
    return after_step(request, progress, back)


@post("/sign-in/cancel")
def cancel(request: AnyRequest) -> Answer:
    """Start again, as somebody else perhaps."""
    return go("/sign-in", [drop_cookie(sign_in_cookie_name(plane_of(request)))])


@post("/sign-out")
def sign_out(request: AnyRequest) -> Answer:
    """End this session."""
    if signed_in(request):
        sign_in.sign_out(context_of(request), NoRequest())
    return go("/sign-in", [drop_cookie(session_cookie_name(plane_of(request)))])


@post("/session")
def keep(request: AnyRequest) -> Answer:
    """Keep the session alive: the person works, or has answered the warning."""
    need_sign_in(request)
    return Response(b"{}", media_type="application/json")


def sign_in_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [
        show_sign_in,
        start,
        answer,
        ask_passkey,
        answer_by_passkey,
        cancel,
        sign_out,
        keep,
    ]


def _first_step(
    request: AnyRequest, back: str, error: TenshuError | None = None, login_id: str = ""
) -> Answer:
    language = language_of(request)
    return page(
        request,
        "web/sign_in.html",
        status=error.status if error else 200,
        back=safe_path(back),
        login_id=login_id,
        ways=passkey_sign_in.ways(context_of(request), NoRequest()),
        errors=field_errors(language, error) if error else {},
    )


def _next_step(
    request: AnyRequest,
    progress: Progress,
    back: str,
    error: TenshuError | None = None,
    step: str = "",
) -> Answer:
    if progress.steps[0].step == PASSWORD.name:  # a passkey was asked for and gave no answer
        return _first_step(request, back, error)
    wanted = step or request.query_params.get("step", "")
    offers = {offer.step: offer for offer in progress.steps}
    chosen = offers.get(wanted) or progress.steps[0]
    plane = plane_of(request)
    ticket = make_cookie(
        sign_in_cookie_name(plane), progress.ticket.reveal(), plane=plane, lasts=HALF_HOUR
    )
    return page(
        request,
        "web/sign_in_step.html",
        status=error.status if error else 200,
        cookies=[ticket],  # each look gives a new ticket
        back=safe_path(back),
        offer=chosen,
        others=[offer for offer in progress.steps if offer is not chosen],
        errors=errors_at_fields(language_of(request), error, fields=ANSWERED) if error else {},
    )


def after_step(request: AnyRequest, progress: Progress, back: str) -> Answer:
    """Return the next step's page, or the page that the person wanted."""
    plane = plane_of(request)
    if progress.signed_in is None:
        ticket = make_cookie(
            sign_in_cookie_name(plane), progress.ticket.reveal(), plane=plane, lasts=HALF_HOUR
        )
        return go(f"/sign-in?back={quote(safe_path(back))}", [ticket])
    cookies = [
        make_cookie(session_cookie_name(plane), progress.signed_in.token.reveal(), plane=plane),
        drop_cookie(sign_in_cookie_name(plane)),
    ]
    if progress.signed_in.recovery_codes:
        return show_recovery_codes(request, progress.signed_in.recovery_codes, back, cookies)
    return go(safe_path(back), cookies)


def show_recovery_codes(
    request: AnyRequest,
    codes: Sequence[Secret],
    back: str,
    cookies: list[Cookie],
    *,
    template: str = "web/recovery_codes.html",
) -> Answer:
    """Show the recovery codes, once; `template` is the page where they are a step of something."""
    return page(
        request,
        template,
        cookies=cookies,
        codes=[code.reveal() for code in codes],
        back=safe_path(back),
    )
