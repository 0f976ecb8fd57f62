"""Addresses that both planes have: assets, the gallery, language."""

from typing import Annotated, Any

from litestar import Response
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import Body

from app.core.messages import LANGUAGES
from app.core.settings import Settings
from app.web.asking import AnyRequest
from app.web.cookies import LANGUAGE, YEAR_SECONDS, make_cookie
from app.web.design.assets import CACHE_CONTROL
from app.web.errors import PageNotFound
from app.web.pages import Answer, go, page, safe_path
from app.web.routing import get, post

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/assets/{name:str}")
def asset(request: AnyRequest) -> Response[bytes]:
    """Return a style or script from the closed table; its address changes with its content."""
    found = request.app.state.assets.find(request.url.path)
    if found is None:
        raise PageNotFound
    headers = {
        "cache-control": CACHE_CONTROL,
        "content-type": found.content_type,
        "vary": "accept-encoding",
    }
    body = found.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        body = found.compressed
    return Response(body, headers=headers)


@get("/design")
def gallery(request: AnyRequest) -> Answer:
    """Show every component in every state."""
    return page(request, "gallery.html")


@post("/language")
def choose_language(data: Form) -> Answer:
    """Keep the chosen language in this browser."""
    language = str(data.get("language", ""))
    cookies = [make_cookie(LANGUAGE, language, lasts=YEAR_SECONDS)] if language in LANGUAGES else []
    return go(safe_path(str(data.get("back", "/"))), cookies)


def shared_pages(settings: Settings) -> list[HTTPRouteHandler]:
    """Return the handlers of this module: the gallery only where somebody makes pages."""
    return [asset, choose_language, *([gallery] if settings.gallery else [])]
