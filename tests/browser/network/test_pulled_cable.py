"""A cable is pulled: every page of the console points to it, the overview says which one (S4)."""

from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, Playwright, expect

from appliance.machine.versions import Versions
from tests.browser.main_job.conftest import Person
from tests.browser.main_job.steps import claim
from tests.browser.network.conftest import browser_on
from tests.browser.pages.conftest import Eyes, speak
from tests.hosts import ip
from tests.integration.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow]  # a whole appliance with its edge
DOCUMENT = """\
[[network.interfaces]]
name = "manage0"
zones = ["management"]
addresses = ["10.77.1.1/24"]
[[network.interfaces]]
name = "serve0"
zones = ["service"]
addresses = ["10.77.2.1/24"]
"""
SAYS = {
    "ja": ("インターフェースserve0の回線が切れています", "manage0", "インターフェースを表示"),
    "en": ("The interface serve0 carries nothing", "manage0", "Show the interfaces"),
}


def hold(site: Site) -> None:
    """Let a document with interfaces hold, as it does where the machine has its networkd."""
    versions = Versions(site.copy.data / "machine")
    with versions.locked(wait=True):
        before = versions.read(versions.current())
        versions.keep(msgspec.structs.replace(before, number=before.number + 1), DOCUMENT)
        versions.hold(before.number + 1)


def warning(page: Page, site: Site) -> str:
    page.goto(site.console)
    expect(page.locator("h1")).to_be_visible()
    return "\n".join(page.locator(".banner.danger").all_inner_texts())


def test_a_pulled_cable_is_told_of_on_the_overview_until_it_is_back_S4(
    site: Site, playwright: Playwright, tmp_path: Path
) -> None:
    site.copy.console = site.console
    outside = site.net.outside.name
    with browser_on(playwright, site.net.manage, tmp_path) as chromium:
        admin = Person(chromium, "cable")
        claim(admin, site.copy)
        page = admin.page
        hold(site)
        assert "serve0" not in warning(page, site), "both cables carry"
        ip("-n", outside, "link", "set", "eth0", "down")
        eyes = Eyes()
        page.emulate_media(reduced_motion="reduce")
        for language, (title, other, action) in SAYS.items():
            speak(admin.context, site.console, language)
            told = warning(page, site)
            assert title in told
            assert other not in told, "only the one that was pulled"
            eyes.look(page, "overview cable pulled")
            page.locator(".banner.danger a", has_text=action).click()
            expect(page.locator("[id='field-network.interfaces[1].name']")).to_have_value("serve0")
        assert eyes.findings == {}
        ip("-n", outside, "link", "set", "eth0", "up")
        assert "serve0" not in warning(page, site), "it is back"
        admin.close()
