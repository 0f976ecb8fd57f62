"""The main job of the machine: the console narrowed, the classic mistake, and the way back."""

import re
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Playwright, expect

from appliance.machine.versions import Versions, boot_time
from tests.browser.main_job.conftest import Person
from tests.browser.main_job.steps import claim, confirm
from tests.browser.network.conftest import browser_on
from tests.browser.pages.conftest import Eyes, speak
from tests.integration.site import MANAGED_ADDRESS, OPEN_ADDRESS, Site
from tests.running import wait_until

pytestmark = pytest.mark.browser
PATHS = (
    "",
    "/settings/interfaces",
    "/settings/services",
    "/settings/limits",
    "/trust",
    "/firewall",
    "/outgoing",
    "/document",
    "/versions",
    "/versions/3",
)


def shorten(site: Site, seconds: float) -> None:
    """Let the window end sooner than a person may ask for."""
    versions = Versions(site.copy.data / "machine")
    with versions.locked(wait=True):
        armed = versions.armed()
        assert armed
        assert armed.deadline
        versions.arm(msgspec.structs.replace(armed, deadline=boot_time() + seconds))


def test_the_console_is_narrowed_and_a_mistake_comes_back_by_itself_F2_F6(
    site: Site, playwright: Playwright, tmp_path: Path
) -> None:
    net = site.net
    site.copy.console = site.console
    with browser_on(playwright, net.manage, tmp_path) as chromium:
        admin = Person(chromium, "network")
        phone = claim(admin, site.copy)
        page = admin.page
        page.goto(f"{site.console}/network")
        admin.picture("access")
        assert net.outside.tcp(OPEN_ADDRESS, 8443) == "open"

        # narrowed to the management network: it holds, and the page confirms by itself
        page.locator("#field-list-1-name").fill("management")
        page.locator("#field-list-1-networks").fill("10.77.1.0/24\nfd77:1::/64")
        area = page.locator("#field-console")
        for box in area.locator("input").all():
            box.set_checked(box.get_attribute("value") == "+new")
        page.locator("#access button.primary").click()
        expect(page.locator("#apply")).to_be_visible()
        page.locator("summary", has_text="パケットフィルター").click()
        expect(page.locator(".listing").first).to_contain_text("10.77.1.0/24")
        admin.picture("plan")
        page.locator("#field-why").fill("管理ネットワークだけに限定")
        page.locator("#apply button.primary").click()
        confirm(admin, phone)
        expect(page.locator("#waiting")).to_be_visible()
        admin.picture("waiting")
        wait_until(lambda: net.outside.tcp(OPEN_ADDRESS, 8443) == "filtered", "it is narrow", 5)
        expect(page.locator("#waiting .banner.success")).to_be_visible(timeout=20_000)
        admin.picture("confirmed")

        # the classic mistake: a rule that excludes the person who makes it
        page.goto(f"{site.console}/network")
        own = page.locator("#lists .columns", has=page.locator("input[value=management]"))
        own.locator("textarea").fill("192.0.2.0/24")
        page.locator("#access button.primary").click()
        expect(page.locator(".banner.danger")).to_contain_text("10.77.1.2")
        page.locator("#field-despite_warnings").check()
        admin.picture("warned")
        page.locator("#apply button.danger").click()
        confirm(admin, phone)
        wait_until(lambda: net.manage.tcp(MANAGED_ADDRESS, 8443) == "filtered", "dark", 10)
        expect(page.locator(".confirm-silent")).to_be_visible(timeout=20_000)
        admin.picture("dark")
        shorten(site, 1)
        wait_until(lambda: net.manage.tcp(MANAGED_ADDRESS, 8443) == "open", "it is back", 30)
        expect(page.locator("#waiting .banner")).to_contain_text("元に戻しました", timeout=20_000)
        admin.picture("back")
        page.goto(f"{site.console}/network/versions")
        expect(page.locator("#versions tbody tr").first).to_contain_text("元に戻した")
        admin.picture("versions")
        page.goto(f"{site.console}/network/document")
        expect(page.locator("#field-document")).to_have_value(re.compile("10.77.1.0/24"))
        admin.picture("document")
        page.goto(f"{site.console}/history?q=machine")
        admin.picture("history")
        look_at_all(site, admin)
        parts_are_set_by_forms(site, admin)
        a_ban_is_seen_and_lifted(site, admin)
        admin.close()


