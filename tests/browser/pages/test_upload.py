"""A file on its way shows how far it is, can be stopped, and arrives."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.pages.conftest import Place

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 100_000}
FAST = {**SLOW, "uploadThroughput": -1}


def test_an_upload_shows_its_progress_can_be_stopped_and_sent_again(
    place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "長い表.csv"
    file.write_text("番号,名前\n" + "".join(f"{number},社員\n" for number in range(150_000)))
    page = place.staff
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    page.goto(f"{place.copy.workspace}/tables/new")
    page.locator("#field-file").set_input_files(file)
    wire.send("Network.emulateNetworkConditions", SLOW)
    page.locator("#upload button.primary").click()
    box = page.locator("[data-upload-progress]")
    expect(box.locator(".job-percent")).to_have_text(re.compile(r"[1-9][0-9]?%"))
    expect(box.locator(".job-facts")).to_contain_text("MB")
    box.locator("[data-upload-stops]").click()
    expect(box).to_be_hidden()
    assert page.url.endswith("/tables/new")
    wire.send("Network.emulateNetworkConditions", FAST)
    page.locator("#upload button.primary").click()
    expect(page).to_have_url(re.compile("/tables/import/"))
    expect(page.locator("#field-name")).to_have_value("長い表")
