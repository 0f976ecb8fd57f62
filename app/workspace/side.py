"""What stands at the side of the workspace's pages."""

from app.core.messages import mark, translate
from app.operations.operation import NoRequest
from app.reviews.operations import deciding
from app.web.asking import AnyRequest
from app.web.pages import need_sign_in
from app.workspace import table_pages

REVIEWS = mark("My access reviews")


def side(request: AnyRequest) -> list[tuple[str, str, str]]:
    """Return the tables, and the access reviews while they wait for this person."""
    context = need_sign_in(request)
    places = table_pages.side(request)
    if deciding.waiting(context, NoRequest()).lines:
        places.append(("/reviews/mine", translate(context.language, REVIEWS), "clipboard-check"))
    return places
