"""Pages: rendering, redirects, and running an operation from a form."""

from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response
from litestar.datastructures import Cookie
from litestar.response import Redirect, Stream

from app.core import clock
from app.core.errors import InvalidInput, TenshuError
from app.core.messages import explain
from app.core.secret import Secret
from app.identity.operations import requests as confirmation_requests
from app.operations.context import Context, Plane
from app.operations.download import Download
from app.operations.errors import ConfirmationNeeded, SignInNeeded
from app.operations.operation import Operation, decode_fields
from app.web.api import send_download
from app.web.asking import AnyRequest, context_of, language_of, plane_of, signed_in
from app.web.design.environment import render
from app.web.nul import refuse_nul
from app.web.schema import as_invalid_input
from app.web.standing import standing_of

DEFAULT_ZONE: Final = "Asia/Tokyo"

Answer = Response[Any] | Redirect | Stream
ResultPage = Callable[[AnyRequest, Any], Answer]
Request = TypeVar("Request", bound=msgspec.Struct)

Side = Callable[[AnyRequest], list[tuple[str, str, str]]]
"""Links beside a page for the person who asks: address, label, icon."""

_result_pages: dict[str, ResultPage] = {}


def nothing_at_the_side(_request: AnyRequest) -> list[tuple[str, str, str]]:
    """Return no link."""
    return []


def result_of(operation: Operation[Any, Any]) -> Callable[[ResultPage], ResultPage]:
    """Say which page shows the result of an operation: `(request, result)`.

    It is shown at once, or after a fresh second factor has confirmed the operation.
    """

    def wrap(page: ResultPage) -> ResultPage:
        _result_pages[operation.name] = page
        return page

    return wrap


def show_result(request: AnyRequest, name: str, result: Any) -> Answer:  # noqa: ANN401
    """Return the page that shows an operation's result."""
    if isinstance(result, Download):
        return send_download(result)
    return _result_pages[name](request, result)


def keep_arguments(request: AnyRequest, arguments: dict[str, str]) -> None:
    """Let the page of the result see what was confirmed: results do not repeat it."""
    request.scope["state"]["confirmed"] = arguments


def confirmed_arguments(request: AnyRequest) -> dict[str, str]:
    """Return what the operation was confirmed with, secrets left out."""
    found: dict[str, str] = request.scope["state"]["confirmed"]
    return found


def perform(request: AnyRequest, operation: Operation[Any, Any], arguments: Any) -> Answer:  # noqa: ANN401
    """Run an operation for a page; where it needs a fresh second factor, ask for that first."""
    context = context_of(request)
    try:
        result = operation(context, arguments)
    except ConfirmationNeeded:
        pending = confirmation_requests.prepare(context, operation.name, arguments)
        return go(f"/confirm/{pending.id}")
    return show_result(request, operation.name, result)


def read_form(kind: type[Request], form: dict[str, Any], /, **fixed: Any) -> Request:  # noqa: ANN401
    """Return the request that a form's fields make. Raise InvalidInput naming the field."""
    known = kind.__struct_encode_fields__
    fields = {name: value for name, value in form.items() if name in known} | fixed
    refuse_nul(fields)
    try:
        return decode_fields(fields, kind)
    except msgspec.ValidationError as error:
        raise as_invalid_input(error) from error


def ask(kind: type[Request], /, **values: Any) -> Request:  # noqa: ANN401
    """Return the request that these values make, within the limits that the API keeps too.

    Texts may come from anywhere: a struct that is called directly would take them unchecked.
    Secrets are given as texts. Raise InvalidInput naming the field.
    """
    return read_form(kind, {}, **values)


def field_errors(language: str, error: TenshuError) -> dict[str, str]:
    """Return field → what is wrong with it; an error of no field stands under the empty name."""
    if isinstance(error, InvalidInput):
        reason = str(error.parameters["reason"])
        return {str(error.parameters["field"]): explain_reason(language, reason)}
    message, hint = explain(language, error)
    return {"": f"{message}{hint}" if language == "ja" else f"{message} {hint}"}


def explain_reason(language: str, reason: str) -> str:
    """Return the reason of an invalid field in `language`."""
    return explain(language, _Reason(reason=reason))[0]


class _Reason(TenshuError):
    message = "{reason}"


def go(path: str, cookies: list[Cookie] | None = None) -> Redirect:
    """Return the answer that sends the browser to a page of ours after a change (303)."""
    return Redirect(path, status_code=303, cookies=cookies or [])


def safe_path(path: str) -> str:
    """Return `path` if it is a page of ours, else the first page: no open redirect."""
    if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable():
        return path
    return "/"


def need_sign_in(request: AnyRequest) -> Context:
    """Return the context of a person who is signed in. Raise SignInNeeded otherwise."""
    if signed_in(request) is None:
        raise SignInNeeded
    return context_of(request)


def set_session(request: AnyRequest, token: Secret) -> None:
    """Look up the session anew: its identifier was rotated while this request ran."""
    state = request.scope["state"]
    state["session_token"] = token.reveal()
    state.pop("signed_in", None)


def sign_in_path(request: AnyRequest) -> str:
    """Return the address of the sign-in page that comes back to this one."""
    address = here(request)
    return f"/sign-in?back={quote(address)}" if address != "/" else "/sign-in"


def here(request: AnyRequest) -> str:
    """Return the address of this page with its query."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def page(
    request: AnyRequest,
    template: str,
    /,
    *,
    status: int = 200,
    cookies: list[Cookie] | None = None,
    **values: Any,  # noqa: ANN401 - what a page shows is its own
) -> Response[bytes]:
    """Render a template of an area for the person who asks."""
    session = signed_in(request)
    plane: Plane = plane_of(request)
    language = language_of(request)
    zone = session.time_zone if session and session.time_zone else DEFAULT_ZONE
    html = render(
        request.app.state.templates,
        template,
        language=language,
        zone=ZoneInfo(zone),
        viewer=_viewer(session),
        theme=session.theme if session else "",
        rights=session.actor.rights if session else None,
        session=_session_warning(session),
        appliance_name=request.app.state.name,
        plane=plane.value,
        path=here(request),
        side=lambda: request.app.state.side(request) if session else [],
        standing=lambda: standing_of(request),
        **values,
    )
    return Response(
        html.encode(),
        status_code=status,
        media_type="text/html",
        cookies=cookies or [],
    )


def part(request: AnyRequest, template: str, /, *, whole: str, **values: Any) -> Answer:  # noqa: ANN401
    """Render a part of the page `whole`, which asks for it; a browser by itself is led there."""
    if "hx-request" not in request.headers:
        return go(whole)
    return page(request, template, **values)


class Viewer(msgspec.Struct, frozen=True):
    """Who looks at the page, as its frame shows it."""

    name: str
    initials: str


class SessionWarning(msgspec.Struct, frozen=True):
    """What the page needs to warn before the session ends (F7)."""

    idle_seconds: int
    warn_seconds: int
    owner: str
    """Opaque: the same person's drafts are found again, another's are not."""


WARN_SECONDS: Final = 120


def _session_warning(session: Any) -> SessionWarning | None:  # noqa: ANN401 - SignedIn or None
    if session is None:
        return None
    seconds = max(1, (session.idle_until - clock.now()) // clock.SECOND)
    return SessionWarning(seconds, min(WARN_SECONDS, seconds // 2), session.actor.account)


def _viewer(session: Any) -> Viewer | None:  # noqa: ANN401 - SignedIn or None
    if session is None:
        return None
    name = session.actor.name
    return Viewer(name=name, initials=name.strip()[:1].upper())
