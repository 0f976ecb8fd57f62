"""Handing records out: typed cells, what an encoding lacks, and files made in the background."""

import io
import json

import pytest
from python_calamine import CalamineWorkbook

from app.core import clock
from app.files import spool, xlsx_writing
from app.jobs.models import JobState
from app.jobs.operations import CancelJob, cancel_job
from app.operations.errors import NotAllowed
from app.services.tables import export_job
from app.services.tables.errors import NothingToFetch
from app.services.tables.fields import Option, Settings
from app.services.tables.models import FieldKind
from app.services.tables.operations.export_jobs import FetchExport, fetch_export, start_export
from app.services.tables.operations.exporting import ExportRecords, check_export, export_records
from app.services.tables.preview import ColumnPlan

KINDS = (
    ColumnPlan(name="=名"),
    ColumnPlan(name="数", kind=FieldKind.INTEGER),
    ColumnPlan(name="額", kind=FieldKind.MONEY),
    ColumnPlan(name="率", kind=FieldKind.PERCENT, scale=1),
    ColumnPlan(name="日", kind=FieldKind.DATE),
    ColumnPlan(name="時", kind=FieldKind.DATE_TIME),
    ColumnPlan(name="間", kind=FieldKind.DURATION),
    ColumnPlan(name="済", kind=FieldKind.CHECKBOX),
    ColumnPlan(
        name="札",
        kind=FieldKind.SELECT,
        settings=Settings(options=(Option(id=0, name="見積😀"),)),
    ),
)
ROW = ["=cmd|' /C calc'!A0", 123456789012345678, 1200, "12.5", "R8.4.1", "2026-04-01 14:30",
       "30:15", True, "見積😀"]  # fmt: skip


@pytest.fixture
def table(office):
    made = office.table("表[1]", *KINDS)
    office.fill(made, [ROW, ["〜－∥￢髙㈱\x0b_x0041_", 5, None, None, "1850-01-01", None, "-1:00",
                             False, None]])  # fmt: skip
    return made


def exported(office, table, **chosen) -> bytes:
    return b"".join(export_records(office.context, ExportRecords(table=table.id, **chosen)).chunks)


def cells(data: bytes):
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()


def test_a_workbook_has_typed_cells_and_texts_are_never_formulas_METI_38(office, table):
    data = exported(office, table, format="xlsx")
    title, first, second = cells(data)
    assert title[0] == "=名"
    assert first[:4] == ["=cmd|' /C calc'!A0", "123456789012345678", 1200.0, 0.125]
    assert [str(one) for one in first[4:7]] == [
        "2026-04-01", "2026-04-01 14:30:00", "1 day, 6:15:00",
    ]  # fmt: skip
    assert first[7:] == [True, "見積😀"]
    assert second[0] == "〜－∥￢髙㈱\x0b_x0041_"
    assert second[1:] == [5.0, "", "", "1850-01-01", "", "-1:00", False, ""]
    assert b"<f>" not in data


def test_json_lines_hold_what_the_api_gives(office, table):
    lines = exported(office, table, format="jsonl").decode().splitlines()
    assert json.loads(lines[0]) == {
        "=名": "=cmd|' /C calc'!A0", "数": 123456789012345678, "額": "1200", "率": "12.5",
        "日": "2026-04-01", "時": "2026-04-01T05:30:00Z", "間": 108900, "済": True,
        "札": "見積😀",
    }  # fmt: skip


def test_what_cp932_lacks_is_listed_before_and_never_becomes_a_question_mark(office, table):
    asked = ExportRecords(table=table.id, encoding="cp932")
    seen = check_export(office.context, asked)
    assert [(one.character, one.code, one.count) for one in seen.characters] == [
        ("😀", "U+1F600", 1),
    ]  # fmt: skip
    assert (seen.rows, seen.lacking) == (2, 1)
    data = exported(office, table, encoding="cp932")
    assert b"?" not in data
    assert "〜－∥￢髙㈱".replace("〜", "～") in data.decode("cp932")
    assert check_export(office.context, ExportRecords(table=table.id)).lacking == 0


def test_signs_that_windows_writes_in_another_way_survive_both_ways(office, imported):
    text = "～－∥￢①㈱髙"
    started, _ = imported(f"名\n{text}\n".encode("cp932"))
    asked = ExportRecords(table=started.table, encoding="cp932")
    back = b"".join(export_records(office.context, asked).chunks)
    assert back.decode("cp932").splitlines()[1] == text
    plain = b"".join(export_records(office.context, ExportRecords(table=started.table)).chunks)
    assert plain.decode("utf-8-sig").splitlines()[1] == text


def test_texts_too_long_for_excel_are_counted_before_and_end_there(office):
    made = office.table("長", ColumnPlan(name="文"))
    office.fill(made, [["x" * 40_000]])
    asked = ExportRecords(table=made.id, format="xlsx")
    assert check_export(office.context, asked).too_long == 1
    assert len(cells(exported(office, made, format="xlsx"))[1][0]) == xlsx_writing.LONGEST_TEXT


def test_more_rows_than_a_sheet_holds_go_on_in_another(monkeypatch):
    monkeypatch.setattr(xlsx_writing, "MOST_ROWS", 4)
    chunks = xlsx_writing.xlsx_chunks("表", ["n"], [[[str(n)] for n in range(7)]])
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(chunks)))
    rows = [book.get_sheet_by_index(n).to_python() for n in range(len(book.sheet_names))]
    assert [len(one) for one in rows] == [4, 4, 2]
    assert [one[0] for sheet in rows for one in sheet if one[0] != "n"] == list("0123456")


def start(office, table, **chosen):
    return start_export(office.context, ExportRecords(table=table.id, **chosen)).job


def test_a_file_made_in_the_background_is_fetched_by_who_asked_and_only_for_a_time_F4(
    office, table, monkeypatch
):
    job = start(office, table, format="xlsx", search="cmd")
    assert office.worker().work_once()
    view = office.job(job)
    assert (view.state, view.numbers) == (JobState.DONE, {"rows": 1})
    asked = FetchExport(table=table.id, job=job)
    download = fetch_export(office.context, asked)
    assert download.filename == "表[1].xlsx"
    assert len(cells(b"".join(download.chunks))) == 2
    stranger = office.as_person("b1", ("records.export", "tables"))
    with pytest.raises(NothingToFetch):
        fetch_export(stranger, asked)
    with pytest.raises(NotAllowed):
        fetch_export(office.as_person("c1"), asked)
    other = office.table("他", ColumnPlan(name="a"))
    for wrong in (FetchExport(table=other.id, job=job), FetchExport(table=table.id, job="x")):
        with pytest.raises(NothingToFetch):
            fetch_export(office.context, wrong)
    later = clock.now() + spool.KEPT + 1
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(NothingToFetch):
        fetch_export(office.context, asked)


def test_a_cancelled_export_leaves_no_file(office, table, monkeypatch):
    job = start(office, table)
    real = export_job.parts_of

    def then_cancel(*given):
        for part in real(*given):
            cancel_job(office.context, CancelJob(job=job))
            yield part

    monkeypatch.setattr(export_job, "parts_of", then_cancel)
    office.worker().work_once()
    assert office.job(job).state is JobState.CANCELLED
    assert list(office.appliance.settings.spool.iterdir()) == []


def test_losing_the_right_to_export_ends_the_job_F4(office, table):
    job = start(office, table)
    office.as_person("a1", ("records.view", "tables"))
    office.worker().work_once()
    assert office.job(job).error == NotAllowed.code
    with pytest.raises(NotAllowed):
        start_export(office.as_person("b1"), ExportRecords(table=table.id))
