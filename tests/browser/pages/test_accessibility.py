"""Every page of both planes: axe-core finds nothing, in both languages and both themes, and nothing
is wider than the window, of a telephone or at 200 % (interface.md, Checks)."""

import pytest
from playwright.sync_api import Page

from tests.browser.pages.conftest import Eyes, Place, speak

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CONSOLE = (
    "/", "/accounts", "/accounts/new", "/accounts?q=nobody", "/history", "/history?q=nothing",
    "/history/activity",
    "/groups", "/people", "/invitations",
    "/roles", "/roles/new", "/rights", "/reviews", "/reviews/mine", "/access-report",
    "/leavers", "/leavers?q=nobody", "/disclosures", "/settings/retention",
    "/client-certificates", "/client-certificates?q=nothing", "/client-certificates/new",
    "/access-rules", "/access-rules/area/console", "/access-rules/role/owner",
    "/storage", "/storage/disks", "/storage/encryption",
    "/network", "/network/document", "/network/versions",
    "/network/firewall", "/network/outgoing",
    "/backups", "/backups/new", "/jobs", "/requests", "/settings",
    "/settings/permissions", "/settings/events", "/settings/sign-in", "/settings/mail",
    "/settings/off-the-machine", "/settings/off-the-machine/new/syslog",
    "/settings/off-the-machine/new/folder", "/settings/off-the-machine/new/mail",
    "/history/evidence", "/account", "/account/preferences", "/account/rights", "/account/history",
    "/account/tokens", "/nowhere", "/search", "/search?q=佐藤", "/search?q=nothing",
    "/settings/permissions?q=nothing",
)  # fmt: skip
WORKSPACE = (
    "/",
    "/tables/new",
    "/tables/deleted",
    "/jobs",
    "/account",
    "/account/preferences",
    "/account/rights",
    "/account/history",
    "/account/tokens",
    "/reviews/mine",
    "/nowhere",
    "/search?q=社員01",
)


def look_at(place: Place, page: Page, addresses: list[str], language: str) -> dict[str, list[str]]:
    """Return what is wrong, page by page."""
    place.eyes.findings.clear()
    origin = "/".join(addresses[0].split("/")[:3])
    speak(page.context, origin, language)
    for address in addresses:
        page.goto(address)
        assert page.locator("h1").is_visible()
        plane = "console" if origin == place.copy.console else "workspace"
        place.eyes.look(page, f"{plane} {name_of(place, address)}")
    return place.eyes.findings


def name_of(place: Place, address: str) -> str:
    """Return the address without what differs from copy to copy."""
    known = {
        place.account: "account",
        place.table: "table",
        place.preview: "preview",
        place.job: "job",
        place.run: "run",
        place.confirmation: "confirm",
    }
    return known.get(address) or "/" + address.split("/", 3)[3]


IN_BOTH = pytest.mark.parametrize("language", ["ja", pytest.param("en", marks=pytest.mark.slow)])
"""Every page twice over takes minutes: English, whose words are shorter, in the long form."""


def test_the_first_visit_and_all_that_is_shown_once_is_accessible(place: Place) -> None:
    seen = " ".join(place.eyes.seen)
    for page in ("setup 1", "setup 2", "setup 3", "recovery codes", "confirm", "one-time password"):
        assert page in seen
    assert place.eyes.findings == {}


@IN_BOTH
def test_every_page_of_the_console_is_accessible(place: Place, language: str) -> None:
    page = place.admin
    page.goto(f"{place.copy.console}/history")
    event = page.locator("tbody a").first.get_attribute("href") or ""
    addresses = [place.copy.console + path for path in (*CONSOLE, event)]
    assert (
        look_at(
            place,
            page,
            [
                *addresses,
                place.account,
                f"{place.account}/leaving",
                f"{place.account}/compare?with=a",
                f"{place.account}/erase",
                place.run,
            ],
            language,
        )
        == {}
    )


@IN_BOTH
def test_every_page_of_the_workspace_is_accessible(place: Place, language: str) -> None:
    addresses = [place.copy.workspace + path for path in WORKSPACE]
    searches = [f"{place.table}?q=社員01", f"{place.table}?q=nothing"]
    parts = [f"{place.table}/{part}" for part in ("settings", "records/new", "records/1")]
    addresses += [place.table, *searches, *parts, place.preview, place.job]
    assert look_at(place, place.staff, addresses, language) == {}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_doors_are_accessible(place: Place, language: str) -> None:
    addresses = [place.copy.console + "/sign-in", place.copy.console + "/nowhere"]
    assert look_at(place, place.stranger, addresses, language) == {}


def test_planted_faults_are_found_a_label_gone_dark_on_dark_and_too_wide(place: Place) -> None:
    page = place.stranger
    page.goto(f"{place.copy.console}/sign-in")
    page.evaluate("document.querySelector('label').remove()")
    page.evaluate("document.querySelector('h1').style.color = '#222'")
    page.evaluate("document.querySelector('main p.muted').textContent = 'x'.repeat(200)")
    page.evaluate("document.querySelector('main p.muted').className = 'nowrap'")
    eyes = Eyes()
    eyes.look(page, "planted")
    (found,) = eyes.findings.values()
    for fault in ("light: label:", "dark: color-contrast:", "too wide at 390:"):
        assert any(line.startswith(fault) for line in found), fault
    assert not any(line.startswith("light: color-contrast:") for line in found)
