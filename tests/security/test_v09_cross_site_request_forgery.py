"""V9: a change is made only by a page of this origin; reading changes nothing."""

import pytest
from sqlalchemy import inspect, text

from app.operations.context import Appliance, Plane
from app.web import gate as gates
from app.web.gate import Gate
from tests.faces import ORIGIN, Browser, Owner
from tests.security.conftest import Seat
from tests.security.walk import addresses, make_table

FOREIGN = {
    "another site": {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    "another host of this site": {"sec-fetch-site": "same-site", "origin": ORIGIN},
    "an address that was typed": {"sec-fetch-site": "none", "origin": ORIGIN},
    "an old browser": {"origin": ORIGIN},
    "no origin": {"sec-fetch-site": "same-origin"},
    "nothing at all": {},
    "a frame without origin": {"sec-fetch-site": "same-origin", "origin": "null"},
    "another port": {"sec-fetch-site": "same-origin", "origin": f"{ORIGIN}:8444"},
    "plain HTTP": {"sec-fetch-site": "same-origin", "origin": "http://localhost"},
    "a longer name": {"sec-fetch-site": "same-origin", "origin": f"{ORIGIN}.evil.example"},
    "a name inside": {"sec-fetch-site": "same-origin", "origin": "https://localhost@evil.example"},
    "its own claim": {
        "sec-fetch-site": "same-origin",
        "origin": "https://evil.example",
        "x-forwarded-host": "evil.example",
        "referer": f"{ORIGIN}/",
    },
}
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.mark.parametrize("plane", [Plane.CONSOLE, Plane.WORKSPACE])
def test_no_address_takes_a_change_from_elsewhere_V9(
    seat: Seat, planes: dict[Plane, Gate], plane: Plane
) -> None:
    person = seat("owner", plane)
    tried = 0
    for address in addresses(planes[plane]):
        if address.method in CHANGES:
            tried += 1
            for name, headers in list(FOREIGN.items())[:: 1 if tried < 4 else 5]:
                answer = person.raw(
                    address.method,
                    address.filled(),
                    headers={**headers, "accept": "application/json"},
                )
                assert answer.status_code == 403, (str(address), name)
                assert answer.json()["code"] == "web.foreign_origin", (str(address), name)
    assert tried >= 20
    assert person.get("/account").status_code == 200


def test_a_gate_that_lets_foreign_changes_in_is_found_by_this_check(
    admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {**FOREIGN["another site"], "accept": "application/json"}
    refused = admin.raw("POST", "/session", headers=headers)
    assert refused.json()["code"] == "web.foreign_origin"
    monkeypatch.setattr(gates, "SAFE_METHODS", frozenset(gates.METHODS))
    assert admin.raw("POST", "/session", headers=headers).status_code == 200


def test_a_form_of_this_origin_is_taken_V9(admin: Browser) -> None:
    assert admin.post("/session").status_code == 200
    assert admin.post("/sign-out").status_code == 303


def test_methods_that_a_form_cannot_name_are_no_way_around_V9(admin: Browser) -> None:
    for trick in ("_method=DELETE", "_method=POST"):
        assert admin.get(f"/sign-out?{trick}").status_code == 405
    for header in ("x-http-method-override", "x-method-override", "x-http-method"):
        assert admin.get("/sign-out", headers={header: "POST"}).status_code == 405
    assert admin.get("/account").status_code == 200, "still signed in"


def test_a_token_needs_no_origin_and_a_cookie_beside_it_does_V9(
    admin: Browser, owner: Owner
) -> None:
    bearer = {"authorization": "Bearer tenshu_nothing"}
    with_cookie = admin.raw("POST", "/api/v1/jobs/1/cancel", headers=bearer)
    assert (with_cookie.status_code, with_cookie.json()["code"]) == (403, "web.foreign_origin")
    admin.cookies = {}
    alone = admin.raw("POST", "/api/v1/jobs/1/cancel", headers=bearer)
    assert (alone.status_code, alone.json()["code"]) == (401, "refused.sign_in_needed")


def contents(appliance: Appliance) -> dict[str, list[str]]:
    """Return every row of every table but the history's outbox and the sessions' last use."""
    with appliance.database.read() as session:
        connection = session.connection()
        names = [
            name
            for name in inspect(connection).get_table_names()
            if "outbox" not in name and "session" not in name and "attempt" not in name
        ]
        return {
            name: sorted(map(repr, connection.execute(text(f'SELECT * FROM "{name}"'))))
            for name in names
        }


@pytest.mark.parametrize("plane", [Plane.CONSOLE, Plane.WORKSPACE])
def test_reading_changes_nothing_V9(
    seat: Seat, planes: dict[Plane, Gate], appliance: Appliance, plane: Plane
) -> None:
    """So a picture or a link on another site does nothing, whatever it points at."""
    make_table(appliance)
    person = seat("owner", plane)
    before = contents(appliance)
    assert len(before) > 10
    for address in addresses(planes[plane]):
        if address.method == "GET":
            person.get(address.filled())
    assert contents(appliance) == before


def test_cookies_do_not_come_along_from_other_sites_V9(stranger: Browser, owner: Owner) -> None:
    """Browsers send the console's cookies to nobody but its own pages."""
    from tests.security.test_v14_cookies_without_protection import sign_in

    given = [each for each in sign_in(stranger, owner) if "max-age=0" not in each.lower()]
    assert len(given) >= 2
    assert all("SameSite=strict" in each for each in given), given
