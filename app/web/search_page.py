"""Ctrl-K goes anywhere: one search over pages, tables, people (interface.md, Frame).

Each plane says what can be found on it.
"""

from collections.abc import Callable, Iterable

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from app.web.asking import AnyRequest
from app.web.pages import Answer, go, need_sign_in, page
from app.web.routing import get

LONGEST_SEARCH = 200


class Place(msgspec.Struct, frozen=True):
    """Somewhere to go."""

    href: str
    name: str
    """In the viewer's language."""
    icon: str
    note: str = ""
    around: tuple[str, str, str] | None = None
    """The text that holds the words: before them, themselves as they are written, behind them."""


class Places(msgspec.Struct, frozen=True):
    """What was found of one kind."""

    heading: str
    places: list[Place]
    count: str = ""
    """How many there are, in the viewer's language, where not all of them are shown."""


Find = Callable[[AnyRequest, str], list[Places]]
"""`(request, words)`: what fits the words on this plane, for the person who asks."""


def nothing_to_find(_request: AnyRequest, _words: str) -> list[Places]:
    """Return nothing."""
    return []


def fitting(words: str, places: Iterable[Place]) -> list[Place]:
    """Return the places whose name or note holds the words, whatever their case."""
    wanted = words.casefold()
    return [one for one in places if wanted in f"{one.name}\n{one.note}".casefold()]


@get("/search")
def search(request: AnyRequest, q: FromQuery[str] = "") -> Answer:
    """Go to the one place of that name, else show what fits."""
    need_sign_in(request)
    words = q.strip()[:LONGEST_SEARCH]
    found = request.app.state.find(request, words) if words else []
    named = [
        one
        for group in found
        for one in group.places
        if one.name.casefold() == words.casefold() and not one.around
    ]
    if len(named) == 1:
        return go(named[0].href)
    return page(request, "web/search.html", q=words, found=[one for one in found if one.places])


def search_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [search]
