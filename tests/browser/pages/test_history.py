"""The history verifies itself: asked for with a press, seen while it goes on, told in any state."""

import pytest
from playwright.sync_api import expect

from app.audit.inspection import Inspected, Inspection, Running, read_inspection, write_inspection
from app.audit.verdict import DESCRIPTIONS, State, Wrong
from app.core import clock
from tests.browser.pages.conftest import Place, speak

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_press_verifies_the_history_and_every_result_is_shown_F5(place: Place) -> None:
    page, store = place.admin, place.copy.data / "audit"
    place.eyes.findings.clear()
    speak(page.context, place.copy.console, "ja")
    page.goto(f"{place.copy.console}/history")
    page.get_by_role("button", name="今すぐ検証").click()
    whole = page.get_by_text("件を検証しました。改ざんはありません。")
    expect(whole).to_be_visible(timeout=120_000)

    # from here on nothing is due for an hour: what is laid there stays
    latest = read_inspection(store).latest
    assert latest is not None
    assert latest.state is State.WHOLE
    wrong = Inspected(
        at=clock.now(),
        took=9,
        state=State.TAMPERED,
        size=latest.size,
        position=3,
        event=event_of(place),
        template=DESCRIPTIONS[Wrong.CHANGED],
    )
    states = {
        "whole": Inspection(latest=latest),
        "goes on": Inspection(latest=latest, running=Running(since=1, done=400, of=1_000)),
        "tampered": Inspection(latest=wrong),
    }
    for name, inspection in states.items():
        write_inspection(store, inspection)
        for language in ("en", "ja"):
            speak(page.context, place.copy.console, language)
            for path in ("/", "/history", "/history?kind=views"):
                page.goto(place.copy.console + path)
                place.eyes.look(page, f"verification {name} {path}")
    write_inspection(store, states["whole"])
    assert place.eyes.findings == {}


def event_of(place: Place) -> str:
    """Return the identifier of an event that the page shows."""
    address = place.admin.locator("#main td.main-cell a").first.get_attribute("href")
    assert address is not None
    return address.rpartition("/")[2]
