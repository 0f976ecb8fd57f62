"""V14: every cookie is for TLS alone, for no script, for one host, and for no other site."""

import re

import pytest

from app.operations.context import Plane
from app.web import cookies, sign_in_pages
from app.web.gate import Gate
from tests.faces import PASSWORD, Browser, Owner
from tests.security.conftest import Seat, new_account
from tests.security.walk import addresses


def weaknesses(header: str) -> list[str]:
    """Return what a Set-Cookie header lacks (RFC 6265bis)."""
    name, *attributes = header.split("; ")
    given = {part.partition("=")[0].lower(): part.partition("=")[2] for part in attributes}
    found = [wanted for wanted in ("secure", "httponly") if wanted not in given]
    if not name.startswith("__Host-"):
        found.append("__Host- prefix")
    if given.get("path") != "/":
        found.append("path")
    if "domain" in given:
        found.append("domain")
    if given.get("samesite", "").lower() not in ("strict", "lax"):
        found.append("samesite")
    return found


def sign_in(browser: Browser, owner: Owner) -> list[str]:
    """Sign the owner in through the pages, and return every Set-Cookie header on the way."""
    answers = [
        browser.post("/sign-in", {"login_id": "hanako", "password": PASSWORD, "back": "/"}),
        browser.get("/sign-in"),
        browser.post("/sign-in/step", {"step": "totp", "answer": owner.phone.now()}),
    ]
    assert answers[-1].status_code == 303, answers[-1].text
    return [each for answer in answers for each in answer.headers.get_list("set-cookie")]


@pytest.mark.parametrize(
    "planted",
    [
        "a=1",
        "__Host-a=1; Path=/; Secure",
        "__Host-a=1; Path=/; HttpOnly; SameSite=strict",
        "__Host-a=1; Path=/x; Secure; HttpOnly; SameSite=strict",
        "a=1; Path=/; Secure; HttpOnly; SameSite=strict",
        "__Host-a=1; Path=/; Secure; HttpOnly; SameSite=none",
        "__Host-a=1; Domain=x.jp; Path=/; Secure; HttpOnly; SameSite=strict",
    ],
)
def test_a_weak_cookie_is_found_by_this_check(planted: str) -> None:
    assert weaknesses(planted)


def test_every_cookie_of_a_sign_in_is_protected_V14(stranger: Browser, owner: Owner) -> None:
    given = sign_in(stranger, owner)
    assert len(given) >= 3, "a ticket, the session, the ticket's end"
    assert [(header, weaknesses(header)) for header in given if weaknesses(header)] == []
    signed_out = stranger.post("/sign-out").headers.get_list("set-cookie")
    assert signed_out
    for header in signed_out:
        assert weaknesses(header) == []
        assert "max-age=0" in header.lower()


def test_a_cookie_without_secure_would_be_found_in_the_sign_in(
    stranger: Browser, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(name: str, value: str, **options: object) -> object:
        made = cookies.make_cookie(name, value, **options)  # type: ignore[arg-type]
        made.secure = False
        return made

    monkeypatch.setattr(sign_in_pages, "make_cookie", careless)
    assert any(weaknesses(header) for header in sign_in(stranger, owner))


@pytest.mark.parametrize("plane", [Plane.CONSOLE, Plane.WORKSPACE])
def test_no_address_gives_an_unprotected_cookie_V14(
    seat: Seat, planes: dict[Plane, Gate], plane: Plane
) -> None:
    seen = 0
    for person in (Browser(planes[plane], {}), seat("owner", plane)):
        for address in addresses(planes[plane]):
            data = {"language": "en"} if address.method == "POST" else None
            answer = person.request(address.method, address.filled(), data=data)
            for header in answer.headers.get_list("set-cookie"):
                seen += 1
                assert weaknesses(header) == [], (str(address), header)
    assert seen >= 3


def test_the_console_s_cookies_are_strict_and_the_workspace_s_follow_links_only_V14() -> None:
    for plane, site in ((Plane.CONSOLE, "strict"), (Plane.WORKSPACE, "lax")):
        made = cookies.make_cookie(cookies.session_cookie_name(plane), "x", plane=plane)
        assert made.samesite == site


def test_no_identifier_of_a_session_stands_in_an_address_or_a_page_V14(
    admin: Browser, owner: Owner
) -> None:
    for path in ("/", "/account", "/accounts", f"/accounts/{owner.account}", "/history"):
        answer = admin.get(path)
        assert owner.session not in answer.text
        assert owner.session not in str(answer.headers)
        assert not re.search(r"[?;&](sid|session|token|jsessionid)=", answer.text, re.IGNORECASE)
    assert admin.get(f"/accounts?session={owner.session}").status_code == 200
    admin.cookies = {}
    assert admin.get(f"/accounts?__Host-tenshu-console={owner.session}").status_code == 303


def test_the_session_s_cookie_ends_with_the_browser_V14(stranger: Browser, owner: Owner) -> None:
    session = [
        each
        for each in sign_in(stranger, owner)
        if each.startswith("__Host-tenshu-console=") and "max-age=0" not in each.lower()
    ]
    assert len(session) == 1
    assert "max-age" not in session[0].lower()
    assert "expires" not in session[0].lower()


def test_a_workspace_s_sign_in_gives_protected_cookies_too_V14(
    workspace_application: Gate, seat: Seat
) -> None:
    new_account(workspace_application.application.state.appliance, "staff", login_id="jiro")  # type: ignore[attr-defined]
    browser = Browser(workspace_application, {})
    answer = browser.post("/sign-in", {"login_id": "jiro", "password": PASSWORD})
    assert answer.status_code == 303
    given = answer.headers.get_list("set-cookie")
    assert any(each.startswith("__Host-tenshu-workspace=") for each in given)
    assert [weaknesses(each) for each in given if weaknesses(each)] == []
