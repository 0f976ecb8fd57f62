"""HTTP/2 sends each cookie in a header of its own (RFC 9113, 8.2.3): all of them count."""

from typing import Any

import httpx
import pytest

from app.operations.context import Plane
from app.web.cookies import LANGUAGE, session_cookie_name
from tests.apart import run_apart

pytestmark = pytest.mark.once


def ask(application: Any, path: str, headers: list[tuple[str, str]]) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(application, client=("127.0.0.1", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as client:
            return await client.get(path, headers=headers)

    return run_apart(send())


@pytest.mark.parametrize("first", [0, 1])
def test_a_session_holds_beside_a_chosen_language_F7(
    console_application: Any, owner: Any, first: int
) -> None:
    pairs = [
        ("cookie", f"{session_cookie_name(Plane.CONSOLE)}={owner.session}"),
        ("cookie", f"{LANGUAGE}=en"),
    ]
    answer = ask(console_application, "/accounts", [pairs[first], pairs[1 - first]])
    assert answer.status_code == 200
    assert '<html lang="en">' in answer.text
