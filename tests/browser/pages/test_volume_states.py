"""Who opens the disks, as the page looks in each state, in both languages, and on a telephone."""

import pytest
from playwright.sync_api import Page

from appliance.contract.volume.state import Keeper, Opened
from tests.browser.pages.conftest import Eyes, speak
from tests.browser.pages.test_disks_states import page
from tests.faces import ORIGIN, Browser
from tests.integration.app.web.conftest import admin, console_application, owner
from tests.integration.app.web.test_volume import PLACE, machine
from tests.volume import Machine

__all__ = ["admin", "console_application", "machine", "owner", "page"]
pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.timeout(300)]


def test_in_every_state_it_can_be_read_by_everybody_S1(
    page: Page, admin: Browser, machine: Machine
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
    assert eyes.findings == {}
