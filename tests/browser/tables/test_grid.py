"""A table's list as a sheet: keys, blocks from and to Excel, undo, two people, a phone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.identity.operations import grants
from app.operations.context import Plane
from app.operations.permissions import Permission
from app.services.tables import places
from app.services.tables.fields import Option, Settings
from app.services.tables.models import FieldKind
from app.services.tables.operations import cell_requests, cells, records, tables
from app.services.tables.preview import ColumnPlan
from app.web.cookies import session_cookie_name
from tests.browser.pages.conftest import PHONE, open_page, speak
from tests.browser.pages.scenes import at_the_machine, person
from tests.browser.tables.conftest import Desk, begin

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

STATES = tuple(Option(id=0, name=name) for name in ("見積中", "受注", "出荷済み"))
PLANS = [
    ColumnPlan(name="品名"),
    ColumnPlan(name="数量", kind=FieldKind.INTEGER, settings=Settings(most="999")),
    ColumnPlan(name="納期", kind=FieldKind.DATE),
    ColumnPlan(name="状態", kind=FieldKind.SELECT, settings=Settings(options=STATES)),
    ColumnPlan(name="検品", kind=FieldKind.CHECKBOX),
    ColumnPlan(name="備考", kind=FieldKind.LONG_TEXT),
    ColumnPlan(name="更新者", kind=FieldKind.UPDATED_BY),
]
TITLE, COUNT, DAY, STATE, TICK, NOTE, WHO = range(7)
ROWS, LONG_LIST = 450, 5_000


@dataclass
class Bench:
    """Two people at the same sheet, and somebody who may not export."""

    desk: Desk
    page: Page
    other: Page
    reader: Page
    table: int
    fields: list[int]

    def open(self, page: Page, query: str = "", language: str = "ja") -> None:
        speak(page.context, self.desk.copy.workspace, language)
        page.goto(f"{self.desk.copy.workspace}/tables/{self.table}?sheet=1{query}")
        expect(page.locator("#sheet[data-ready]")).to_be_visible()
        expect(cell(page, 0, 0)).to_be_visible()

    def texts(self, record: int) -> list[str]:
        """Return what is stored in a record, as people type it."""
        with at_the_machine(self.desk.copy) as local:
            asked = records.GetRecord(table=self.table, record=record)
            return records.get_record(local, asked).texts


def cell(page: Page, row: int, column: int) -> Locator:
    return page.locator(f"#sheet-grid-{row}-{column}")


def bring(page: Page, row: int) -> None:
    """Scroll to a row: only what is in sight is drawn."""
    frame = page.locator("[data-sheet-frame]")
    frame.evaluate("(frame, row) => { frame.scrollTop = row * 34 }", row)


def is_at(page: Page, row: int, column: int) -> None:
    expect(cell(page, row, column)).to_have_class(re.compile(r"\bactive\b"))


def saved(page: Page) -> None:
    expect(page.locator("#sheet[data-state=still]")).to_be_visible()
    expect(page.locator("[data-mark=saving]")).to_have_count(0)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def put_on_clipboard(page: Page, text: str) -> None:
    page.evaluate("(text) => navigator.clipboard.writeText(text)", text)


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()")).replace("\r\n", "\n")


def signed_in(browser: Browser, desk: Desk, token: str) -> Page:
    page = open_page(browser)
    cookie = {"name": session_cookie_name(Plane.WORKSPACE), "value": token}
    page.context.add_cookies([{**cookie, "url": desk.copy.workspace, "secure": True}])
    page.context.grant_permissions(
        ["clipboard-read", "clipboard-write"], origin=desk.copy.workspace
    )
    return page


@pytest.fixture(scope="module")
def bench(browser: Browser, desk: Desk) -> Iterator[Bench]:
    with at_the_machine(desk.copy) as local:
        one = begin(local, person(local, "wakaba-grid", "若葉 緑", "owner"))
        two = begin(local, person(local, "aoba-grid", "青葉 茂", "owner"))
        three = person(local, "yomu-grid", "読 専一", "")
        for permission in (Permission.RECORDS_VIEW, Permission.RECORDS_EDIT):
            right = grants.NewGrant(holder=three, permission=permission, scope="tables")
            grants.give(local, right)
        reads = begin(local, three)
        made = tables.create_table(local, tables.CreateTable(name="在庫", columns=PLANS))
        ids = [field.id for field in made.fields]
        rows = [{ids[TITLE]: f"品{n:03}", ids[COUNT]: n} for n in range(1, ROWS + 1)]
        cells.change_cells(local, cell_requests.ChangeCells(table=made.id, added=rows))
    pages = [signed_in(browser, desk, token) for token in (one, two, reads)]
    yield Bench(desk, *pages, table=made.id, fields=ids)
    for page in pages:
        page.context.close()


def test_a_person_works_in_the_sheet_with_the_keyboard_alone(bench: Bench) -> None:
    page = bench.page
    speak(page.context, bench.desk.copy.workspace, "ja")
    page.goto(f"{bench.desk.copy.workspace}/tables/{bench.table}")
    page.get_by_role("link", name="シートで編集").click()
    expect(page.locator("#sheet[data-ready]")).to_be_visible()
    cell(page, 0, 0).click()
    is_at(page, 0, 0)
    press(page, "ArrowDown", "ArrowRight")
    is_at(page, 1, 1)
    press(page, "Tab", "Tab", "Shift+Tab", "End")
    is_at(page, 1, WHO)
    press(page, "Tab")
    is_at(page, 2, 0)
    press(page, "Control+ArrowRight", "Home", "ArrowUp")
    is_at(page, 1, 0)
    page.keyboard.type("ねじ")  # typing begins to edit, in the place of what was there
    press(page, "Enter")
    is_at(page, 2, 0)
    press(page, "F2")
    page.keyboard.type("番")
    press(page, "ArrowLeft", "Tab")  # in F2's way of editing an arrow moves the caret
    is_at(page, 2, 1)
    press(page, "F2")
    page.keyboard.type("7")
    press(page, "Escape")
    press(page, "ArrowRight")
    page.keyboard.type("R8.4.1")
    press(page, "Tab")
    press(page, "Enter")  # choices: the field's own editor
    expect(page.get_by_role("option")).to_have_count(3)
    press(page, "ArrowDown", "ArrowDown", "Tab")
    press(page, "Space")
    saved(page)
    expect(cell(page, 2, TITLE)).to_have_text("品003番")
    expect(cell(page, 2, COUNT)).to_have_text("3")
    assert bench.texts(2)[:2] == ["ねじ", "2"]
    assert bench.texts(3)[:5] == ["品003番", "3", "2026-04-01", "受注", "TRUE"]
    press(page, "Control+z", "Control+z")
    press(page, "Home")
    saved(page)
    expect(page.locator("[data-sheet-redo]")).to_be_enabled()
    press(page, "F6")
    expect(page.locator("[data-sheet-keys] summary")).to_be_focused()


def test_undo_and_redo_go_through_what_was_done(bench: Bench) -> None:
    page = bench.page
    bench.open(page)
    cell(page, 9, COUNT).click()
    page.keyboard.type("77")
    press(page, "Enter")
    saved(page)
    press(page, "ArrowUp", "Shift+ArrowRight", "Delete")
    expect(cell(page, 9, COUNT)).to_have_text("")
    saved(page)
    press(page, "Control+z")
    expect(cell(page, 9, COUNT)).to_have_text("77")
    saved(page)
    press(page, "Control+z")
    expect(cell(page, 9, COUNT)).to_have_text("10")
    saved(page)
    press(page, "Control+y")
    expect(cell(page, 9, COUNT)).to_have_text("77")
    saved(page)
    press(page, "Control+Shift+z")
    expect(cell(page, 9, COUNT)).to_have_text("")
    saved(page)
    assert bench.texts(10)[COUNT] == ""
    press(page, "Control+z")
    saved(page)


def test_a_block_goes_from_and_to_a_spreadsheet_with_quotes_and_line_ends(bench: Bench) -> None:
    page = bench.page
    bench.open(page)
    block = '"12"" 管"\t５\tR8.5.2\r\n"二行\n目"\t\t2026/06/01\r\n=1+1\t8\t\r\n'
    put_on_clipboard(page, block)
    cell(page, 20, TITLE).click()
    press(page, "Control+v")
    saved(page)
    assert bench.texts(21)[:3] == ['12" 管', "5", "2026-05-02"]
    assert bench.texts(22)[:3] == ["二行\n目", "", "2026-06-01"]
    assert bench.texts(23)[:3] == ["=1+1", "8", ""]
    expect(cell(page, 22, DAY)).to_have_attribute("aria-selected", "true")
    press(page, "Control+c")
    expect(page.locator("[data-sheet-status]")).to_contain_text("9個のセルをコピーしました")
    # what a spreadsheet would run is a text there; pasted back into a sheet it is what it was
    assert clipboard(page) == '12" 管\t5\t2026-05-02\n"二行\n目"\t\t2026-06-01\n\'=1+1\t8\t'
    cell(page, 30, TITLE).click()
    press(page, "Control+v")
    saved(page)
    assert bench.texts(33)[:2] == ["=1+1", "8"]
    press(page, "Control+z")
    saved(page)
    assert bench.texts(33)[:2] == ["品033", "33"]
    cell(page, 40, COUNT).click()
    cell(page, 44, COUNT).click(modifiers=["Shift"])
    press(page, "Control+d")
    saved(page)
    assert [bench.texts(row)[COUNT] for row in (41, 43, 45)] == ["41", "41", "41"]
    cell(page, 50, COUNT).click()
    cell(page, 52, COUNT).click(modifiers=["Shift"])
    put_on_clipboard(page, "6")
    press(page, "Control+v")
    saved(page)
    assert [bench.texts(row)[COUNT] for row in (51, 52, 53)] == ["6", "6", "6"]


def test_pasting_below_the_last_record_adds_records_and_undo_takes_them_back(bench: Bench) -> None:
    page = bench.page
    bench.open(page, f"&sort=-{bench.fields[COUNT]}&q=品44")
    expect(page.locator("[data-sheet-status]")).to_contain_text("10件")
    cell(page, 0, TITLE).click()
    press(page, "Control+End")
    is_at(page, 10, WHO)
    press(page, "Home")
    put_on_clipboard(page, "新一\t1\n新二\t2")
    press(page, "Control+v")
    expect(cell(page, 11, TITLE)).to_have_text("新二")
    saved(page)
    assert bench.texts(ROWS + 2)[:2] == ["新二", "2"]
    press(page, "Control+z")
    expect(cell(page, 11, TITLE)).to_have_count(0)
    saved(page)
    cell(page, 10, TITLE).click()
    page.keyboard.type("手で追加")
    press(page, "Enter")
    expect(page.locator("[data-sheet-status]")).to_contain_text("保存しました")
    saved(page)
    assert bench.texts(ROWS + 3)[TITLE] == "手で追加"


def test_an_input_method_converts_without_moving_in_the_sheet(bench: Bench) -> None:
    page = bench.page
    bench.open(page)
    bring(page, 55)
    cell(page, 60, TITLE).click()
    keyboard = page.context.new_cdp_session(page)

    def converts(text: str) -> None:
        told = {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        keyboard.send("Input.imeSetComposition", told)

    def key(name: str, code: int) -> None:
        told = {"key": name, "windowsVirtualKeyCode": code}
        keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **told})
        keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **told})

    converts("と")  # the first key is already the input method's
    converts("とうきょう")
    for name, code in (("ArrowDown", 229), ("Enter", 229), ("Tab", 229), ("Process", 229)):
        key(name, code)
    is_at(page, 60, TITLE)
    keyboard.send("Input.insertText", {"text": "東京"})
    is_at(page, 60, TITLE)
    expect(page.locator("[data-sheet-input]")).to_have_value("東京")
    press(page, "Enter")
    is_at(page, 61, TITLE)
    saved(page)
    assert bench.texts(61)[TITLE] == "東京"


def test_two_people_see_what_the_other_saved_and_are_told_of_a_conflict(bench: Bench) -> None:
    page, other = bench.page, bench.other
    bench.open(page)
    bench.open(other)
    cell(other, 5, TITLE).click()
    other.keyboard.type("青葉の品")
    press(other, "Enter")
    saved(other)
    expect(cell(page, 5, TITLE)).to_have_text("青葉の品", timeout=20_000)
    expect(cell(page, 5, TITLE)).to_have_attribute("data-mark", "theirs")
    # both begin on the same cell: the second one is told, with both values
    cell(page, 6, TITLE).click()
    press(page, "F2")
    cell(other, 6, TITLE).click()
    other.keyboard.type("相手の値")
    press(other, "Enter")
    saved(other)
    press(page, "Control+a")
    page.keyboard.type("私の値")
    press(page, "Enter")
    problems = page.locator("[data-sheet-problems] li")
    expect(problems).to_have_count(1)
    expect(problems).to_contain_text("青葉 茂さんが「相手の値」と入力しました")
    expect(problems).to_contain_text("私の値")
    expect(cell(page, 6, TITLE)).to_have_text("相手の値")
    press(page, "ArrowUp")
    expect(page.locator("[data-sheet-note]")).to_contain_text("私の値")
    problems.get_by_role("button", name="自分の入力を保存").click()
    saved(page)
    assert bench.texts(7)[TITLE] == "私の値"
    expect(problems).to_have_count(0)
    # another cell of the same record is no conflict
    cell(page, 7, COUNT).click()
    press(page, "F2")
    cell(other, 7, TITLE).click()
    other.keyboard.type("隣")
    press(other, "Enter")
    saved(other)
    press(page, "Control+a")
    page.keyboard.type("88")
    press(page, "Enter")
    saved(page)
    assert bench.texts(8)[:2] == ["隣", "88"]
    with at_the_machine(bench.desk.copy) as local:
        records.delete_record(local, records.DeleteRecord(table=bench.table, record=9, rev=1))
    expect(cell(page, 8, TITLE)).to_have_class(re.compile(r"\bgone\b"), timeout=20_000)


def test_a_value_that_does_not_fit_is_told_at_its_cell_and_corrected_there(bench: Bench) -> None:
    page = bench.page
    bench.open(page, language="en")
    bring(page, 65)
    there = cell(page, 70, COUNT).inner_text()  # the number of the record too
    cell(page, 70, COUNT).click()
    page.keyboard.type("1000")
    press(page, "Enter")
    problems = page.locator("[data-sheet-problems] li")
    expect(problems).to_contain_text("“1000” is not saved. The value is larger than the field")
    expect(cell(page, 70, COUNT)).to_have_text(there)
    expect(cell(page, 70, COUNT)).to_have_attribute("aria-invalid", "true")
    press(page, "F6", "Enter")  # by the keyboard: to the list, and correct it
    expect(page.locator("[data-sheet-input]")).to_have_value("1000")
    press(page, "Backspace", "Enter")
    saved(page)
    assert bench.texts(int(there))[COUNT] == "100"


def test_a_large_copy_asks_first_and_is_refused_to_who_may_not_export_F4(
    bench: Bench,
) -> None:
    page, reader = bench.page, bench.reader
    bench.open(page)
    cell(page, 0, TITLE).click()
    press(page, "Control+a", "Control+c")
    expect(page.locator("[data-sheet-status]")).to_contain_text("個のセルをコピーしました")
    assert clipboard(page).startswith("品001\t1\t")
    bench.open(reader)
    cell(reader, 0, TITLE).click()
    put_on_clipboard(reader, "before")
    press(reader, "Control+a", "Control+c")
    expect(reader.locator(".toast")).to_contain_text(re.compile("1,?000個のセルまで"))
    assert clipboard(reader) == "before"
    cell(reader, 0, TITLE).click()
    press(reader, "Shift+ArrowDown", "Control+c")
    expect(reader.locator("[data-sheet-status]")).to_contain_text("2個のセル")


def test_rows_come_while_one_scrolls_and_widths_and_frozen_columns_stay(bench: Bench) -> None:
    page = bench.other
    bench.open(page)
    cell(page, 0, COUNT).click()
    before = cell(page, 0, COUNT).bounding_box()
    press(page, "Alt+Shift+ArrowRight", "Alt+Shift+ArrowRight")
    page.get_by_role("button", name="この列まで固定").click()
    expect(page.locator(".sheet-title.frozen")).to_have_count(2)
    page.reload()
    expect(page.locator("#sheet[data-ready]")).to_be_visible()
    expect(page.locator(".sheet-title.frozen")).to_have_count(2)
    after = cell(page, 0, COUNT).bounding_box()
    assert before
    assert after
    assert round(after["width"] - before["width"]) == 32
    cell(page, 0, TITLE).click()
    for _ in range(60):
        press(page, "PageDown")
        if page.locator(f"#sheet-grid-{ROWS - 2}-0").count():
            break
        page.evaluate("new Promise((done) => requestAnimationFrame(done))")
    press(page, "Control+End")
    expect(page.locator("[data-sheet-status]")).to_contain_text(re.compile("4[0-9][0-9]件$"))
    assert page.locator(".sheet-body > .sheet-row").count() < 80, "only what is seen is drawn"
    press(page, "Control+Home")
    is_at(page, 0, TITLE)


def test_the_scrollbar_reaches_any_row_of_a_long_list_at_once(bench: Bench) -> None:
    page = bench.other
    with at_the_machine(bench.desk.copy) as local:
        plan = [ColumnPlan(name="題"), ColumnPlan(name="値", kind=FieldKind.INTEGER)]
        made = tables.create_table(local, tables.CreateTable(name="長い表", columns=plan))
        title, value = (field.id for field in made.fields)
        for start in range(0, LONG_LIST, 1_000):
            rows = [{title: f"行{n + 1:05}", value: n} for n in range(start, start + 1_000)]
            cells.change_cells(local, cell_requests.ChangeCells(table=made.id, added=rows))
        assert places.keep(local.appliance, lambda: False) == 1
    speak(page.context, bench.desk.copy.workspace, "ja")
    page.goto(f"{bench.desk.copy.workspace}/tables/{made.id}?sheet=1")
    expect(page.locator("#sheet[data-ready]")).to_be_visible()
    expect(page.locator("[data-sheet-status]")).to_contain_text("5,000件")
    frame = page.locator("[data-sheet-frame]")
    frame.evaluate("(frame) => { frame.scrollTop = frame.scrollHeight * 0.72 }")
    row = page.locator(".sheet-row[aria-rowindex='3611']")  # the head is the first one
    expect(row.locator(".sheet-cell").first).to_have_text("行03610")
    row.locator(".sheet-cell").first.click()
    page.keyboard.type("遠くの行")
    press(page, "Enter")
    saved(page)
    bring(page, 2_990)  # upwards the window grows too
    row = page.locator(".sheet-row[aria-rowindex='2992']")
    expect(row.locator(".sheet-cell").first).to_have_text("行02991")
    press(page, "Control+End")
    expect(page.locator(".sheet-cell.active")).to_have_attribute("aria-colindex", "3")
    expect(page.locator(".sheet-row[aria-rowindex='5001'] .sheet-cell").first).to_have_text(
        "行05000"
    )
    press(page, "Control+Home")
    expect(page.locator(".sheet-cell.active")).to_have_text("行00001")
    with at_the_machine(bench.desk.copy) as local:
        asked = records.GetRecord(table=made.id, record=3610)
        assert records.get_record(local, asked).texts[0] == "遠くの行"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_sheet_is_accessible_and_fits_a_phone(bench: Bench, language: str) -> None:
    page, eyes = bench.page, bench.desk.eyes
    eyes.findings.clear()
    bench.open(page, language=language)
    cell(page, 3, TITLE).click()
    eyes.look(page, "tables sheet")
    cell(page, 3, STATE).click()
    press(page, "Enter")
    expect(page.get_by_role("option").first).to_be_visible()
    eyes.look(page, "tables sheet choices")
    press(page, "Escape")
    cell(page, 3, COUNT).click()
    page.keyboard.type("x")
    press(page, "Enter", "ArrowUp")
    expect(page.locator("[data-sheet-problems] li")).to_have_count(1)
    eyes.look(page, "tables sheet problem")
    page.set_viewport_size({"width": PHONE, "height": 844})
    cell(page, 4, COUNT).click()
    page.keyboard.type("44")
    press(page, "Enter")
    saved(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    assert bench.texts(5)[COUNT] == "44"
    assert eyes.findings == {}


def test_without_a_script_the_list_stays_as_it_is(bench: Bench, browser: Browser) -> None:
    cookies = bench.page.context.cookies()
    context = browser.new_context(java_script_enabled=False, ignore_https_errors=True)
    context.add_cookies(cookies)  # type: ignore[arg-type]  # playwright's own shape
    page = context.new_page()
    page.goto(f"{bench.desk.copy.workspace}/tables/{bench.table}?sheet=1")
    expect(page.locator("#records tbody tr")).to_have_count(50)
    expect(page.locator("[data-sheet-stage]")).to_be_hidden()
    context.close()
