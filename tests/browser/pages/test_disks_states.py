"""Disks as they look in each of their states, in both languages, themes, and on a telephone.

The pages are those of the appliance in this process, with what a kernel said of its disks: the
machine that runs the tests may have no mirrors. Chromium gets its answers from there.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, Route

from appliance.contract.disks.errors import CopyDiffers
from appliance.contract.disks.system import Damage, Reading, Slot
from appliance.records import now
from appliance.storage.facts import Facts
from appliance.storage.taking import failed
from tests.browser.pages.conftest import Eyes, open_page, speak
from tests.faces import ORIGIN, Browser
from tests.integration.app.web.conftest import admin, console_application, owner
from tests.integration.app.web.test_disks import (
    COPIED,
    FROM_COPY,
    MIRRORED,
    PLACE,
    PULLED,
    SDA,
    SDB,
    SINGLE,
    Machine,
    machine,
)
from tests.unit.appliance.storage.recorded_facts import changed, facts

__all__ = ["admin", "console_application", "machine", "owner"]
pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.timeout(300)]

ALONE: dict[str, Facts] = {
    "single beside an empty one": SINGLE,
    "single beside one that holds something": facts(
        (SDA, changed(SDB, fstype="ext4", label="photos"))
    ),
}


@pytest.fixture
def page(browser: Chromium, admin: Browser) -> Iterator[Page]:
    """A page whose requests are answered in this process, by the administrator's session."""

    def answer(route: Route) -> None:
        asked = route.request
        address = urlsplit(asked.url)
        cookie = asked.all_headers().get("cookie", "")
        mine = "; ".join(f"{name}={text}" for name, text in admin.cookies.items())
        told = admin.raw(
            asked.method,
            address.path + (f"?{address.query}" if address.query else ""),
            # what the network's end of a browser would add
            headers={
                **asked.headers,
                "origin": ORIGIN,
                "sec-fetch-site": "same-origin",
                "cookie": "; ".join(one for one in (cookie, mine) if one),
            },
            content=asked.post_data_buffer,
        )
        kept = {name: text for name, text in told.headers.items() if name not in DROPPED}
        route.fulfill(status=told.status_code, headers=kept, body=told.content)

    opened = open_page(browser)
    opened.context.route(f"{ORIGIN}/**", answer)
    yield opened
    opened.context.close()


DROPPED = ("content-encoding", "content-length", "set-cookie")


def test_in_every_state_they_can_be_read_by_everybody_S1(
    page: Page, admin: Browser, machine: Machine
) -> None:
    eyes = Eyes()

    def look(name: str) -> None:
        for language in ("en", "ja"):
            speak(page.context, ORIGIN, language)
            page.goto(f"{ORIGIN}{PLACE}")
            assert page.locator("#standing").is_visible()
            eyes.look(page, f"disks {name}")

    for name, found in ALONE.items():
        machine.facts = found
        look(name)
    machine.facts = SINGLE
    disk = admin.get(PLACE).text.partition(f"{PLACE}/")[2].partition("/take")[0][-16:]
    assert admin.post(f"{PLACE}/{disk}/take").status_code == 303
    look("taking one in")
    wish = machine.kept.wish()
    assert wish
    machine.kept.fail(failed(wish, CopyDiffers(disk="serial1")))
    look("not taken in")
    machine.facts = MIRRORED
    look("mirrored")
    machine.facts = PULLED
    look("lost")
    machine.facts = COPIED
    machine.kept.whole()
    look("with a copy")
    machine.kept.fail_copy(CopyDiffers(disk="serial0"))
    look("without a copy")
    machine.facts = FROM_COPY
    machine.kept.started(FROM_COPY.boot, 3)
    machine.kept.whole()
    look("from its copy")
    machine.facts = COPIED
    left = Damage(disk="of-sdb", slot=Slot.a, bad=3, mended=1)
    machine.kept.read_through(Reading(at=now(), size=1 << 32, damages=(left,)))
    look("damaged")
    machine.kept.read_through(Reading(at=now(), size=1 << 32))
    look("read through")
    assert eyes.findings == {}
