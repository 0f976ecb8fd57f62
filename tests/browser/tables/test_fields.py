"""Fields of every type, seen and filled in by a person at a browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.pages.conftest import speak
from tests.browser.tables.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.mark.parametrize("language", ["ja", pytest.param("en", marks=pytest.mark.slow)])
def test_every_page_of_fields_is_accessible(desk: Desk, language: str) -> None:
    number = desk.numbers["旧番号"]
    fields = f"{desk.orders}/fields"
    places = {
        "list": desk.orders,
        "record": f"{desk.orders}/records/1",
        "new record": f"{desk.orders}/records/new",
        "fields": fields,
        "types": f"{fields}/new",
        "new choice": f"{fields}/new?kind=select",
        "new number": f"{fields}/new?kind=autonumber",
        "new money": f"{fields}/new?kind=money",
        "new link": f"{fields}/new?kind=link",
        "field": f"{fields}/{desk.numbers['状態']}",
        "another type": f"{fields}/{number}/type",
        "losses": f"{fields}/{number}/type?kind=integer",
        "choices": f"{fields}/{number}/type?kind=select",
    }
    desk.eyes.findings.clear()
    speak(desk.page.context, desk.copy.workspace, language)
    desk.look(places)
    assert desk.eyes.findings == {}


def test_a_person_adds_a_field_fills_it_changes_its_type_and_undoes_that(desk: Desk) -> None:
    page = desk.page
    speak(page.context, desk.copy.workspace, "ja")
    page.goto(f"{desk.orders}/fields")
    page.get_by_role("link", name="項目を追加").first.click()
    page.get_by_role("link", name="文字列", exact=True).click()
    page.locator("#field-name").fill("重さ")
    page.locator("#field-help").fill("キログラムで")
    page.locator("#field button.primary").click()
    expect(page.locator(".banner.success")).to_contain_text("項目を追加しました")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="重さ"))
    field = str(row.get_by_role("link").first.get_attribute("href")).rsplit("/", 1)[1]
    page.goto(f"{desk.orders}/records/2")
    expect(page.locator(f"#field-f{field}-help")).to_contain_text("キログラムで")
    page.locator(f"#field-f{field}").fill("約３")
    page.locator("#record button.primary").click()
    expect(page.locator(".banner.success")).to_be_visible()
    page.goto(f"{desk.orders}/fields/{field}/type")
    page.locator("#field-kind").select_option("integer")
    page.locator("#choose button").click()
    expect(page.get_by_role("cell", name="約３")).to_be_visible()
    page.locator("#change button").click()
    expect(page).to_have_url(re.compile("/jobs/"))
    expect(page.locator("#job-progress")).to_contain_text("完了", timeout=60_000)
    page.goto(f"{desk.orders}/fields/{field}/type")
    page.locator("#undo button").click()
    expect(page.locator("#job-progress")).to_contain_text("完了", timeout=60_000)
    page.goto(f"{desk.orders}/records/2")
    expect(page.locator(f"#field-f{field}")).to_have_value("約３")
