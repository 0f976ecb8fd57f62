"""Certificates on the console: a request answered, a certificate uploaded, shown, and gone back."""

import re
from pathlib import Path

import pytest
from cryptography import x509
from playwright.sync_api import Playwright, expect

from tests.browser.main_job.conftest import Person
from tests.browser.main_job.steps import Authenticator, claim, confirm
from tests.browser.network.conftest import browser_on
from tests.browser.pages.conftest import Eyes, speak
from tests.integration.appliance.machine.test_certificates_shown import serial, shown_on
from tests.integration.authority import Authority, Pair
from tests.integration.site import MANAGED_ADDRESS, Site
from tests.running import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]  # a whole appliance with its edge


def test_a_certificate_is_asked_for_checked_shown_and_confirmed_V11(
    site: Site, playwright: Playwright, tmp_path: Path
) -> None:
    site.copy.console = site.console
    company = Authority(tmp_path / "company", "例示社内認証局")
    pair = company.issue("intranet", MANAGED_ADDRESS, "tenshu.example.co.jp")
    with browser_on(playwright, site.net.manage, tmp_path) as chromium:
        admin = Person(chromium, "certificates")
        phone = claim(admin, site.copy)
        page = admin.page
        page.goto(f"{site.console}/network/certificates")
        expect(page.locator("#certificates tbody tr")).to_have_count(1)
        admin.picture("own")

        # what is wrong is said at its place, and nothing is kept
        page.goto(f"{site.console}/network/certificates/new")
        page.locator("#field-chain").set_input_files(pair.certificate)
        page.locator("#field-key").set_input_files(pair.key)
        page.locator("#upload button.primary").click()
        expect(page.locator("#upload")).to_contain_text("例示社内認証局")
        admin.picture("incomplete")
        whole = tmp_path / "whole.pem"
        whole.write_text(company.pem + pair.certificate.read_text())
        page.locator("#field-chain").set_input_files(whole)
        page.locator("#field-key").set_input_files(pair.key)
        page.locator("#upload button.primary").click()
        expect(page).to_have_url(re.compile("notice=installed"))
        admin.picture("installed")
        show(admin, site, phone, pair)
        look_at_all(site, admin, pair)
        admin.close()


def show(admin: Person, site: Site, phone: Authenticator, pair: Pair) -> None:
    """Show it on both planes; the page confirms by itself over a connection with it."""
    page = admin.page
    for box in page.locator("#choose input[type=checkbox]").all():
        box.check()
    page.locator("#choose button.primary").click()
    expect(page.locator("#changes")).to_contain_text("certificates.console")
    page.locator("#apply button.primary").click()
    confirm(admin, phone)
    manage = site.net.manage
    wait_until(lambda: manage.call(shown_on, 8443) == serial(pair), "it is shown", 10)
    expect(page.locator("#waiting .banner.success")).to_be_visible(timeout=20_000)
    page.goto(f"{site.console}/network/certificates")
    expect(page.locator("#certificates")).to_contain_text("例示社内認証局")
    admin.picture("shown")


def look_at_all(site: Site, admin: Person, pair: Pair) -> None:
    admin.page.emulate_media(reduced_motion="reduce")
    place = f"{site.console}/network/certificates"
    admin.page.goto(f"{place}/request")
    admin.page.locator("#field-host_names").fill("tenshu.example.co.jp")
    admin.page.locator("#request button.primary").click()
    expect(admin.page).to_have_url(re.compile("notice=requested"))
    asked = admin.page.url.partition("?")[0].rpartition("/")[2]
    eyes = Eyes()
    name = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    shown = f"tenshu-{name.not_valid_after_utc:%Y-%m}"
    for language in ("ja", "en"):
        speak(admin.context, site.console, language)
        for path in ("", "/new", "/request", "/authority", "/own", f"/{shown}", f"/{asked}"):
            admin.page.goto(place + path)
            eyes.look(admin.page, f"certificates {path}")
    assert eyes.findings == {}
