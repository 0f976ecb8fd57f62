"""Passkeys in a real browser, with Chromium's authenticators in software (F11)."""

import re
import time

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from app.operations.context import Plane
from tests.browser.pages.conftest import Eyes, picture, speak
from tests.browser.passkeys.conftest import PASSWORD, House, launch, plug_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
CANCELLED = """() => {
  navigator.credentials.get = async () => { throw new DOMException("", "NotAllowedError"); };
}"""
"""What a browser says when its person closes the question."""
HOME = re.compile(":[0-9]+/$")


def sign_in(page: Page, address: str, login_id: str) -> None:
    """Give login ID and password."""
    page.goto(address)
    page.locator("#field-login_id").fill(login_id)
    page.locator("#field-password").fill(PASSWORD)
    page.locator("#sign-in button.primary").click()


def add_passkey(page: Page, address: str, code: str = "") -> None:
    """Add a passkey on one's own account."""
    page.goto(f"{address}/account")
    page.locator("#add-passkey > summary").click()
    page.locator("#field-passkey-password").fill(PASSWORD)
    if code:
        page.locator("#field-passkey-code").fill(code)
    page.locator("#add-passkey form button.secondary", has_text="Continue").click()
    expect(page.locator("#field-name")).to_be_visible()
    page.locator("#field-name").fill("Office laptop")
    page.locator("[data-asks]").click()


def test_a_passkey_is_added_and_signs_in_at_the_workspace_F11(house: House, page: Page) -> None:
    house.person("saki")
    plug_in(page)
    address = house.address(Plane.WORKSPACE)
    sign_in(page, address, "saki")
    expect(page).to_have_url(HOME)
    add_passkey(page, address)
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    page.goto(f"{address}/account")
    expect(page.locator("#second-factor")).to_contain_text("Office laptop")
    picture(page, "account with a passkey", 1280)
    page.context.clear_cookies()
    sign_in(page, address, "saki")
    expect(page.locator("[data-asks]")).to_be_visible()
    picture(page, "sign-in passkey", 1280)
    page.locator("[data-asks]").click()
    expect(page).to_have_url(HOME)


def test_what_asks_for_a_passkey_is_accessible_in_both_languages(house: House, page: Page) -> None:
    """The other walks know no host name, and so no passkey."""
    eyes = Eyes()
    address = house.address(Plane.WORKSPACE)
    house.person("mitsuki")
    plug_in(page)
    sign_in(page, address, "mitsuki")
    add_passkey(page, address)
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    for language in ("ja", "en"):
        speak(page.context, address, language)
        page.goto(f"{address}/account")
        expect(page.locator("#second-factor")).to_contain_text("Office laptop")
        eyes.look(page, "account with a passkey")
    page.context.clear_cookies()
    for language in ("ja", "en"):
        speak(page.context, address, language)
        page.goto(f"{address}/sign-in")
        by_passkey = page.locator("#by-passkey [data-asks]")
        expect(by_passkey).to_be_visible()
        ways = [page.locator("#sign-in button.primary").bounding_box(), by_passkey.bounding_box()]
        assert len({way["width"] for way in ways if way}) == 1, "both ways in are as wide"
        eyes.look(page, "sign-in with a passkey")
    sign_in(page, address, "mitsuki")
    expect(page.locator("[data-asks]")).to_be_visible()
    eyes.look(page, "a passkey is asked for")
    assert eyes.findings == {}


def test_a_passkey_confirms_what_is_dangerous_at_the_console_F11(house: House, page: Page) -> None:
    phone = house.person("kana", "owner", phone=True)
    plug_in(page)
    address = house.address(Plane.CONSOLE)
    sign_in(page, address, "kana")
    page.locator("#field-answer").fill(phone.now())
    page.locator("#step button.primary").click()
    expect(page).to_have_url(HOME)
    add_passkey(page, address, phone.at(time.time() + 30))
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    page.goto(f"{address}/accounts/new")
    page.locator("#field-name").fill("Mio")
    page.locator("#field-login_id").fill("mio")
    page.locator("#account button.primary").click()
    expect(page).to_have_url(re.compile("/confirm/"))
    picture(page, "confirm with a passkey", 1280)
    page.locator("[data-asks]").click()
    expect(page.locator("#password")).to_be_visible()


