"""The history of records at a browser: yesterday's value put back, a whole import taken back."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages.conftest import speak
from tests.browser.tables.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LINES = "件名,金額,数量\n檜の箱 200個,1300000,250\n棚の修理,2000,3\n新しい注文,500,1\n"


def bring_in(page: Page, desk: Desk, path: Path) -> None:
    """Import lines into the orders, found by their title."""
    path.write_bytes(LINES.encode("utf-8-sig"))
    page.goto(f"{desk.orders}/import")
    page.locator("#field-file").set_input_files(path)
    page.locator("#upload button.primary").click()
    expect(page).to_have_url(re.compile("/import/[0-9a-f]{28}"))
    page.locator("#field-key").select_option(label="件名")
    page.locator("input[name=mode][value=both]").check()
    page.locator("#columns button.primary").click()
    page.locator("#start button.primary").click()
    expect(page.locator("#job-progress")).to_contain_text("完了", timeout=60_000)


def test_a_person_puts_yesterdays_value_back_from_the_records_history_F5(desk: Desk) -> None:
    page, price = desk.page, desk.numbers["金額"]
    notes = desk.numbers["備考"]
    speak(page.context, desk.copy.workspace, "ja")
    page.goto(f"{desk.orders}/records/1")
    page.locator(f"#field-f{price}").fill("1,500,000")
    page.locator(f"#field-f{notes}").fill("納品は裏門から。\n受付で名前を伝える。")
    page.locator("#record button.primary").click()
    expect(page.locator(".banner.success")).to_be_visible()
    page.goto(f"{desk.orders}/records/1")
    page.get_by_role("link", name="変更履歴").click()
    newest = page.locator("#state-2")
    expect(newest).to_contain_text("高橋 光子")
    row = newest.get_by_role("row").filter(has_text="金額")
    expect(row).to_contain_text("¥1,234,567")
    expect(row).to_contain_text("¥1,500,000")
    changed = newest.get_by_role("row").filter(has_text="備考")
    expect(changed.locator("del")).to_have_text("正")
    expect(changed.locator("ins")).to_have_text("裏")
    row.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".banner.success")).to_contain_text("元に戻しました")
    expect(page.locator("#state-3").get_by_role("row").nth(1)).to_contain_text("¥1,234,567")
    page.goto(f"{desk.orders}/records/1")
    expect(page.locator(f"#field-f{price}")).to_have_value("1234567")
    expect(page.locator(f"#field-f{notes}")).to_have_value(re.compile("裏門"))


def test_a_whole_state_comes_back_and_a_deleted_record_too(desk: Desk) -> None:
    page = desk.page
    speak(page.context, desk.copy.workspace, "ja")
    history = f"{desk.orders}/records/2/history"
    amount = desk.numbers["数量"]
    page.goto(f"{desk.orders}/records/2")
    page.locator(f"#field-f{amount}").fill("7")
    page.locator("#record button.primary").click()
    page.goto(history)
    page.locator("#state-1").get_by_role("link", name="状態1に戻す").click()
    expect(page.get_by_role("row").filter(has_text="数量")).to_contain_text("7")
    page.locator("#put-back button.primary").click()
    expect(page.locator(".banner.success")).to_contain_text("元に戻しました")
    page.goto(f"{desk.orders}/records/2")
    expect(page.locator(f"#field-f{amount}")).to_have_value("")
    page.locator("details summary").filter(has_text="削除").click()
    page.locator("#delete-record button").click()
    page.get_by_role("link", name="レコード2の変更履歴").click()
    expect(page.locator(".banner.warning")).to_contain_text("削除されています")
    desk.eyes.findings.clear()
    desk.eyes.look(page, "tables history deleted")
    assert desk.eyes.findings == {}
    page.locator("#restore button").click()
    expect(page.locator(".banner.success")).to_contain_text("レコードを元に戻しました")
    page.goto(desk.orders)
    expect(page.locator("tbody")).to_contain_text("棚の修理")


def test_a_person_takes_a_whole_import_back_after_a_look_at_it_F14(
    desk: Desk, tmp_path: Path
) -> None:
    page, amount = desk.page, desk.numbers["数量"]
    speak(page.context, desk.copy.workspace, "ja")
    bring_in(page, desk, tmp_path / "注文.csv")
    page.goto(f"{desk.orders}/records/2")
    page.locator(f"#field-f{amount}").fill("9")
    page.locator("#record button.primary").click()
    page.goto(desk.orders)
    page.get_by_role("link", name="変更履歴").click()
    line = page.get_by_role("row").filter(has_text="取り込み").first
    expect(line).to_contain_text("追加1件")
    expect(line).to_contain_text("変更2件")
    line.get_by_role("link", name=re.compile("元に戻す")).click()
    obstacle = page.locator("#obstacles").get_by_role("row").filter(has_text="数量")
    expect(obstacle).to_contain_text("その後に変更されています")
    expect(obstacle).to_contain_text("9")
    desk.eyes.findings.clear()
    desk.eyes.look(page, "tables history obstacles")
    assert desk.eyes.findings == {}
    obstacle.get_by_role("checkbox").check()
    page.locator("#revert button.primary").click()
    expect(page.locator("#job-progress")).to_contain_text("完了", timeout=60_000)
    page.goto(desk.orders)
    expect(page.locator("tbody")).to_contain_text("棚の修理")
    expect(page.locator("tbody")).not_to_contain_text("新しい注文")
    page.goto(f"{desk.orders}/records/2")
    expect(page.locator(f"#field-f{amount}")).to_have_value("")
    page.goto(f"{desk.orders}/history")
    expect(page.get_by_role("row").nth(1)).to_contain_text("まとめて元に戻した変更")


def test_the_history_of_a_record_is_checked_against_the_sealed_one_METI_8(desk: Desk) -> None:
    page = desk.page
    speak(page.context, desk.copy.workspace, "ja")
    page.goto(f"{desk.orders}/records/1/history")
    page.get_by_role("link", name="封印された操作履歴と照合").click()
    # an event is sealed within a second: until then the page says so, and is asked again
    for _ in range(30):
        told = page.locator("#proof")
        expect(told).to_be_visible()
        if "証明されました" in told.inner_text():
            break
        page.reload()
    expect(page.locator("#proof")).to_contain_text("証明されました")
    expect(page.locator("#state-1")).to_contain_text("証明済み")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_page_of_history_is_accessible(desk: Desk, language: str) -> None:
    page = desk.page
    desk.eyes.findings.clear()
    speak(page.context, desk.copy.workspace, language)
    page.goto(f"{desk.orders}/history")
    href = page.locator("#changes td.actions a").first.get_attribute("href")
    assert href
    places = {
        "history table": f"{desk.orders}/history",
        "history narrowed": f"{desk.orders}/history?field={desk.numbers['金額']}&since=2020-01-01",
        "history nothing": f"{desk.orders}/history?until=2020-01-01",
        "history nobody": f"{desk.orders}/history?person=nobody",
        "history record": f"{desk.orders}/records/1/history",
        "history proof": f"{desk.orders}/records/1/history?check=yes",
        "history version": f"{desk.orders}/records/1/history/2",
        "history take back": desk.copy.workspace + href,
        "history no version": f"{desk.orders}/records/1/history/99",
    }
    desk.look(places, refused=("history nobody", "history no version"))
    assert desk.eyes.findings == {}
