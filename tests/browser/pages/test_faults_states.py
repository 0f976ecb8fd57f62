"""What the machine finds wrong, as the overview tells it, and the hours for load, by everybody."""

import pytest
from playwright.sync_api import Page

from appliance.contract.faults.state import FaultKind, MachineFault
from appliance.faults.keeping import Kept
from tests.browser.pages.conftest import Eyes, speak
from tests.browser.pages.test_disks_states import page
from tests.faces import ORIGIN
from tests.integration.app.web.conftest import admin, console_application, owner
from tests.integration.app.web.test_faults import UNSET, kept, root

__all__ = ["admin", "console_application", "kept", "owner", "page", "root"]
pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.timeout(300)]

BEHIND = MachineFault(
    kind=FaultKind.clock_behind, subject="2026-11-28T05:00:00Z", other="2026-11-30T05:00:00Z"
)
TAKEN = MachineFault(kind=FaultKind.address_taken, subject="192.0.2.10", other="52:54:00:12:34:56")
PLACES = {"overview": "/", "services": "/network/settings/services"}


def test_what_is_wrong_around_the_machine_can_be_read_by_everybody_S1(
    page: Page, kept: Kept
) -> None:
    eyes = Eyes()
    kept.stand([UNSET, BEHIND, TAKEN])
    for language, words in (("en", "Another device has the address"), ("ja", "ほかの機器")):
        speak(page.context, ORIGIN, language)
        page.goto(f"{ORIGIN}/")
        assert page.get_by_text(words).first.is_visible()
        for name, place in PLACES.items():
            page.goto(f"{ORIGIN}{place}")
            eyes.look(page, f"faults {name}")
    assert eyes.findings == {}
