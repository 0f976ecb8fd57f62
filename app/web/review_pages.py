"""The lines of access reviews that wait for the person at the page, on both planes (METI-46)."""

from typing import Any

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from app.core.errors import TenshuError
from app.operations.operation import NoRequest
from app.reviews.operations import deciding
from app.web.asking import AnyRequest
from app.web.design.address import change_query
from app.web.pages import Answer, ask, field_errors, go, need_sign_in, page
from app.web.review_lines import Sieve, sieve_of
from app.web.right_words import words_of_rights
from app.web.routing import get, post
from app.web.shared_pages import Form


@get("/reviews/mine")
def show_own_reviews(
    request: AnyRequest,
    q: FromQuery[str] = "",
    status: FromQuery[str] = "",
    notice: FromQuery[str] = "",
) -> Answer:
    """Show the lines that are one's own to decide."""
    return _own_page(request, sieve_of(request, q, status), {}, notice=notice)


@post("/reviews/mine")
def decide(request: AnyRequest, data: Form) -> Answer:
    """Confirm or withdraw the lines that were picked."""
    context = need_sign_in(request)
    sieve = sieve_of(request, str(data.get("q", "")), str(data.get("status", "")))
    picked = data.get("selected", [])
    typed = {
        "lines": picked if isinstance(picked, list) else [str(picked)],
        "decision": str(data.get("decision", "")),
        "reason": str(data.get("reason", "")).strip(),
    }
    try:
        deciding.decide(context, ask(deciding.Decision, **typed))
    except TenshuError as error:
        errors = field_errors(context.language, error)
        return _own_page(request, sieve, errors, typed=typed, status=error.status)
    return go(change_query("/reviews/mine", notice="decided", q=sieve.q, status=sieve.status))


def _own_page(
    request: AnyRequest,
    sieve: Sieve,
    errors: dict[str, str],
    *,
    typed: dict[str, Any] | None = None,
    status: int = 200,
    notice: str = "",
) -> Answer:
    context = need_sign_in(request)
    return page(
        request,
        "web/own_reviews.html",
        status=status,
        sieve=sieve,
        reviews=deciding.own_reviews(context, NoRequest()).items,
        words=words_of_rights(request),
        errors=errors,
        typed=typed or {},
        notice=notice,
    )


def review_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_own_reviews, decide]
