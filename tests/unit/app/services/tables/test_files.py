"""Files of every kind: workbooks, JSON Lines, old line ends, and what is named instead of read."""

import io
import json
import zipfile

import pytest
import xlsxwriter

from app.files import packed, unpacking
from app.files.errors import (
    NoSuchSheet,
    NotAWorkbook,
    NotCsv,
    NotJsonLines,
    OldWorkbook,
    ProtectedWorkbook,
    SheetTooLarge,
    UnreadableWorkbook,
    WorkbookTooLarge,
)
from app.services.tables.models import FieldKind
from app.services.tables.operations.exporting import ExportRecords, export_records
from app.services.tables.operations.importing import PreviewImport, preview_import
from app.services.tables.operations.records import ListRecords, list_records
from app.services.tables.preview import ColumnPlan


def workbook(fill, **options) -> bytes:
    """Return a workbook that Excel could have saved."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **options}) as book:
        fill(book)
    return buffer.getvalue()


def seen(office, data: bytes, name: str = "x.xlsx", **known):
    upload = office.upload(data, name)
    return preview_import(office.context, PreviewImport(upload=upload, **known))


def kinds(preview) -> list[str]:
    return [plan.kind.value for plan in preview.columns]


def cells(office, table):
    found = list_records(office.context, ListRecords(table=table, limit=500))
    return [record.cells for record in found.records]


def two_sheets(book) -> None:
    first = book.add_worksheet("控え")
    first.hide()
    first.write(0, 0, "hidden")
    book.add_worksheet("空")
    list_ = book.add_worksheet("売上")
    list_.activate()
    day = book.add_format({"num_format": "yyyy/mm/dd"})
    list_.merge_range(0, 0, 0, 3, "売上一覧")
    list_.write_row(2, 0, ["日付", "商品コード", "金額", "済"])
    list_.write_datetime(3, 0, __import__("datetime").datetime(2026, 4, 1), day)
    list_.write_row(3, 1, ["00123", 1200, True])
    list_.write_row(4, 0, ["R8.4.2", "00124"])
    list_.write_formula(4, 2, "=C4*2", None, 2400)
    list_.write_boolean(4, 3, False)
    list_.write_row(5, 0, ["合計", "", 3600])
    list_.set_row(4, None, None, {"hidden": True})
    list_.set_column(1, 1, None, None, {"hidden": True})


def test_a_workbook_is_read_by_the_sheet_that_a_person_chooses_F14(office):
    preview = seen(office, workbook(two_sheets), sheet=3)
    assert [(one.name, one.hidden) for one in preview.sheets] == [
        ("控え", True), ("空", False), ("売上", False),
    ]  # fmt: skip
    assert [plan.name for plan in preview.columns] == ["日付", "商品コード", "金額", "済"]
    assert kinds(preview) == ["date", "text", "integer", "checkbox"]
    assert (preview.skip, preview.totals, preview.merged) == (2, 1, 1)
    assert (preview.hidden_rows, preview.hidden_columns) == (1, 1)
    assert preview.above[0][0] == "売上一覧"
    assert preview.rows[1] == ["R8.4.2", "00124", "2400", "False"]
    with pytest.raises(NoSuchSheet):
        seen(office, workbook(two_sheets), sheet=4)


def test_a_workbook_becomes_a_table_without_its_totals_F14(office, imported):
    started, job = imported(workbook(two_sheets), sheet=3, without_totals=True, leave_out=[4])
    assert job.numbers == {"rows": 2, "rejected": 0, "left_out": 1}
    assert cells(office, started.table) == [
        ["2026-04-01", "00123", 1200], ["2026-04-02", "00124", 2400],
    ]  # fmt: skip
    assert list(office.appliance.settings.spool.iterdir()) == []


def test_dates_of_1904_are_the_days_that_excel_shows(office):
    def fill(book):
        book.add_worksheet().write_column(0, 0, ["日", 0, 44000])
        book.worksheets()[0].set_column(0, 0, None, book.add_format({"num_format": 14}))
        day = book.add_format({"num_format": 14})
        book.worksheets()[0].write_number(1, 0, 44650, day)
        book.worksheets()[0].write_number(2, 0, 44651, day)

    assert seen(office, workbook(fill)).rows[0] == ["2022-03-30"]
    assert seen(office, workbook(fill, date_1904=True)).rows[0] == ["2026-03-31"]


def test_merged_headers_and_merged_groups_give_each_cell_the_value(office):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.merge_range(0, 1, 0, 2, "売上")
        sheet.write(0, 0, "支店")
        sheet.write_row(1, 0, ["支店", "四月", "五月"])
        sheet.merge_range(2, 0, 3, 0, "東京")
        sheet.write_row(2, 1, [1, 2])
        sheet.write_row(3, 1, [3, 4])

    preview = seen(office, workbook(fill))
    assert [plan.name for plan in preview.columns] == ["支店", "四月", "五月"]
    assert preview.rows == [["東京", "1", "2"], ["東京", "3", "4"]]


def test_percentages_are_what_excel_shows_and_not_what_it_keeps_F14(office, imported):
    def fill(book):
        sheet = book.add_worksheet()
        whole, fine = book.add_format({"num_format": 9}), book.add_format({"num_format": "0.00%"})
        said = book.add_format({"num_format": '0.0"%"'})  # a sign that multiplies nothing
        sheet.write_row(1, 2, ["品名", "率", "割合", "mixed"])
        for row, (rate, part) in enumerate([(0.125, 0.07), (1, -0.005)], 2):
            sheet.write_row(row, 2, [f"品{row}"])
            sheet.write_number(row, 3, rate, fine)
            sheet.write_number(row, 4, part, said)
        sheet.write_number(2, 5, 0.5, whole)
        sheet.write_number(3, 5, 0.5)

    preview = seen(office, workbook(fill))
    assert preview.rows == [
        ["品2", "12.5%", "0.07", "50%"], ["品3", "100%", "-0.005", "0.5"],
    ]  # fmt: skip
    assert kinds(preview) == ["text", "percent", "decimal", "text"]
    started, _ = imported(workbook(fill))
    assert [row[1] for row in cells(office, started.table)] == ["12.5", "100"]


def test_what_we_export_as_a_percentage_comes_back_as_one_METI_8(office):
    table = office.table("率", ColumnPlan(name="率", kind=FieldKind.PERCENT, scale=1))
    office.fill(table, [["12.5"], ["-3"]])
    made = export_records(office.context, ExportRecords(table=table.id, format="xlsx"))
    preview = seen(office, b"".join(made.chunks))
    assert (preview.rows, kinds(preview)) == ([["12.5%"], ["-3%"]], ["percent"])


def test_styles_that_claim_too_much_are_refused(office, monkeypatch):
    monkeypatch.setattr(packed, "LARGEST_STYLES", 10)
    with pytest.raises(UnreadableWorkbook):
        seen(office, workbook(two_sheets))


def archive(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return buffer.getvalue()


def parts_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return {name: book.read(name) for name in book.namelist()}


def test_a_zip_bomb_is_refused_before_anything_is_unpacked(office, monkeypatch):
    monkeypatch.setattr(unpacking.workbooks, "sheet_rows", None)  # nobody gets that far
    parts = parts_of(workbook(two_sheets))
    sheet = parts["xl/worksheets/sheet1.xml"]
    steep = {**parts, "xl/worksheets/sheet1.xml": sheet + b" " * 3_000_000}
    large = {**parts, "xl/media/a.bin": b"\0" * (packed.LARGEST + 1)}
    for bomb in (steep, large):
        with pytest.raises(WorkbookTooLarge):
            seen(office, archive(bomb))
    far = sheet.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"/></row></sheetData>')
    with pytest.raises(SheetTooLarge):
        seen(office, archive({**parts, "xl/worksheets/sheet1.xml": far}), sheet=1)
    entity = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + sheet
    with pytest.raises(UnreadableWorkbook):
        seen(office, archive({**parts, "xl/worksheets/sheet1.xml": entity}), sheet=1)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, OldWorkbook),
        (
            b"\xd0\xcf\x11\xe0" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
            ProtectedWorkbook,
        ),
        (archive({"word/document.xml": b"<x/>"}), NotAWorkbook),
        (b"PK\x03\x04 torn", UnreadableWorkbook),
        (b"%PDF-1.7", NotCsv),
        (b"<html><table>", NotCsv),
    ],
)
def test_what_cannot_be_read_is_named_with_the_remedy(office, data, error):
    with pytest.raises(error) as refused:
        seen(office, data, "x.xls")
    assert refused.value.hint


def test_json_lines_keep_every_digit_and_every_name(office, imported):
    lines = [
        {"名前": "髙橋", "番号": "0012", "額": 12345678901234567890},
        {"名前": "=1+1", "札": ["a", "b"], "率": 0.10, "済": True, "無": None},
    ]
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    text = text.replace("0.1,", "0.10,")
    preview = seen(office, b"\xef\xbb\xbf" + text.encode() + b"\n\n", "x.jsonl")
    assert [plan.name for plan in preview.columns] == [
        "名前", "番号", "額", "札", "率", "済", "無",
    ]  # fmt: skip
    assert preview.rows[0][:3] == ["髙橋", "0012", "12345678901234567890"]
    assert preview.rows[1] == ["=1+1", "", "", "a; b", "0.10", "true", ""]
    assert preview.plain
    columns = [ColumnPlan(name="n", kind=FieldKind.INTEGER)]
    _started, job = imported(b'{"n":1}\n\n{"n":"x"}\n', columns=columns)
    assert job.numbers == {"rows": 1, "rejected": 1}
    with office.appliance.database.read() as session:
        row = session.connection().exec_driver_sql("SELECT row FROM tables_rejection").scalar_one()
    assert row == 3


@pytest.mark.parametrize("bad", [b'{"a":1}\n{"a":', b'{"a":1}\n[1]\n', b'{"a":"\xff"}\n'])
def test_a_line_that_is_no_object_is_named(office, bad):
    with pytest.raises(NotJsonLines) as refused:
        seen(office, bad, "x.jsonl")
    assert refused.value.parameters["line"] == bad.count(b"\n", 0, -1) + 1


def test_lines_that_end_as_on_old_macintosh_computers_are_read(office):
    assert seen(office, b"a,b\rc,1\rd,2\r", "x.csv").rows == [["c", "1"], ["d", "2"]]


GUESSES = {
    "金額": (["▲1,000", "△２，５００", "12"], "integer", 0),
    "税込": (["￥1,080", "1,200円", "▲￥500"], "money", 0),
    "率": (["12.5%", "３%"], "percent", 1),
    "日": (["R8.4.1", "令和8年4月2日(木)", "2026/4/3"], "date", 0),
    "無い日": (["2026/13/45", "2026/4/3"], "text", 0),
    "時刻": (["2026/4/1 9:30", "R8.4.1 10:00"], "date_time", 0),
    "時間": (["1時間30分", "45分"], "duration", 0),
    "検品": (["○", "×", "〃"], "checkbox", 0),
    "済": (["○", ""], "checkbox", 0),
    "code": (["0012", "0013"], "text", 0),
    "card": (["1234567890123456", "1"], "text", 0),
    "mail": (["a@example.co.jp", "Ｂ＠example.jp"], "email", 0),
    "連絡先": (["03-1234-5678", "０９０−１２３４−５６７８"], "phone", 0),
    "電話番号": (["0312345678", "09012345678"], "phone", 0),
    "number": (["0312345678", "0912345678"], "text", 0),
    "〒": (["1000013", "0600000"], "postal_code", 0),
    "id": (["1000013", "2000000"], "integer", 0),
    "郵便": (["100-0013", "〒０６０−００００"], "postal_code", 0),
    "page": (["https://example.jp/a", "http://example.com"], "url", 0),
    "所在地": (["東京都千代田区霞が関1-2-3", "北海道札幌市中央区"], "address", 0),
    "メモ": (["一行\n二行", "x"], "long_text", 0),
    "全角": (["１２３", "４５"], "integer", 0),
    "half": (["1.5", "2.25"], "decimal", 2),
    "〃だけ": (["〃", "々"], "text", 0),
}


@pytest.mark.parametrize("name", GUESSES)
def test_columns_are_guessed_as_people_in_japan_write_them_METI_22(name):
    from app.services.tables.guessing import guess

    texts, kind, scale = GUESSES[name]
    assert guess(texts, name) == (FieldKind(kind), scale)


def test_the_same_as_above_is_filled_in_and_goes_on_after_a_kill(office, imported, monkeypatch):
    from app.services.tables import jobs

    monkeypatch.setattr(jobs, "BATCH", 1)
    data = "担当,品\n佐藤,箱\n〃,棚\n,\n同上,机\n".encode()
    started, _ = imported(data, ditto=True, header=True)
    assert cells(office, started.table) == [
        ["佐藤", "箱"], ["佐藤", "棚"], [None, None], [None, "机"],
    ]  # fmt: skip


def test_all_or_nothing_leaves_no_table_and_tells_why(office, imported):
    from app.services.tables.operations.rejected import ImportErrors, import_errors
    from app.services.tables.operations.tables import ListTables, list_tables

    columns = [ColumnPlan(name="n", kind=FieldKind.INTEGER)]
    started, job = imported(b"n\n1\nx\n", columns=columns, whole=True)
    assert job.result["rows"] == 0
    assert job.numbers == {"rows": 0, "rejected": 1}
    assert list_tables(office.context, ListTables()).tables == []
    asked = ImportErrors(table=started.table, job=started.job)
    body = b"".join(import_errors(office.context, asked).chunks).decode("utf-8-sig")
    assert body.splitlines()[1].split(",")[0] == "3"
    fine, done = imported(b"n\n1\n2\n", columns=columns, whole=True)
    assert done.numbers == {"rows": 2, "rejected": 0}
    assert cells(office, fine.table) == [[1], [2]]


def test_a_cell_of_five_megabytes_is_rejected_alone(office, imported):
    data = "名,値\n".encode() + b"a," + b"x" * 5_000_000 + b"\nb,1\n"
    columns = [ColumnPlan(name="名"), ColumnPlan(name="値")]
    started, job = imported(data, columns=columns)
    assert job.numbers == {"rows": 1, "rejected": 1}
    assert cells(office, started.table) == [["b", "1"]]


def test_a_full_disk_leaves_nothing_of_what_was_unpacked_S8(office):
    from app.core.database_errors import DiskFull
    from app.files.unpacking import unpack
    from tests.small_volume import fill, mounted

    folder = office.appliance.settings.spool
    data = workbook(lambda book: [book.add_worksheet().write_column(0, 0, ["長い文" * 50] * 9_000)])
    try:
        with mounted(folder, 3):
            upload = office.upload(data)
            filler = fill(folder, 100_000)
            with pytest.raises(DiskFull):
                unpack(folder, upload, office.context.actor.account)
            names = {path.name for path in folder.iterdir()} - {filler.name}
            assert names == {upload, f"{upload}.json"}
    except PermissionError:
        pytest.skip("only root may mount a small volume")
