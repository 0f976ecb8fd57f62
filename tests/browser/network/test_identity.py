"""A machine that may be a copy: the overview says so, and an administrator decides on a page."""

import re
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Playwright, expect

from appliance.contract.identity import FILE, Doubt, Marks, Stage
from tests.browser.main_job.conftest import Person
from tests.browser.main_job.steps import claim, confirm
from tests.browser.network.conftest import browser_on
from tests.browser.pages.conftest import Eyes, speak
from tests.integration.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow]  # a whole appliance with its edge

FOUND = Doubt(
    at=1_800_000_000_000,
    before=Marks(
        hardware="4c4c4544-0042-3510-8052-b4c04f4e4c32",
        cards=("52:54:00:00:00:01", "52:54:00:00:00:02"),
        disks=("S4EVNF0M912345",),
    ),
    now=Marks(hardware="9b1c7a52-11f0-4a7e-8d7b-6b0a3d3c9a10", cards=("52:54:00:00:00:17",)),
    stage=Stage.told,
)


def test_an_administrator_sees_what_is_another_and_says_that_it_is_the_machine_itself(
    site: Site, playwright: Playwright, tmp_path: Path
) -> None:
    site.copy.console = site.console
    with browser_on(playwright, site.net.manage, tmp_path) as chromium:
        admin = Person(chromium, "identity")
        phone = claim(admin, site.copy)
        page, place = admin.page, f"{site.console}/identity"
        eyes = Eyes()
        doubt = site.copy.data / FILE
        page.emulate_media(reduced_motion="reduce")
        for found in (FOUND, None):
            if found:
                doubt.write_bytes(msgspec.json.encode(found))
            else:
                doubt.unlink()
            for language in ("en", "ja"):
                speak(admin.context, site.console, language)
                page.goto(place)
                eyes.look(page, "identity in doubt" if found else "identity known")
        assert eyes.findings == {}

        doubt.write_bytes(msgspec.json.encode(FOUND))
        page.goto(site.console)
        page.get_by_role("link", name="判断する").click()
        expect(page).to_have_url(place)
        expect(page.locator("#seen")).to_contain_text(FOUND.now.hardware)
        page.locator("#itself button").click()
        confirm(admin, phone)
        expect(page).to_have_url(re.compile("notice=itself"))
        expect(page.locator(".banner.success")).to_be_visible()
        assert not doubt.exists(), "what waited goes out"
        admin.close()
