"""The first visit: claim code, first administrator, authenticator, recovery codes."""

from typing import Any, Final

from litestar.handlers import HTTPRouteHandler

from app.core.errors import TenshuError
from app.core.messages import mark, translate
from app.identity.operations import setup
from app.identity.setup import SetupProgress
from app.operations.context import Plane
from app.operations.operation import NoRequest
from app.web.asking import AnyRequest, context_of, language_of
from app.web.cookies import drop_cookie, make_cookie, session_cookie_name, sign_in_cookie_name
from app.web.error_places import errors_at_fields
from app.web.pages import Answer, ask, go, page
from app.web.routing import get, post
from app.web.shared_pages import Form
from app.web.sign_in_pages import show_recovery_codes
from app.web.zones import zones

TICKET: Final = sign_in_cookie_name(Plane.CONSOLE)
HOUR_SECONDS: Final = 3600


@get("/setup")
def show_setup(request: AnyRequest) -> Answer:
    """Show the step where this browser stopped, or the claim code's."""
    context = context_of(request)
    if not setup.status(context, NoRequest()).needed:
        return go("/sign-in")
    ticket = request.cookies.get(TICKET, "")
    if ticket:
        try:
            progress = setup.resume(context, ask(setup.SetupTicket, ticket=ticket))
        except TenshuError:
            return _claim_step(request)
        return _step(request, progress)
    return _claim_step(request)


@post("/setup/claim")
def claim(request: AnyRequest, data: Form) -> Answer:
    """Take the claim code."""
    try:
        progress = setup.claim(
            context_of(request), ask(setup.Claim, code=str(data.get("code", "")))
        )
    except TenshuError as error:
        return _claim_step(request, error)
    ticket = make_cookie(TICKET, progress.ticket.reveal(), plane=Plane.CONSOLE, lasts=HOUR_SECONDS)
    return go("/setup", [ticket])


@post("/setup/person")
def describe(request: AnyRequest, data: Form) -> Answer:
    """Take name, login ID and password of the first administrator."""
    ticket = request.cookies.get(TICKET, "")
    language = str(data.get("language", ""))
    context = context_of(request)
    try:
        if data.get("password") != data.get("again"):
            return _person_step(request, data, errors={"again": _differs(language_of(request))})
        setup.describe(
            context,
            ask(
                setup.Person,
                ticket=ticket,
                login_id=str(data.get("login_id", "")),
                name=str(data.get("name", "")),
                password=str(data.get("password", "")),
                language="en" if language == "en" else "ja",
                time_zone=str(data.get("time_zone") or "Asia/Tokyo"),
            ),
        )
    except TenshuError as error:
        errors = errors_at_fields(language_of(request), error)
        return _person_step(request, data, errors, error.status)
    return go("/setup")


@post("/setup/factor")
def finish(request: AnyRequest, data: Form) -> Answer:
    """Take the first code of the authenticator: the administrator is made and signed in."""
    ticket = request.cookies.get(TICKET, "")
    context = context_of(request)
    try:
        session = setup.finish(
            context, ask(setup.FirstCode, ticket=ticket, code=str(data.get("answer", "")))
        )
    except TenshuError as error:
        try:
            progress = setup.resume(context, ask(setup.SetupTicket, ticket=ticket))
        except TenshuError:
            return _claim_step(request, error)
        return _step(request, progress, error)
    cookies = [
        make_cookie(
            session_cookie_name(Plane.CONSOLE), session.token.reveal(), plane=Plane.CONSOLE
        ),
        drop_cookie(TICKET),
    ]
    return show_recovery_codes(
        request,
        session.recovery_codes,
        "/",
        cookies,
        template="console/setup_recovery_codes.html",
    )


def setup_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_setup, claim, describe, finish]


def _differs(language: str) -> str:
    return translate(language, mark("The two passwords differ."))


def _claim_step(request: AnyRequest, error: TenshuError | None = None) -> Answer:
    errors = errors_at_fields(language_of(request), error) if error else {}
    return page(
        request, "console/setup_claim.html", status=error.status if error else 200, errors=errors
    )


def _person_step(
    request: AnyRequest, data: dict[str, Any], errors: dict[str, str], status: int = 422
) -> Answer:
    return page(
        request,
        "console/setup_person.html",
        status=status if errors else 200,
        values=data,
        zones=zones(language_of(request)),
        errors=errors,
    )


def _step(request: AnyRequest, progress: SetupProgress, error: TenshuError | None = None) -> Answer:
    language = language_of(request)
    errors = errors_at_fields(language, error, fields={"code": "answer"}) if error else {}
    if progress.step == "person":
        return _person_step(request, {}, errors)
    return page(
        request,
        "console/setup_factor.html",
        status=error.status if error else 200,
        offer=progress,
        errors=errors,
    )
