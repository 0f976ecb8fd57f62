"""Maintenance access on the console: the list, a window, its recording, the form (S11)."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from appliance.contract.maintenance.state import Ending, Level
from appliance.maintenance.windows import WindowBook
from tests.browser.main_job.conftest import Person
from tests.browser.main_job.steps import claim
from tests.browser.network.conftest import browser_on
from tests.browser.pages.conftest import Eyes, speak
from tests.integration.site import Site
from tests.unit.appliance.maintenance.recorded import book_in, keep, session_id

pytestmark = [pytest.mark.browser, pytest.mark.slow]  # a whole appliance with its edge


def fill(site: Site) -> WindowBook:
    """Write windows down as the agent does, with their sessions."""
    book = book_in(site.copy.data)
    people = ("山田 太郎 (Example Systems)", "Beck, Example Systems", "鈴木 花子 (Example Systems)")
    for number, who in enumerate(people, 1):
        kept = keep(
            book, number, ended_at=1_790_000_000_000 + number * 3_600_000, who=who,
            level=Level.repair if number == 2 else Level.look,
            ended=Ending.click if number == 2 else Ending.clock,
        )  # fmt: skip
        assert kept.digest
    return book


def test_windows_are_found_read_and_judged_and_every_page_is_accessible_S11(
    site: Site, playwright: Playwright, tmp_path: Path
) -> None:
    site.copy.console = site.console
    fill(site)
    with browser_on(playwright, site.net.manage, tmp_path) as chromium:
        admin = Person(chromium, "maintenance")
        claim(admin, site.copy)
        page = admin.page
        page.goto(f"{site.console}/maintenance")
        expect(page.locator("#windows tbody tr")).to_have_count(3)
        page.locator(".filter-form input[name=q]").fill("beck")
        page.locator(".filter-form button").click()
        expect(page.locator("#windows tbody tr")).to_have_count(1)
        page.locator(".filter-set a").first.click()
        page.locator("#field-status").select_option("clock")
        page.locator(".filter-form button").click()
        expect(page.locator("#windows tbody tr")).to_have_count(2)
        page.locator("#windows th a.sort").first.click()
        expect(page).to_have_url(re.compile("status=clock.*sort=number"))
        expect(page.locator("#windows tbody tr").first).to_contain_text("山田")
        page.locator("#windows tbody a").first.click()
        expect(page.locator("#sessions tbody tr")).to_have_count(1)
        page.locator("#sessions tbody a").click()
        expect(page.locator(".listing")).to_contain_text("window 1")
        page.emulate_media(reduced_motion="reduce")
        eyes = Eyes()
        for language in ("ja", "en"):
            speak(admin.context, site.console, language)
            for path in (
                "", "?q=nothing", "?level=repair&sort=-who", "/new", "/2",
                f"/2/sessions/{session_id(2)}",
            ):  # fmt: skip
                page.goto(f"{site.console}/maintenance{path}")
                eyes.look(page, f"maintenance {path}")
        assert eyes.findings == {}
        admin.close()
