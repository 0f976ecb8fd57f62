"""From an HTTP request to the context that operations take."""

from typing import Any, Final

from litestar import Request

from app.audit.event import Source
from app.core.incident import new_incident
from app.core.messages import LANGUAGES
from app.identity import sessions, tokens
from app.identity.bounds import ShutOut
from app.identity.errors import CertificateNeeded, NotFromHere
from app.identity.sessions import SignedIn
from app.operations.context import NOBODY, Actor, Appliance, Context, Plane
from app.operations.errors import SignInNeeded
from app.web.cookies import LANGUAGE, session_cookie_name
from app.web.crossing import crossing_of

AnyRequest = Request[Any, Any, Any]

DEVICE_CHARACTERS: Final = 200
POLLED: Final = "tenshu-poll"
"""Header of requests that a page makes by itself: they do not keep a session alive (F7)."""


def appliance_of(request: AnyRequest) -> Appliance:
    """Return what this process holds."""
    found: Appliance = request.app.state.appliance
    return found


def plane_of(request: AnyRequest) -> Plane:
    """Return the plane that serves the request."""
    found: Plane = request.app.state.plane
    return found


def source_of(request: AnyRequest) -> Source:
    """Return where a request came from.

    The peer, behind the edge the client that it found, and what a proxy claims whom nobody trusts.
    """
    return Source(
        peer=request.client.host if request.client else "local",
        claimed=crossing_of(request.scope).claimed,
        device=request.headers.get("user-agent", "")[:DEVICE_CHARACTERS],
    )


def language_of(request: AnyRequest) -> str:
    """Return the language chosen here, else the account's, else the browser's, else Japanese."""
    chosen = request.cookies.get(LANGUAGE, "")
    if chosen in LANGUAGES:
        return chosen
    session = signed_in(request)
    if session and session.language:
        return session.language
    for wish in request.headers.get("accept-language", "").split(","):
        language = wish.partition(";")[0].strip()[:2].lower()
        if language in LANGUAGES:
            return language
    return "ja"


def incident_of(request: AnyRequest) -> str:
    """Return the request's incident number, the same wherever it is asked."""
    state = request.scope["state"]
    if "incident" not in state:
        state["incident"] = new_incident()
    return str(state["incident"])


def signed_in(request: AnyRequest) -> SignedIn | None:
    """Return the session behind the request's cookie, looked up once a request."""
    state = request.scope["state"]
    if "signed_in" not in state:
        plane = plane_of(request)
        # a confirmation rotates the session: what came with the request is worth nothing then
        value = state.get("session_token") or request.cookies.get(session_cookie_name(plane), "")
        state["signed_in"] = _look_up(request, plane, value) if value else None
    found: SignedIn | None = state["signed_in"]
    return found


def _look_up(request: AnyRequest, plane: Plane, value: str) -> SignedIn | None:
    try:
        return sessions.look_up(
            appliance_of(request),
            plane,
            value,
            source_of(request),
            certificate=crossing_of(request.scope).fingerprint,
            touch=POLLED not in request.headers,
        )
    except (NotFromHere, CertificateNeeded) as error:
        # as nobody they may still see what everybody sees; the page of anything else says why
        request.scope["state"]["shut_out"] = error
        return None


def shut_out(request: AnyRequest) -> ShutOut | None:
    """Return why the session behind the cookie has just ended, if an access rule did that."""
    found: ShutOut | None = request.scope["state"].get("shut_out")
    return found


def _actor(request: AnyRequest) -> Actor:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind == "Bearer":
        found = tokens.look_up(
            appliance_of(request),
            plane_of(request),
            token,
            source_of(request),
            certificate=crossing_of(request.scope).fingerprint,
        )
        if found is None:
            raise SignInNeeded
        return found
    session = signed_in(request)
    return session.actor if session else NOBODY


def context_of(request: AnyRequest) -> Context:
    """Return the context of a request: who asks, from where, on which plane."""
    return Context(
        appliance=appliance_of(request),
        actor=_actor(request),
        source=source_of(request),
        plane=plane_of(request),
        language=language_of(request),
        incident=incident_of(request),
        host=request.headers.get("host", "").lower(),
        certificate=crossing_of(request.scope).fingerprint,
        generation=crossing_of(request.scope).generation,
    )
