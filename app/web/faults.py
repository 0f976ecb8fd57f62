"""What becomes of an error: a page, a problem document, a redirect to the sign-in page."""

import logging
from typing import Any

from litestar import Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
)

from app.core.errors import TenshuError
from app.core.messages import explain
from app.operations.errors import NotAllowed, SignInNeeded
from app.web.api import PREFIX
from app.web.asking import AnyRequest, incident_of, language_of, plane_of, shut_out, signed_in
from app.web.cookies import drop_cookie, session_cookie_name
from app.web.errors import InternalFault, MalformedRequest, MethodNotAllowed, PageNotFound
from app.web.gate import METHODS
from app.web.pages import Answer, go, page, sign_in_path
from app.web.permission_names import PERMISSION_NAMES
from app.web.problem import MEDIA_TYPE, describe
from app.web.schema import encode

log = logging.getLogger("tenshu.web")


def translate_exception(error: Exception, request: AnyRequest) -> TenshuError:
    """Return any exception as one of ours; what we did not expect goes to the log, whole."""
    if isinstance(error, TenshuError):
        return error
    if isinstance(error, NotFoundException):
        return PageNotFound()
    if isinstance(error, MethodNotAllowedException):
        return MethodNotAllowed(method=request.method)
    if isinstance(error, ClientException | HTTPException) and error.status_code < 500:
        return MalformedRequest(reason=str(error.detail)[:200])
    log.error(
        "%s %s failed",
        request.method,
        request.url.path,
        exc_info=error,
        extra={"incident": incident_of(request)},
    )
    return InternalFault()


def answer_error(request: AnyRequest, error: Exception) -> Answer:
    """Return the answer for an error: for programs under /api, for people elsewhere."""
    ours = translate_exception(error, request)
    _give_up_session_where_broken(request)
    if isinstance(ours, SignInNeeded) and not request.headers.get("hx-request"):
        ours = shut_out(request) or ours
    language = language_of(request)
    if _wants_json(request):
        body = encode(describe(ours, language, incident_of(request)))
        headers = _allow_header(ours, request)
        if ours.status == 401:
            headers["www-authenticate"] = "Bearer"
        return Response(
            body,
            status_code=ours.status,
            media_type=MEDIA_TYPE,
            headers=headers,
        )
    if isinstance(ours, SignInNeeded):
        forget = drop_cookie(session_cookie_name(plane_of(request)))
        if request.headers.get("hx-request"):
            return Response(b"", status_code=200, headers={"hx-redirect": "/sign-in"})
        return go(sign_in_path(request) if request.method == "GET" else "/sign-in", [forget])
    message, hint = explain(language, _in_words(ours))
    answer = page(
        request,
        "web/error.html",
        status=ours.status,
        message=message,
        hint=hint,
        incident=incident_of(request),
        code=ours.code,
    )
    answer.headers.update(_allow_header(ours, request))
    return answer


def _in_words(error: TenshuError) -> TenshuError:
    """Return an error that names a permission as people know it."""
    if not isinstance(error, NotAllowed):
        return error
    permission = str(error.parameters["permission"])
    return NotAllowed(permission=PERMISSION_NAMES.get(permission, permission))


def _allow_header(error: TenshuError, request: AnyRequest) -> dict[str, str]:
    """Return what must accompany 405 (RFC 9110, 15.5.6): the methods that the address takes."""
    if error.status != 405:
        return {}
    offered: list[str] = []
    try:
        request.app.asgi_router.handle_routing(path=request.scope["path"], method="TRACE")
    except MethodNotAllowedException as refused:
        offered = str((refused.headers or {}).get("allow", "")).split(", ")
        if "GET" in offered:
            offered.append("HEAD")  # the gate asks for it in GET's name
    except HTTPException as unknown:
        log.debug("no such address: %s", unknown.detail)
    return {"allow": ", ".join(sorted(METHODS.intersection(offered)))}


def _give_up_session_where_broken(request: AnyRequest) -> None:
    """Show the error as to nobody, where not even the session can be read any more."""
    try:
        signed_in(request)
    except Exception as error:  # noqa: BLE001 - it is told, and an answer must come all the same
        log.error(  # noqa: TRY400 - the traceback of what was asked stands above
            "the session cannot be read: %r", error, extra={"incident": incident_of(request)}
        )
        request.scope["state"]["signed_in"] = None


def _wants_json(request: AnyRequest) -> bool:
    accepted = request.headers.get("accept", "")
    return request.url.path.startswith(PREFIX + "/") or accepted.startswith("application/json")


def handlers() -> dict[Any, Any]:
    """Return litestar's table of exception handlers."""
    return {Exception: answer_error, HTTPException: answer_error}
