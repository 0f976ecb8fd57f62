"""The keyboard alone does everything in a sensible order, and what is to be kept prints well."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages.conftest import Place, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

FOCUSED = """() => {
  const e = document.activeElement;
  if (e === document.body || !e) return null;
  e.dataset.reached ??= String(document.querySelectorAll("[data-reached]").length);
  const box = e.getBoundingClientRect();
  const seen = e.checkVisibility() && box.width > 0 && box.height > 0;
  const around = e.closest(".drop, .choice") ?? e;
  const marked = [e, around].some((one) => getComputedStyle(one).outlineStyle === "solid");
  const first = [...document.querySelectorAll("*")].indexOf(e);
  return { name: e.outerHTML.slice(0, 120), seen, marked, place: first };
}"""
REACHABLE = """() => [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
  .filter((e) => e.checkVisibility() && !e.disabled && e.tabIndex >= 0
    && !e.matches("[type=radio]:not(:checked)") && !("reached" in e.dataset))
  .map((e) => e.outerHTML.slice(0, 120))"""


def walk(page: Page) -> list[dict[str, Any]]:
    """Press Tab from the start of the page to its end; return what was reached."""
    page.evaluate("() => { document.body.tabIndex = -1; document.body.focus(); }")
    found: list[dict[str, Any]] = []
    for _ in range(300):
        page.keyboard.press("Tab")
        reached = page.evaluate(FOCUSED)
        if reached is None or (found and reached["place"] == found[0]["place"]):
            break
        found.append(reached)
    return found


@pytest.mark.parametrize("path", ["/", "/accounts", "/accounts/new", "/settings/sign-in"])
def test_tab_reaches_everything_in_the_order_of_the_page_and_shows_where_it_is(
    place: Place, path: str
) -> None:
    page = place.admin
    page.goto(place.copy.console + path)
    found = walk(page)
    assert found[0]["name"].startswith('<a class="skip-link"')
    assert [one["name"] for one in found if not one["seen"] or not one["marked"]] == []
    places = [one["place"] for one in found]
    assert places == sorted(places)
    assert page.evaluate(REACHABLE) == []


def test_the_skip_link_leads_past_the_bar_and_the_side(place: Place) -> None:
    page = place.admin
    page.goto(f"{place.copy.console}/accounts")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_control_k_goes_anywhere_from_both_planes(place: Place) -> None:
    page = place.admin
    page.goto(f"{place.copy.console}/account")
    page.keyboard.press("Control+k")
    page.keyboard.type("監査")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    expect(page.locator("input[name=q]").first).to_have_value("監査")
    staff = place.staff
    staff.goto(f"{place.copy.workspace}/account")
    staff.keyboard.press("Control+k")
    staff.keyboard.type("在席表")
    staff.keyboard.press("Enter")
    staff.wait_for_url("**/tables/*")


def test_a_menu_opens_by_enter_and_escape_gives_the_focus_back(place: Place) -> None:
    page = place.admin
    page.goto(f"{place.copy.console}/")
    summary = page.locator("#account-menu > summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#account-menu .menu-panel")).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/account"
    page.keyboard.press("Escape")
    expect(page.locator("#account-menu .menu-panel")).to_be_hidden()
    expect(summary).to_be_focused()


def test_the_side_opens_and_closes_by_the_keyboard_on_a_telephone(place: Place) -> None:
    page = place.admin
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{place.copy.console}/")
    expect(page.locator("#side")).to_be_hidden()
    page.locator(".top-menu").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#side")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#side")).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 800})


def test_a_page_prints_without_the_bar_the_side_and_the_dark(place: Place) -> None:
    page = place.admin
    page.goto(f"{place.copy.console}/accounts")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.emulate_media(media="print")
    for part in (".top-bar", ".side-nav", ".skip-link", ".filters", ".tabs", ".page-actions"):
        expect(page.locator(part)).to_be_hidden()
    expect(page.locator("#accounts tbody")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    picture(page, "print accounts", 1280)
    page.emulate_media(media="screen")
