"""One's own history, and one's rights with where each comes from, on both planes."""

from urllib.parse import urlencode

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from app.history import own
from app.history.kinds import Kind
from app.identity.operations import own_rights
from app.operations.operation import NoRequest
from app.operations.permissions import EVERYTHING
from app.web.asking import AnyRequest
from app.web.error_words import explain_code
from app.web.meanings import meanings
from app.web.names import ACTORS, TARGETS
from app.web.pages import Answer, ask, need_sign_in, page
from app.web.permission_names import PERMISSION_NAMES
from app.web.routing import get


@get("/account/history")
def show_history(
    request: AnyRequest,
    q: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Answer:
    """Show what one has done oneself."""
    context = need_sign_in(request)
    chosen = Kind(kind) if kind in tuple(Kind) else None
    wanted = ask(own.OwnEvents, text=q[:200], kind=chosen, after=after)
    found = own.list_own_events(context, wanted)
    kept = {name: text for name, text in (("q", q), ("kind", kind)) if text}
    following = urlencode({**kept, "after": found.next})
    return page(
        request,
        "web/own_history.html",
        rows=found.rows,
        next=f"/account/history?{following}" if found.next else "",
        q=q,
        kind=kind,
        kinds=list(Kind),
        meanings=meanings(),
        targets=TARGETS,
        reasons={
            row.error: explain_code(context.language, row.error) for row in found.rows if row.error
        },
    )


@get("/account/rights")
def show_rights(request: AnyRequest) -> Answer:
    """Show what one may do, in words, and where it comes from."""
    context = need_sign_in(request)
    return page(
        request,
        "web/own_rights.html",
        found=own_rights.list_rights(context, NoRequest()),
        names=PERMISSION_NAMES,
        everything=EVERYTHING,
        actors=ACTORS,
    )


def own_history_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_history, show_rights]