def a_ban_is_seen_and_lifted(site: Site, admin: Person) -> None:
    """Somebody outside knocks too often; the administrator sees it, and lets them in again."""
    outside, page = site.net.outside, admin.page
    speak(admin.context, site.console, "ja")
    for _ in range(1000):
        if outside.tcp(OPEN_ADDRESS, 443) == "filtered":
            break
    page.goto(f"{site.console}/network/firewall?why=console&sort=-packets")
    expect(page.locator("#bans tbody")).to_contain_text("10.77.2.2")
    expect(page.locator("#drops tbody tr").first).to_contain_text("8443/tcp")
    admin.picture("firewall")
    page.locator("#bans tbody button").click()
    expect(page.locator(".banner.success")).to_be_visible()
    assert outside.tcp(OPEN_ADDRESS, 443) == "open"
    page.goto(f"{site.console}/network/firewall?q=192.0.2.77")
    expect(page.locator("#drops")).to_contain_text("見つかりません")
    page.goto(f"{site.console}/history?q=ban")
    expect(page.locator("main")).to_contain_text("10.77.2.2/32")


def parts_are_set_by_forms(site: Site, admin: Person) -> None:
    """What is wrong is told at its field, with all that was typed; the rest leads to a plan."""
    page = admin.page
    speak(admin.context, site.console, "ja")
    page.goto(f"{site.console}/network")
    new = page.locator("#lists .columns").last
    new.locator("input[name$=-name]").fill("Second Floor")
    new.locator("textarea").fill("192.0.2.7/24\nnowhere")
    page.locator("#access button.primary").click()
    wrong = page.locator("#lists .columns").last
    expect(wrong.locator(".field-error").first).to_contain_text("Second Floor")
    expect(wrong.locator(".field-error").last).to_contain_text("nowhere")
    expect(wrong.locator("textarea")).to_have_value("192.0.2.7/24\nnowhere")
    Eyes().look(page, "network access wrong")
    page.goto(f"{site.console}/network/settings/interfaces")
    page.locator("[id='field-network.dns']").fill("192.0.2.53\nnowhere")
    page.locator("[id='field-network.interfaces[0].name']").fill("enp9s9")
    page.locator("[name='network.interfaces[0].zones']").first.check()
    page.locator("#settings button.primary").click()
    expect(page.locator("[id='field-network.dns-error']")).to_contain_text("nowhere")
    expect(page.locator("[id='field-network.interfaces[0].name']")).to_have_value("enp9s9")
    Eyes().look(page, "network form wrong")
    admin.picture("form-wrong")
    page.goto(f"{site.console}/network/settings/services")
    page.locator("[id='field-network.proxy.address']").fill("http://proxy.example.co.jp:8080")
    page.locator("#settings button.primary").click()
    expect(page.locator("#changes")).to_contain_text("http://proxy.example.co.jp:8080")
    page.goto(f"{site.console}/network/trust")
    page.locator("#field-file").set_input_files(site.copy.authority)
    page.locator("#root button.primary").click()
    expect(page.locator("#changes")).to_contain_text("trust.roots")
    page.goto(f"{site.console}/network/trust")
    page.locator("summary").last.click()
    page.locator("#field-pem").fill("nothing")
    page.locator("#root button.primary").click()
    expect(page.locator("#field-pem-error")).to_be_visible()
    admin.picture("trust-wrong")


def look_at_all(site: Site, admin: Person) -> None:
    """The pages as they stand now: nothing for axe-core to find, nothing wider than a telephone."""
    admin.page.emulate_media(reduced_motion="reduce")  # colours are judged, not their passing
    eyes = Eyes()
    for language in ("ja", "en"):
        speak(admin.context, site.console, language)
        for path in PATHS:
            admin.page.goto(f"{site.console}/network{path}")
            eyes.look(admin.page, f"network {path}")
        admin.page.goto(f"{site.console}/network/document")
        admin.page.locator("#field-document").fill("[access]\nconsol = []\n")
        admin.page.locator("#document button.primary").click()
        expect(admin.page.locator(".error-summary")).to_contain_text("console")
        eyes.look(admin.page, "network wrong")
        admin.page.locator("#field-document").fill("[firewall]\nping = false\n")
        admin.page.locator("#document button.primary").click()
        expect(admin.page.locator("#apply")).to_be_visible()
        eyes.look(admin.page, "network plan")
    assert eyes.findings == {}
