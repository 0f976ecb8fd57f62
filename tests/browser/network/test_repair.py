"""A maintenance window to repair, from the form to the history, by two administrators (S11)."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.browser.main_job.conftest import Person
from tests.browser.main_job.steps import (
    Authenticator,
    claim,
    confirm,
    make_administrator,
    sign_in_first,
)
from tests.browser.network.conftest import browser_on
from tests.browser.pages.conftest import Eyes, speak
from tests.hosts import Network
from tests.integration.appliance.machine.conftest import LOCAL
from tests.integration.appliance.machine.maintaining import DOCUMENT, Maintained
from tests.integration.site import Site, running_site
from tests.running import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
"""Slow: a whole appliance with its edge and sshd, two browsers, two telephones."""
WHO, WHY = "Beck (Example Systems)", "問い合わせ 2026-114 の修理"


@dataclass
class House:
    """An appliance that owns its machine, and the sshd of that machine."""

    site: Site
    machine: Maintained


@pytest.fixture
def house() -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="tenshu-repaired-") as name:
        folder, made = Path(name), []
        folder.chmod(0o755)  # who comes in must reach the door

        def ready(net: Network) -> None:
            machine = Maintained(net, folder)
            machine.make_users()
            net.appliance.show({f"/etc/{one}": folder / one for one in ("passwd", "group")})
            machine.start_sshd()
            for way in ("etc/ssh", "run/tenshu-maintenance"):  # a machine has them before us
                (folder / "root" / way).mkdir(parents=True, exist_ok=True)
            made.append(machine)

        try:
            with running_site(folder, ready) as site:
                site.copy.console = site.console
                (machine,) = made
                version = machine.apply(DOCUMENT)
                machine.client.confirm(LOCAL, version.number)
                yield House(site, machine)
        finally:
            for one in made:
                one.end()


def ask_for_it(admin: Person, house: House, phone: Authenticator) -> None:
    """One administrator asks for a window; nothing is open yet."""
    page, console = admin.page, house.site.console
    page.goto(f"{console}/maintenance")
    page.locator("a[href='/maintenance/new']").click()
    page.locator("#field-who").fill(WHO)
    page.locator("#field-why").fill(WHY)
    page.locator("input[name=level][value=repair]").check()
    page.locator("#field-networks").fill("10.77.1.2")
    page.locator("#field-minutes").select_option("15")
    page.locator("#field-key").fill(house.machine.generate("vendor"))
    admin.picture("form")
    page.locator("#window button.primary").click()
    confirm(admin, phone)
    expect(page).to_have_url(re.compile("/requests$"))
    expect(page.locator("#requests tbody tr")).to_contain_text(WHO)
    admin.picture("asked")
    page.goto(f"{console}/maintenance")
    expect(page.locator("#close")).to_have_count(0)
    assert house.machine.rooms.book.opened() is None, "nothing is open before it is approved"


def approve(colleague: Person, house: House, phone: Authenticator) -> str:
    """Another one reads what is asked for, and approves; return the certificate."""
    page, console = colleague.page, house.site.console
    page.goto(f"{console}/requests")
    page.locator("#requests tbody a").click()
    expect(page.locator("main")).to_contain_text(WHY)
    confirm(colleague, phone)
    expect(page.locator(".banner.success")).to_contain_text("時間枠を開きました")
    colleague.picture("approved")
    return page.locator("#certificate").inner_text().strip()


def test_a_window_to_repair_is_asked_for_approved_seen_used_closed_and_told_S11(
    house: House, playwright: Playwright, tmp_path: Path
) -> None:
    site, machine = house.site, house.machine
    with browser_on(playwright, site.net.manage, tmp_path) as chromium:
        admin, colleague = (Person(chromium, name) for name in ("asks", "approves"))
        phone = claim(admin, site.copy)
        given = make_administrator(
            admin, site.copy, phone, "佐藤 次郎", "repair-approver", "operator"
        )
        other = sign_in_first(colleague, site.copy, "repair-approver", given)
        ask_for_it(admin, house, phone)
        machine.certify("vendor", approve(colleague, house, other))
        wait_until(machine.looks_open, "sshd listens again", 20)

        # while it is open, every overview says so, to whomever looks
        page = admin.page
        for person in (admin, colleague):
            person.page.goto(site.console)
            told = person.page.locator(".banner.warning", has_text=WHO)
            expect(told).to_contain_text("保守を受け入れています")
            expect(told).to_contain_text("自動的に閉じます")
            person.picture("overview-open")
        speak(admin.context, site.console, "en")
        page.goto(site.console)
        told = page.locator(".banner.warning", has_text=WHO)
        expect(told).to_contain_text("Maintenance access is open")
        speak(admin.context, site.console, "ja")

        with machine.stay(user="tenshu-repair") as vendor:
            machine.type(vendor, b"shell\n")
            page.goto(site.console)
            page.locator(".banner.warning a[href='/maintenance/1']").click()
            expect(page.locator("#sessions tbody tr")).to_have_count(1)
            expect(page.locator("main")).to_contain_text("佐藤 次郎")
            admin.picture("window-open")
            look(admin, site)
            page.locator("#close button").click()
            expect(page.locator(".banner.success")).to_be_visible()
            admin.picture("closed")
            vendor.wait(20)
        assert machine.rooms.book.opened() is None
        page.goto(site.console)
        expect(page.locator(".banner.warning", has_text=WHO)).to_have_count(0)
        history_tells(admin, site)
        for person in (admin, colleague):
            person.close()


def look(admin: Person, site: Site) -> None:
    """The pages of an open window: nothing for axe-core to find, nothing too wide."""
    admin.page.emulate_media(reduced_motion="reduce")
    eyes = Eyes()
    for language in ("en", "ja"):
        speak(admin.context, site.console, language)
        for path in ("", "maintenance", "maintenance/1"):
            admin.page.goto(f"{site.console}/{path}")
            eyes.look(admin.page, f"repair {path}")
    assert eyes.findings == {}


def history_tells(admin: Person, site: Site) -> None:
    """Who asked, who approved, who came in, who closed it."""
    page = admin.page
    for verb in ("open_repair", "session_begin", "session_end", "close"):
        page.goto(f"{site.console}/history?q=maintenance.{verb}")
        expect(page.locator("#events tbody tr").first).to_contain_text("Beck")
    page.goto(f"{site.console}/maintenance/1")
    facts = page.locator("main dl").first
    for name in ("山田 花子", "佐藤 次郎", "手動で終了"):
        expect(facts).to_contain_text(name)
    expect(page.locator("#sessions tbody tr")).to_contain_text("履歴と一致")
    admin.picture("window-closed")
