"""V7: whatever is too long is refused by a limit, early, and the next request is served."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.operations.context import Appliance, Plane
from app.web import connections
from app.web.gate import ADDRESS_BYTES, BODY_BYTES, HEADER_BYTES, UPLOAD_BYTES, Gate
from tests.faces import Browser
from tests.security.conftest import Seat
from tests.security.walk import addresses, make_table

LONG = "x" * 20_000
FORM = {"content-type": "application/x-www-form-urlencoded"}
FIELDS = (
    "name",
    "login_id",
    "password",
    "again",
    "current",
    "new",
    "code",
    "answer",
    "step",
    "back",
    "role",
    "language",
    "time_zone",
    "rev",
    "folder",
    "end",
    "q",
    "sort",
    "verb",
    "actor",
    "target",
    "from",
    "to",
    "form",
    "encoding",
)


@pytest.mark.parametrize("plane", [Plane.CONSOLE, Plane.WORKSPACE])
def test_every_form_refuses_fields_of_twenty_thousand_bytes_V7(
    seat: Seat, planes: dict[Plane, Gate], appliance: Appliance, plane: Plane
) -> None:
    make_table(appliance)
    person = seat("owner", plane)
    tried = 0
    for address in addresses(planes[plane]):
        if address.method == "POST" and not address.path.startswith("/api/"):
            if address.path in ("/sign-out", "/language", "/session"):
                continue
            answer = person.post(address.filled(), dict.fromkeys(FIELDS, LONG))
            assert answer.status_code < 500 or answer.status_code == 503, str(address)
            assert answer.status_code != 413, "the form is read, its fields are too long"
            tried += 1
    assert tried >= 10
    assert person.get("/account").status_code == 200, "still served"


def test_every_text_of_the_api_has_a_limit_V7(admin: Browser, planes: dict[Plane, Gate]) -> None:
    for address in addresses(planes[Plane.CONSOLE]):
        if address.path.startswith("/api/v1/") and address.method != "GET":
            body = dict.fromkeys(FIELDS, LONG)
            answer = admin.request(address.method, address.filled(), json=body)
            assert answer.status_code < 500 or answer.status_code == 503, str(address)


def test_a_body_beyond_the_limit_is_refused_whatever_it_says_of_its_length_V7(
    stranger: Browser,
) -> None:
    assert (
        stranger.post("/sign-in", content=b"a" * (BODY_BYTES + 1), headers=FORM).status_code == 413
    )
    assert stranger.post("/sign-in", content=b"a=" + b"a" * 1000, headers=FORM).status_code == 401

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(BODY_BYTES // 65_536 + 2):
            yield b"a" * 65_536

    assert stranger.post("/sign-in", content=pieces(), headers=FORM).status_code == 413
    assert stranger.post("/api/v1/accounts", content=pieces()).status_code in (401, 413)


def test_a_body_that_does_not_come_is_given_up_with_a_word_of_why_V7(
    stranger: Browser, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BODY_SECONDS", 0.05)

    async def nothing_more() -> AsyncIterator[bytes]:
        yield b"login_id=a"
        await asyncio.Event().wait()

    answer = stranger.post("/sign-in", content=nothing_more(), headers=FORM)
    assert answer.status_code == 408
    assert "遅すぎる" in answer.text
    told = admin.post("/api/v1/accounts", content=nothing_more())
    assert (told.status_code, told.json()["code"]) == (408, "web.request_too_slow")
    assert stranger.post("/sign-in", content=b"login_id=a", headers=FORM).status_code == 401


@pytest.mark.parametrize("length", ["-1", "+5", "1e3", "0x10", "9" * 5000, "", " ", "1, 2"])
def test_a_length_that_is_none_is_refused_V7(stranger: Browser, length: str) -> None:
    answer = stranger.post("/sign-in", content=b"a=b", headers=FORM | {"content-length": length})
    assert answer.status_code in (400, 413)


def test_nobody_sends_a_large_file_before_they_may_import_it_V7(
    seat: Seat, workspace_application: Gate
) -> None:
    """Else a stranger could fill the disk with what waits to be looked at."""
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        while read < 64:
            read += 1
            yield b"a" * 1_000_000

    headers = {"content-type": "multipart/form-data; boundary=x"}
    for person in (Browser(workspace_application, {}), seat("auditor", Plane.WORKSPACE)):
        read = 0
        answer = person.post("/uploads", content=endless(), headers=headers)
        assert answer.status_code in (303, 403)
        assert read <= 1, "the body was not read"
    read = 0
    answer = seat("staff", Plane.WORKSPACE).post("/uploads", content=endless(), headers=headers)
    assert read == 64, "who may import is listened to"
    assert answer.status_code == 400, "it had no end"
    announced = {**headers, "content-length": str(UPLOAD_BYTES + 1)}
    assert seat("staff", Plane.WORKSPACE).post("/uploads", headers=announced).status_code == 413


def test_headers_cookies_and_addresses_beyond_the_limit_are_refused_V7(stranger: Browser) -> None:
    for headers in (
        {"x-long": "a" * HEADER_BYTES},
        {"cookie": "a=" + "b" * HEADER_BYTES},
        {f"x-{number}": "a" * 100 for number in range(400)},
    ):
        assert stranger.get("/sign-in", headers=headers).status_code == 431
    assert stranger.get("/" + "a" * ADDRESS_BYTES).status_code == 431
    assert stranger.get("/sign-in?" + "a=b&" * ADDRESS_BYTES).status_code == 431
    assert stranger.get("/sign-in", headers={"x-long": "a" * 8000}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"search": "' + b"\\u0041" * 100_000 + b'"}',
        b'{"limit": ' + b"9" * 100_000 + b"}",
        b'{"limit": 1e999999}',
        b'{"limit": -0}',
        b"{" + b",".join(b'"k%d":1' % number for number in range(20_000)) + b"}",
    ],
    ids=["deep list", "deep object", "long text", "long number", "huge float", "zero", "keys"],
)
def test_json_bombs_are_refused_V7(admin: Browser, body: bytes) -> None:
    for path in ("/api/v1/accounts", "/api/v1/backups/repositories"):
        answer = admin.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code in (400, 422), answer.status_code


def test_forms_of_very_many_fields_are_only_slowly_nothing_V7(stranger: Browser) -> None:
    many = "&".join(f"f{number}=x" for number in range(50_000)).encode()
    assert stranger.post("/sign-in", content=many, headers=FORM).status_code in (400, 401)


def test_a_name_at_its_limit_is_taken_and_one_beyond_is_not_V7(admin: Browser) -> None:
    fits = {"name": "山" * 128, "login_id": "a" * 64}
    assert admin.post("/accounts/new", fits).status_code == 303, "asks for the fresh factor"
    assert admin.post("/accounts/new", fits | {"name": "山" * 129}).status_code == 422
