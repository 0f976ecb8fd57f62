"""V13: an error tells a person what to do, and nobody what the program is made of."""

import logging
import re

import pytest
from sqlalchemy import text

from app.core.database import Database
from app.operations.context import Appliance, Plane
from app.web import faults, pages
from app.web.errors import InternalFault
from app.web.gate import Gate
from tests.faces import PASSWORD, Browser
from tests.security.conftest import Seat, new_account
from tests.security.walk import addresses, is_api

TELLING = (
    r"Traceback",
    r"File \"",
    r"line \d+, in",
    r"\.py\b",
    r"/usr/|/root/|/home/|/opt/|/tmp/|/var/",
    r"site-packages",
    r"\bsqlite3?\b(?!-)",
    r"psycopg|sqlalchemy|litestar|granian|msgspec|uvloop",
    r"\b(SELECT|INSERT|UPDATE|DELETE) .*\b(FROM|INTO|SET)\b",
    r"\b\w+Error\b|\b\w+Exception\b",
    r"0x[0-9a-f]{8}",
    r"<class '",
    r"Python/\d",
    r"identity_\w+",
)


def leaks(body: str) -> list[str]:
    """Return what an answer tells of the program behind it."""
    body = re.sub(r"/assets/[\w.]+", "", body)
    return [found[0] for sign in TELLING if (found := re.search(sign, body))]


@pytest.mark.parametrize(
    "planted",
    [
        'Traceback (most recent call last):\n  File "/usr/lib/x.py", line 3, in f',
        "sqlite3.OperationalError: no such table: identity_account",
        "SELECT id FROM accounts",
        "ValueError('x')",
        "<object at 0x7f0011223344>",
    ],
)
def test_a_telling_error_is_found_by_this_check(planted: str) -> None:
    assert leaks(f"<p>{planted}</p>")


@pytest.mark.parametrize("plane", [Plane.CONSOLE, Plane.WORKSPACE])
def test_no_refusal_of_any_address_tells_what_it_is_made_of_V13(
    seat: Seat, planes: dict[Plane, Gate], plane: Plane
) -> None:
    seen: set[int] = set()
    for person in (Browser(planes[plane], {}), seat("staff", plane)):
        for address in addresses(planes[plane]):
            for value in ("1", "%27") if is_api(address) else ("1", "a" * 300):
                answer = person.request(address.method, address.filled(value))
                if answer.status_code >= 400:
                    seen.add(answer.status_code)
                    assert leaks(answer.text) == [], (str(address), value)
    assert len(seen) >= 4


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"a":1',
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"x"',
        b'{"name": 1}',
        b'{"name": null}',
        b'{"login_id": {"a": 1}, "name": []}',
        b'{"name":"\\ud800"}',
        b"{}" * 2,
    ],
)
def test_broken_json_is_answered_in_words_V13(admin: Browser, body: bytes) -> None:
    answer = admin.post("/api/v1/accounts", content=body)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert leaks(answer.text) == []


def test_a_fault_of_the_program_shows_only_its_number_and_the_log_has_the_rest_V13(
    admin: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        msg = "secret detail in /var/lib/tenshu"
        raise RuntimeError(msg)

    monkeypatch.setattr(pages, "show_result", broken)
    for headers in ({}, {"accept": "application/json"}):
        caplog.clear()
        answer = admin.post("/history/export", headers=headers)
        assert answer.status_code == 500
        assert leaks(answer.text) == []
        assert "secret detail" not in answer.text
        told = [record for record in caplog.records if record.levelno == logging.ERROR]
        assert len(told) == 1
        assert told[0].incident in answer.text, "page and log share the number"  # type: ignore[attr-defined]
        assert told[0].exc_info


def test_a_fault_that_shows_itself_would_be_found(
    admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Talkative(InternalFault):
        message = "{what}"

    monkeypatch.setattr(
        faults, "translate_exception", lambda error, _request: Talkative(what=repr(error))
    )
    assert leaks(admin.get("/nothing").text)


def test_an_answer_comes_even_where_the_database_is_broken_V13(
    admin: Browser, appliance: Appliance, stranger: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    with appliance.database.write() as session:
        session.connection().execute(text("DROP TABLE identity_console_session"))
    for person in (admin, stranger):
        for path in ("/", "/accounts", "/api/v1/accounts", "/sign-in"):
            answer = person.get(path)
            assert answer.status_code in (200, 303, 401, 500, 503), path
            assert leaks(answer.text) == [], path
    assert admin.get("/accounts").status_code == 500
    assert "identity_console_session" in caplog.text, "the log says what is wrong"
    assert isinstance(appliance.database, Database)


def test_known_and_unknown_people_are_answered_alike_V13(
    stranger: Browser, appliance: Appliance
) -> None:
    new_account(appliance, "staff", login_id="known")
    tried = [
        ("known", "wrong"),
        ("unknown", "wrong"),
        ("unknown", PASSWORD),
        ("", ""),
        ("known", ""),
    ]
    answers = [
        stranger.post("/sign-in", {"login_id": login_id, "password": password})
        for login_id, password in tried
    ]
    shown = {
        re.sub(r'value="[^"]*"|data-clock="\d+"|\d{13}', "", answer.text) for answer in answers
    }
    assert {answer.status_code for answer in answers} == {401}
    assert len(shown) == 1


def test_somebody_without_rights_cannot_tell_what_exists_V13(seat: Seat, admin: Browser) -> None:
    person = seat("operator")
    there = admin.get("/api/v1/accounts").json()["items"][0]["id"]
    answers = [person.get(f"/api/v1/accounts/{each}") for each in (there, "0" * 28)]
    assert [answer.status_code for answer in answers] == [403, 403]
    bodies = [{**answer.json(), "instance": ""} for answer in answers]
    assert bodies[0] == bodies[1]
