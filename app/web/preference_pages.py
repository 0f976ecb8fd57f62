"""One's own language, time zone and appearance."""

from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from app.core.errors import TenshuError
from app.identity.operations import own_preferences
from app.operations.operation import NoRequest
from app.web.asking import AnyRequest
from app.web.cookies import LANGUAGE, YEAR_SECONDS, make_cookie
from app.web.pages import Answer, field_errors, go, need_sign_in, page, read_form
from app.web.routing import get, post
from app.web.shared_pages import Form
from app.web.zones import zones


@get("/account/preferences")
def show_preferences(request: AnyRequest, notice: FromQuery[str] = "") -> Answer:
    """Show one's language, time zone and appearance."""
    return _page(request, {}, {}, notice=notice)


@post("/account/preferences")
def change_preferences(request: AnyRequest, data: Form) -> Answer:
    """Change them; the language of this browser follows."""
    context = need_sign_in(request)
    try:
        wanted = read_form(own_preferences.Preferences, data)
        own_preferences.change_preferences(context, wanted)
    except TenshuError as error:
        errors = field_errors(context.language, error)
        return _page(request, dict(data), errors, status=error.status)
    spoken = make_cookie(LANGUAGE, wanted.language, lasts=YEAR_SECONDS)
    return go("/account/preferences?notice=changed", [spoken])


def _page(
    request: AnyRequest,
    typed: dict[str, str],
    errors: dict[str, str],
    *,
    status: int = 200,
    notice: str = "",
) -> Answer:
    context = need_sign_in(request)
    kept = own_preferences.get_preferences(context, NoRequest())
    values = {name: getattr(kept, name) for name in kept.__struct_fields__} | typed
    return page(
        request,
        "web/preferences.html",
        status=status,
        values=values,
        zones=zones(context.language, kept.time_zone),
        errors=errors,
        notice=notice,
    )


def preference_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_preferences, change_preferences]
