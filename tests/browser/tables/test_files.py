"""Files of lists, brought in and taken away by a person at a browser."""

import datetime as dt
import re
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import Page, expect

from app.files import workbooks
from tests.browser.pages.conftest import speak
from tests.browser.tables.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def workbook(path: Path) -> Path:
    """Write a list as offices send it: a title, a hidden row, a sum at the end."""
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("説明").write(0, 0, "この表について")
        sheet = book.add_worksheet("売上")
        day = book.add_format({"num_format": "yyyy/mm/dd"})
        sheet.merge_range(0, 0, 0, 5, "2026年4月 売上一覧")
        names = ["売上日", "商品コード", "品名", "金額", "検品", "担当メール"]
        sheet.write_row(2, 0, names)
        for row in range(3, 9):
            sheet.write_datetime(row, 0, dt.datetime(2026, 4, row), day)  # noqa: DTZ001
            sheet.write_row(row, 1, [f"00{row}", "檜の箱", row * 1200])
            sheet.write_row(row, 4, ["○" if row % 2 else "×", "aoi@example.co.jp"])
        sheet.set_row(5, None, None, {"hidden": True})
        sheet.write_row(9, 0, ["合計", "", "", 39_600])
    return path


def send(page: Page, address: str, file: Path) -> None:
    page.goto(address)
    page.locator("#field-file").set_input_files(file)
    page.locator("#upload button.primary").click()
    expect(page).to_have_url(re.compile("/import/[0-9a-f]{28}"))


def rows_file(path: Path) -> Path:
    text = (
        '件名,金額,数量,納期\n檜の箱 200個,"1,300,000",250,R8.12.15\n新しい注文,500円,1,2026/12/1\n'
    )
    path.write_bytes((text + "だめな行,たくさん,1,2026/13/45\n").encode("cp932"))
    return path


@pytest.mark.parametrize("language", ["ja", pytest.param("en", marks=pytest.mark.slow)])
def test_every_page_of_files_is_accessible(desk: Desk, language: str, tmp_path: Path) -> None:
    page = desk.page
    desk.eyes.findings.clear()
    speak(page.context, desk.copy.workspace, language)
    page.goto(f"{desk.copy.workspace}/tables/new")
    desk.eyes.look(page, "files new table")
    send(page, f"{desk.copy.workspace}/tables/new", workbook(tmp_path / "売上.xlsx"))
    page.locator("#field-sheet").select_option("2")
    page.locator("#reading button").click()
    expect(page.locator("input[name=name-0]")).to_have_value("売上日")
    desk.eyes.look(page, "files preview of a workbook")
    page.goto(f"{desk.orders}/import")
    desk.eyes.look(page, "files rows for a table")
    send(page, f"{desk.orders}/import", rows_file(tmp_path / "注文.csv"))
    page.locator("#field-key").select_option(label="件名")
    page.locator("input[name=mode][value=both]").check()
    desk.eyes.look(page, "files columns")
    page.locator("#columns button.primary").click()
    expect(page.locator("#start")).to_be_visible()
    desk.eyes.look(page, "files check")
    for form in ("csv", "csv&encoding=cp932", "xlsx", "jsonl", "csv&q=どこにもない"):
        page.goto(f"{desk.orders}/export?format={form}")
        expect(page.locator("h1")).to_be_visible()
        desk.eyes.look(page, f"files export {form.replace('どこにもない', 'nothing')}")
    old = tmp_path / "古い.xls"
    old.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    page.goto(f"{desk.copy.workspace}/tables/new")
    page.locator("#field-file").set_input_files(old)
    page.locator("#upload button.primary").click()
    expect(page.locator(".error-summary")).to_contain_text(".xlsx")
    desk.eyes.look(page, "files old workbook")
    assert desk.eyes.findings == {}


def test_a_workbook_becomes_a_table_by_a_persons_choices_F14(desk: Desk, tmp_path: Path) -> None:
    page = desk.page
    speak(page.context, desk.copy.workspace, "ja")
    send(page, f"{desk.copy.workspace}/tables/new", workbook(tmp_path / "売上.xlsx"))
    page.locator("#field-sheet").select_option("2")
    page.locator("#reading button").click()
    expect(page.locator("select[name=kind-0]")).to_have_value("date")
    expect(page.locator("select[name=kind-1]")).to_have_value("text")
    expect(page.locator("select[name=kind-4]")).to_have_value("checkbox")
    expect(page.locator("select[name=kind-5]")).to_have_value("email")
    page.locator("select[name=kind-3]").select_option("money")
    page.locator("input[name=take-2]").uncheck()
    expect(page.locator("#field-totals")).to_be_checked()
    page.locator("#import button.primary").click()
    expect(page.locator("#job-progress")).to_contain_text("完了", timeout=60_000)
    page.get_by_role("link", name="結果を見る").click()
    expect(page.locator("#count")).to_contain_text("6")
    expect(page.locator("thead")).not_to_contain_text("品名")
    expect(page.locator("tbody tr").first).to_contain_text("2026年4月3日")
    page.locator("a[href*='/export']").click()
    page.locator("#field-format").select_option("xlsx")
    page.locator("#choose button").click()
    with page.expect_download() as waiting:
        page.locator("#export button.primary").click()
    with Path(waiting.value.path()).open("rb") as file:
        rows = workbooks.read_rows(file)
    assert rows[1] == ["2026-04-03", "003", "3600", "True", "aoi@example.co.jp"]


def test_rows_change_a_table_after_a_look_at_what_would_change_F14(
    desk: Desk, tmp_path: Path
) -> None:
    page = desk.page
    speak(page.context, desk.copy.workspace, "ja")
    send(page, f"{desk.orders}/import", rows_file(tmp_path / "注文.csv"))
    expect(page.locator("select[name=field-1]")).to_have_value(str(desk.numbers["金額"]))
    page.locator("#field-key").select_option(label="件名")
    page.locator("input[name=mode][value=both]").check()
    page.locator("#columns button.primary").click()
    differences = page.locator("main").get_by_role("row").filter(has_text="数量")
    expect(differences.first).to_contain_text("250")
    expect(page.get_by_role("row").filter(has_text="たくさん")).to_be_visible()
    page.locator("#start button.primary").click()
    expect(page.locator("#job-progress")).to_contain_text("完了", timeout=60_000)
    with page.expect_download() as waiting:
        page.locator("form[action$='/import/errors'] button").click()
    bad = Path(waiting.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert bad[1].startswith("4,")
    assert "金額" in bad[1]
    page.goto(f"{desk.orders}/records/1")
    expect(page.locator("input[id^=field-f]").filter(visible=True).first).to_be_visible()
    expect(page.locator(f"#field-f{desk.numbers['数量']}")).to_have_value("250")
