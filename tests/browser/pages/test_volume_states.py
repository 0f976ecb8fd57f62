"""Who opens the disks, as the page looks in each state, in both languages, and on a telephone."""

from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page

from appliance.contract.volume.state import Keeper, Opened
from appliance.volume import tang
from appliance.volume.keeping import ServerWish
from appliance.volume.report import Report
from tests.browser.pages.conftest import Eyes, speak
from tests.browser.pages.test_disks_states import page
from tests.faces import ORIGIN, Browser
from tests.integration.app.web.conftest import admin, console_application, owner
from tests.integration.app.web.test_volume import PLACE, machine
from tests.ports import free_port
from tests.tang import key_server
from tests.volume import Machine

__all__ = ["admin", "console_application", "machine", "owner", "page"]
pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.timeout(300)]


def test_in_every_state_it_can_be_read_by_everybody_S1(
    page: Page, admin: Browser, machine: Machine, tmp_path: Path
) -> None:
    eyes = Eyes()

    def look(name: str) -> None:
        for language in ("en", "ja"):
            speak(page.context, ORIGIN, language)
            page.goto(f"{ORIGIN}{PLACE}")
            assert page.locator("#standing").is_visible()
            eyes.look(page, f"volume {name}")

    machine.work()
    look("not protected")
    machine.wish(recovery="cbdefghi-" * 7 + "cbdefghi")
    look("protected")
    machine.start(Opened.asked)
    machine.work()
    look("asked")
    machine.wish(keeper=Keeper.nobody)
    look("chosen not to be")
    with key_server(tmp_path / "server", free_port()) as server:
        seen = tang.fetch(server.url)
        for language in ("en", "ja"):
            speak(page.context, ORIGIN, language)
            page.goto(f"{ORIGIN}{PLACE}")
            page.check("input[name=keeper][value=server]")
            page.fill("input[name=server]", server.url)
            page.click("#keeper button[type=submit]")
            page.get_by_text(server.thumbprint).wait_for()
            eyes.look(page, "volume compare key server")
        machine.wish(
            keeper=Keeper.server,
            server=ServerWish(
                address=server.url, thumbprint=server.thumbprint, advertised=seen.text
            ),
        )
    look("key server")
    newest = machine.head().newest
    assert newest
    report = Report(tried=(newest.made,), said=f"{server.url}: curl: (7) Failed to connect")
    (machine.told / "server.json").write_bytes(msgspec.json.encode(report))
    machine.start(Opened.asked)
    machine.work()
    look("silent key server")
    assert eyes.findings == {}
