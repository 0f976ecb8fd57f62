"""Confirming a dangerous change with a fresh second factor, and approving another's."""

from typing import Final

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from sqlmodel import Session, SQLModel

from app.core.errors import TenshuError
from app.identity.confirmation import PendingRequest
from app.identity.models import Account, ClientCertificate, Grant, Group, OwnRole
from app.identity.operations import requests
from app.offsite.models import Destination
from app.operations.operation import NoRequest
from app.web.asking import AnyRequest, appliance_of, context_of, plane_of
from app.web.cookies import make_cookie, session_cookie_name
from app.web.error_places import errors_at_fields
from app.web.errors import PageNotFound
from app.web.faults import answer_error
from app.web.names import FIELDS, value_of
from app.web.pages import (
    Answer,
    ask,
    go,
    keep_arguments,
    need_sign_in,
    page,
    set_session,
    show_result,
)
from app.web.proving import proof_in, ways_of
from app.web.routing import get, post
from app.web.shared_pages import Form

FIRST: Final = 3
"""People whom a request about many names."""
_PEOPLE: Final = ((Account, "name"), (Group, "name"))
NAMED_BY: Final[dict[str, tuple[tuple[type[SQLModel], str], ...]]] = {
    **dict.fromkeys(("account", "holder", "group", "head", "parent", "successor"), _PEOPLE),
    "whom": ((Account, "name"), (OwnRole, "name")),
    "role": ((OwnRole, "name"),),
    "destination": ((Destination, "name"),),
    "certificate": ((ClientCertificate, "device"),),
}
"""Arguments that are identifiers: where what they mean is found, and how it is called."""
UNTOLD: Final = ("", "None")
"""Values of arguments that were left out."""


@get("/requests")
def show_requests(request: AnyRequest) -> Answer:
    """Show what waits for a confirmation or an approval."""
    context = need_sign_in(request)
    found = requests.list_requests(context, NoRequest())
    return page(
        request,
        "web/requests.html",
        items=found.items,
        mine=context.actor.account,
        told={one.id: told(request, one) for one in found.items},
    )


@get("/confirm/{pending:str}")
def show_confirmation(request: AnyRequest, pending: FromPath[str]) -> Answer:
    """Ask for the fresh code of one's own request, or of an approval."""
    return _confirm_page(request, _find(request, pending))


@post("/confirm/{pending:str}")
def confirm(request: AnyRequest, pending: FromPath[str], data: Form) -> Answer:
    """Take the code and run what waits for it."""
    context = need_sign_in(request)
    found = _find(request, pending)
    proof = ask(requests.Confirm, id=pending, code=proof_in(data))
    mine = found.asked_by == context.actor.account
    try:
        confirmed = (requests.confirm if mine else requests.approve)(context, proof)
    except TenshuError as error:
        return _confirm_page(
            request, found, errors_at_fields(context.language, error), status=error.status
        )
    plane = plane_of(request)
    cookie = make_cookie(session_cookie_name(plane), confirmed.token.reveal(), plane=plane)
    set_session(request, confirmed.token)
    keep_arguments(request, found.arguments)
    answer = go("/requests") if confirmed.waiting else _shown(request, found.operation, confirmed)
    answer.cookies.append(cookie)
    return answer


def _shown(request: AnyRequest, operation: str, confirmed: requests.Confirmed) -> Answer:
    """Return the page of what came of it, an error's too: the new cookie goes out with either."""
    try:
        return show_result(request, operation, confirmed.unwrap())
    except Exception as error:  # noqa: BLE001 - answered and logged as everywhere
        return answer_error(request, error)


@post("/requests/{pending:str}/decline")
def decline(request: AnyRequest, pending: FromPath[str]) -> Answer:
    """Take back one's own request, or decline another's."""
    requests.decline(need_sign_in(request), ask(requests.RequestId, id=pending))
    return go("/requests")


def confirm_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_requests, show_confirmation, confirm, decline]


def _find(request: AnyRequest, pending: str) -> PendingRequest:
    need_sign_in(request)
    for found in requests.list_requests(context_of(request), NoRequest()).items:
        if found.id == pending:
            return found
    raise PageNotFound


def _confirm_page(
    request: AnyRequest,
    pending: PendingRequest,
    errors: dict[str, str] | None = None,
    *,
    status: int = 200,
) -> Answer:
    return page(
        request,
        "web/confirm.html",
        status=status,
        pending=pending,
        mine=pending.asked_by == context_of(request).actor.account,
        told=told(request, pending),
        ways=ways_of(request),
        errors=errors or {},
    )


def told(request: AnyRequest, pending: PendingRequest) -> list[tuple[str, str]]:
    """Return what a request would be done with, in names that people know."""
    # the revision says nothing to people, nor an identifier beside its name
    hidden = {"rev", "repository", "upload"} if "name" in pending.arguments else {"rev"}
    hidden |= {"columns", "encoding", "document"}  # long; the page before has shown it
    if "whom" in pending.arguments:
        hidden |= {"kind"}  # the name says it
    if "host" not in pending.arguments:
        hidden |= {"from_beginning"}  # a syslog receiver alone gets events
    with appliance_of(request).database.read() as session:
        return [
            (FIELDS.get(name, name), value_of(name, text))
            for field, value in pending.arguments.items()
            if value not in UNTOLD and field not in hidden
            for name, text in in_names(session, field, value)
        ]


def in_names(session: Session, field: str, value: str) -> list[tuple[str, str]]:
    """Return an argument with the name behind its identifier; a grant as all that it gives."""
    if field == "grant" and (grant := session.get(Grant, value)):
        given = {
            "holder": grant.holder,
            "role": grant.role,
            "permission": grant.permission,
            "scope": grant.scope,
        }
        return [
            pair for name, text in given.items() if text for pair in in_names(session, name, text)
        ]
    if field == "accounts":
        return [("account", _in_short(session, value.split(", ")))]
    for table, called in NAMED_BY.get(field, ()):
        if found := session.get(table, value):
            return [(field, getattr(found, called))]
    return [(field, value)]


def _in_short(session: Session, accounts: list[str]) -> str:
    """Return the names of the first people, and how many there are where more are meant."""
    first = [session.get(Account, each) for each in accounts[:FIRST]]
    names = ", ".join(one.name for one in first if one)
    return names if len(accounts) <= FIRST else f"{names} … ({len(accounts)})"