def test_somebody_new_adds_a_passkey_on_the_way_in_and_then_needs_nothing_else_F1_F11(
    house: House, page: Page
) -> None:
    house.person("nao", "owner")
    plug_in(page)
    address = house.address(Plane.CONSOLE)
    sign_in(page, address, "nao")
    page.get_by_role("link", name="Use instead: Add a passkey").click()
    expect(page.locator("[data-asks]")).to_be_visible()
    picture(page, "sign-in add a passkey", 1280)
    page.locator("[data-asks]").click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    page.context.clear_cookies()
    page.goto(address)
    expect(page.locator("#by-passkey [data-asks]")).to_be_visible()
    picture(page, "sign-in with a passkey alone", 1280)
    page.locator("#by-passkey [data-asks]").click()
    expect(page).to_have_url(HOME)


def test_a_device_that_holds_a_passkey_already_says_so_F11(house: House, page: Page) -> None:
    house.person("rin")
    plug_in(page)
    address = house.address(Plane.WORKSPACE)
    sign_in(page, address, "rin")
    add_passkey(page, address)
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    page.goto(f"{address}/account")
    page.locator("#add-passkey > summary").click()
    page.locator("#field-passkey-password").fill(PASSWORD)
    page.locator("#add-passkey [data-asks]").click()
    expect(page.locator("#field-name")).to_be_visible()
    page.locator("[data-asks]").click()
    expect(page.locator("[data-note]")).to_contain_text("holds a passkey of yours already")


def test_who_does_not_touch_the_key_may_try_again_F11(house: House, page: Page) -> None:
    house.person("yui")
    plug_in(page)
    address = house.address(Plane.WORKSPACE)
    sign_in(page, address, "yui")
    add_passkey(page, address)
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    page.context.clear_cookies()
    sign_in(page, address, "yui")
    page.evaluate(CANCELLED)
    page.locator("[data-asks]").click()
    expect(page.locator("[data-note]")).to_contain_text("Nothing came from the passkey")
    expect(page.locator("[data-asks]")).to_be_enabled()
    expect(page.get_by_role("link", name="Use instead: Recovery code")).to_be_visible()


def test_at_an_address_the_page_says_why_there_are_no_passkeys_F11(
    house: House, browser: Browser
) -> None:
    house.person("aoi")
    context = browser.new_context(ignore_https_errors=True, locale="en-GB")
    page = context.new_page()
    sign_in(page, house.copy.workspace, "aoi")
    expect(page).to_have_url(HOME)
    page.goto(f"{house.copy.workspace}/account")
    page.locator("#add-passkey > summary").click()
    expect(page.locator("#add-passkey")).to_contain_text("tenshu.home.arpa")
    picture(page, "account without passkeys", 1280)
    context.close()


def test_a_certificate_that_is_not_trusted_is_told_as_the_reason_F11(
    house: House, playwright: Playwright
) -> None:
    house.person("mei")
    chromium = launch(playwright)
    page = chromium.new_context(ignore_https_errors=True, locale="en-GB").new_page()
    address = house.address(Plane.WORKSPACE)
    sign_in(page, address, "mei")
    expect(page).to_have_url(HOME)
    add = page.locator("#add-passkey")
    page.goto(f"{address}/account")
    add.locator("summary").click()
    page.locator("#field-passkey-password").fill(PASSWORD)
    add.locator("button.secondary", has_text="Continue").click()
    page.locator("[data-asks]").click()
    expect(page.locator("[data-note]")).to_contain_text("a certificate that this browser trusts")
    chromium.close()
