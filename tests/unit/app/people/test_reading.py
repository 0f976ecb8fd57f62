"""Files that hold a list, and files that do not (METI-22)."""

import io
import zipfile

import pytest

from app.files import packed as packed_parts
from app.files import workbooks
from app.files.errors import (
    NotCsv,
    ProtectedWorkbook,
    UnreadableWorkbook,
    WorkbookTooLarge,
)
from app.people import reading
from app.people.errors import ListTooLong, NoList
from app.people.reading import OTHER_WIDTH, read_sheet
from tests.personnel import HEADINGS, as_csv, as_workbook, rows


def read(data, name="list"):
    return read_sheet(io.BytesIO(data), name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_a_csv_list_is_read_in_every_encoding_of_an_office(encoding):
    sheet = read(as_csv(list(rows(3)), encoding))
    assert (sheet.headings, len(sheet.rows), sheet.rows[0].number) == (list(HEADINGS), 3, 2)


def test_a_row_that_was_cut_off_or_has_a_comma_too_many_says_nothing_METI_22():
    """An empty cell would take mail and leaving date away, and a shifted one the department."""
    whole, comma, cut = as_csv(list(rows(3))).decode().splitlines()[1:]
    lines = [",".join(HEADINGS), whole + ",,", comma.replace(" ", ",", 1), cut[:30]]
    sheet = read("\n".join(lines).encode())
    assert [record.reason for record in sheet.rows] == ["", OTHER_WIDTH, OTHER_WIDTH]


def test_a_workbook_is_read_below_its_title_with_the_rows_that_excel_shows():
    sheet = read(as_workbook(list(rows(3)), "令和8年度 社員名簿"))
    assert (sheet.headings, sheet.encoding) == (list(HEADINGS), "")
    assert [record.number for record in sheet.rows] == [4, 5, 6]


def test_numbers_and_dates_of_a_workbook_are_texts_as_people_read_them():
    import datetime as dt

    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["社員番号", "氏名", "退職日"])
        date = workbook.add_format({"num_format": "yyyy/mm/dd"})
        sheet.write_number(1, 0, 1001)
        sheet.write_string(1, 1, "山田")
        sheet.write_datetime(1, 2, dt.date(2027, 3, 31), date)
    assert read(buffer.getvalue()).rows[0].cells == ["1001", "山田", "2027-03-31"]


def test_what_is_empty_or_no_list_is_refused():
    for data in (b"", b"\n\n", b",,,\n"):
        with pytest.raises((NotCsv, NoList)):
            read(data)
    with pytest.raises(NotCsv):
        read(b"%PDF-1.7\n%...")


def test_a_workbook_with_a_password_is_told_apart_from_a_damaged_one():
    encrypted = workbooks.COMPOUND + b"\0" * 600 + workbooks.ENCRYPTED + b"\0" * 600
    with pytest.raises(ProtectedWorkbook):
        read(encrypted)
    whole = as_workbook(list(rows(3)))
    for damaged in (whole[:200], workbooks.COMPOUND + b"\0" * 2000, workbooks.PACKED + b"rest"):
        with pytest.raises(UnreadableWorkbook):
            read(damaged)


def test_a_workbook_that_unpacks_to_gigabytes_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(packed_parts, "LARGEST", 1024 * 1024)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 2_000_000)
    with pytest.raises(WorkbookTooLarge):
        read(buffer.getvalue())


def test_a_list_beyond_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr(reading, "MOST_ROWS", 3)
    for data in (as_csv(list(rows(4))), as_csv(list(rows(20))), as_workbook(list(rows(4)))):
        with pytest.raises(ListTooLong):
            read(data)
