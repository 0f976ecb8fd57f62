"""What the script of a page that asks for a passkey is told: the question, or why there is none."""

from collections.abc import Sequence

import msgspec
from litestar import Response
from litestar.datastructures import Cookie

from app.core.errors import TenshuError
from app.web.pages import Answer, field_errors


def question(options: str, cookies: Sequence[Cookie] = ()) -> Answer:
    """Return what the browser's passkey is asked; `options` is JSON already."""
    body = b'{"options":' + options.encode() + b"}"
    return Response(body, media_type="application/json", cookies=list(cookies))


def refused_question(language: str, error: TenshuError) -> Answer:
    """Return why no passkey is asked, in words for the person."""
    told = " ".join(field_errors(language, error).values())
    body = msgspec.json.encode({"error": told})
    return Response(body, status_code=error.status, media_type="application/json")
