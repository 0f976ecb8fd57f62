"""V5: nothing that anybody sends or stores becomes an element or a script of a page."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest

import app
from app.operations.context import Appliance, Plane
from app.web.design.assets import collect_assets
from app.web.design.environment import create_environment, render
from app.web.gate import Gate
from tests.faces import Browser
from tests.security.conftest import Seat
from tests.security.walk import MARKUP, addresses, make_table, scripts_in

ROOT = Path(app.__file__).parent
SAFE_IN_PYTHON = {"web/design/environment.py", "web/design/icons.py"}
"""Where ready-made markup is made, of nothing that a person typed."""


def test_an_unescaped_template_is_found_by_this_check() -> None:
    environment = create_environment(collect_assets())
    for planted in ("{{ name|safe }}", "<a title={{ name }}>x</a>", "<script>{{ name }}</script>"):
        template = environment.from_string(planted)
        found = [
            scripts_in(render(environment, template, language="en", name=each)) for each in MARKUP
        ]
        assert any(found), planted
    escaped = environment.from_string('<p title="{{ name }}">{{ name }}</p>')
    for each in MARKUP:
        assert scripts_in(render(environment, escaped, language="en", name=each)) == []


@pytest.mark.parametrize(
    "address",
    [
        "/accounts?q={}",
        "/accounts?q=x&status={}",
        "/accounts?q=x&after={}",
        "/history?q={}",
        "/history?verb={}",
        "/history?actor={}",
        "/history?target={}",
        "/history?from={}",
        "/history/activity?from={}",
        "/history/activity?reason={}",
        "/jobs?after={}",
        "/account?notice={}",
        "/sign-in?back=/{}",
        "/nothing/{}",
        "/accounts/{}",
        "/history/{}",
        "/confirm/{}",
        "/jobs/{}",
    ],
)
def test_no_address_of_the_console_is_echoed_as_markup_V5(admin: Browser, address: str) -> None:
    for payload in MARKUP:
        answer = admin.get(address.format(quote(payload, safe="")))
        assert answer.status_code < 500
        if answer.headers["content-type"].startswith("text/html"):
            assert scripts_in(answer.text) == [], (address, payload)


def test_no_address_of_the_workspace_is_echoed_as_markup_V5(
    seat: Seat, appliance: Appliance
) -> None:
    table = make_table(appliance)
    staff = seat("staff", Plane.WORKSPACE)
    for payload in MARKUP:
        for address in (
            f"/tables/{table}?q=",
            f"/tables/{table}?sort=",
            f"/tables/{table}?after=",
            "/tables/import/",
            "/sign-in?back=/",
        ):
            answer = staff.get(address + quote(payload, safe=""))
            assert answer.status_code < 500, (address, payload)
            assert scripts_in(answer.text) == [], (address, payload)


def test_what_a_form_gives_back_is_text_V5(stranger: Browser, admin: Browser) -> None:
    for payload in MARKUP:
        answers = [
            stranger.post("/sign-in", {"login_id": payload, "password": "x", "back": payload}),
            stranger.post("/sign-in/step", {"step": payload, "answer": "x", "back": payload}),
            admin.post("/accounts/new", {"name": "", "login_id": payload, "language": payload}),
            admin.post("/backups/new", {"name": payload, "folder": payload}),
            admin.post("/account/password", {"current": payload, "new": "a", "again": payload}),
        ]
        for answer in answers:
            assert answer.status_code < 500 or answer.status_code == 503
            assert scripts_in(answer.text) == [], (str(answer.request.url), payload)


def test_problem_details_are_never_taken_for_a_page_V5(admin: Browser) -> None:
    for payload in MARKUP:
        address = f"/api/v1/accounts?{quote(payload)}=1"
        for headers in ({}, {"accept": "text/html"}):
            answer = admin.get(address, headers=headers)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["x-content-type-options"] == "nosniff"


def test_every_page_keeps_the_strict_policy_and_runs_nothing_inline_V5(
    admin: Browser, planes: dict[Plane, Gate]
) -> None:
    shown = 0
    for address in addresses(planes[Plane.CONSOLE]):
        if address.method != "GET":
            continue
        answer = admin.get(address.filled())
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "*" not in policy
        for directive in (
            "default-src 'none'",
            "script-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ):
            assert directive in policy
        if answer.headers["content-type"].startswith("text/html"):
            shown += 1
            assert scripts_in(answer.text) == [], str(address)
    assert shown >= 20


def test_no_template_switches_escaping_off_V5() -> None:
    templates = [*ROOT.rglob("*.html")]
    assert len(templates) > 50
    for path in templates:
        source = path.read_text()
        for trick in (
            r"\|\s*safe\b",
            r"autoescape\s+false",
            r"hx-on",
            r"hx-vals=.?js:",
            r"\son\w+=",
            r"\sstyle=",
            r"javascript:",
        ):
            assert not re.search(trick, source), (path, trick)
    marked = {
        str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py") if "Markup(" in path.read_text()
    }
    assert marked <= SAFE_IN_PYTHON
    for path in ROOT.rglob("*.js"):
        assert not re.search(
            r"\beval\(|innerHTML|outerHTML|document\.write|insertAdjacentHTML", path.read_text()
        ), path
