"""Search over all tables at a browser: counted, marked, by keyboard, and the way into the list."""

import pytest
from playwright.sync_api import expect

from tests.browser.pages.conftest import speak
from tests.browser.tables.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_person_finds_records_of_all_tables_by_keyboard_whatever_the_kana(desk: Desk) -> None:
    page = desk.page
    speak(page.context, desk.copy.workspace, "ja")
    page.goto(f"{desk.copy.workspace}/")
    page.keyboard.press("Control+k")
    page.keyboard.type("ビルディング")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    main = page.locator("#main")
    expect(main.locator("mark")).to_have_text(["ビルディング"])
    expect(main).to_contain_text("住所")  # the field that holds it
    page.goto(f"{desk.copy.workspace}/search?q=ﾋﾞﾙ")
    expect(main.locator("mark")).to_have_text(["ビル"])
    page.goto(f"{desk.copy.workspace}/search?q=霞が")
    expect(main.get_by_role("heading", name="顧客 · 1件")).to_be_visible()
    expect(main.get_by_role("heading", name="注文 · 2件")).to_be_visible()
    desk.eyes.look(page, "search everywhere")
    way = main.get_by_role("link", name="表で見る").last
    way.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/tables/*?q=*")
    expect(page.locator("tbody tr")).not_to_have_count(0)
    page.go_back()
    main.get_by_role("link", name="霞が関計算機サービス").first.click()
    page.wait_for_url("**/tables/1/records/3")


def test_one_character_is_enough_and_nothing_is_said_in_both_languages(desk: Desk) -> None:
    page = desk.page
    for language, nothing, one in (
        ("ja", "見つかりませんでした", "1件"),
        ("en", "Nothing found", "1 record"),
    ):
        speak(page.context, desk.copy.workspace, language)
        page.goto(f"{desk.copy.workspace}/search?q=棚")
        expect(page.locator("#main mark")).to_have_text(["棚"])
        expect(page.locator("#main").get_by_role("heading", name=f"注文 · {one}")).to_be_visible()
        desk.eyes.look(page, f"search one {language}")
        page.goto(f"{desk.copy.workspace}/search?q=䨻䨻")
        expect(page.locator("#main")).to_contain_text(nothing)
        desk.eyes.look(page, f"search nothing {language}")
    assert desk.eyes.findings == {}
