"""From an upload to a table, through job and operations."""

import csv
import io
from dataclasses import replace

import msgspec
import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from app.core.errors import InvalidInput, NotFound
from app.files.csv_reading import Record
from app.files.errors import NotCsv, UploadGone
from app.jobs.lease import Lease, jobs
from app.jobs.models import JobState
from app.jobs.operations import CancelJob, cancel_job
from app.jobs.queue import claim
from app.operations.context import SYSTEM, Actor, Context, Plane
from app.operations.errors import NotAllowed
from app.services.tables import catalogue
from app.services.tables import jobs as import_jobs
from app.services.tables.drift import find_drift
from app.services.tables.errors import ColumnsDoNotFit
from app.services.tables.models import FieldKind
from app.services.tables.operations.exporting import ExportRecords, export_records
from app.services.tables.operations.import_steps import (
    AbandonImport,
    Checkpoint,
    ImportBatch,
    abandon_import,
    import_batch,
)
from app.services.tables.operations.importing import (
    ImportFile,
    PreviewImport,
    import_file,
    preview_import,
)
from app.services.tables.operations.records import (
    CreateRecord,
    ListRecords,
    create_record,
    list_records,
)
from app.services.tables.operations.rejected import ImportErrors, import_errors
from app.services.tables.operations.tables import ListTables, list_tables
from app.services.tables.preview import ColumnPlan


def rows_of(office, table):
    return [
        record.cells
        for record in list_records(office.context, ListRecords(table=table, limit=500)).records
    ]


def rejected(office, table):
    body = b"".join(import_errors(office.context, ImportErrors(table=table)).chunks)
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))[1:]


def test_a_file_becomes_a_table_F14_METI_22(office, imported):
    started, job = imported('名前,数\r\n霞が関,1\r\n"二\r\n行",2\r\n'.encode())
    assert (job.state, job.result) == (
        JobState.DONE,
        {"table": started.table, "rows": 2, "rejected": 0},
    )
    assert (job.done, job.total, job.numbers) == (job.total, job.total, {"rows": 2, "rejected": 0})
    assert rows_of(office, started.table) == [["霞が関", 1], ["二\r\n行", 2]]
    assert list(office.appliance.settings.spool.iterdir()) == []
    made = create_record(office.context, CreateRecord(table=started.table, values={}))
    assert made.id == 3
    assert find_drift(office.appliance.database) == []


def test_a_file_in_cp932_is_read_whole(office, imported):
    started, _ = imported("名称,ｶﾅ\n①㈱髙﨑,ｶﾞｽ\n".encode("cp932"))
    assert rows_of(office, started.table) == [["①㈱髙﨑", "ｶﾞｽ"]]
    found = list_records(office.context, ListRecords(table=started.table, search="がす"))
    assert found.total == 1


def test_rows_that_do_not_fit_are_reported_not_lost_METI_38(office, imported):
    data = b'n,x\n1,a\nmany,=b\n2\n3,\xff\n4,d\x00\n"5,e\n6,f\n'
    columns = [ColumnPlan(name="n", kind=FieldKind.INTEGER), ColumnPlan(name="x")]
    started, job = imported(data, columns=columns, encoding="utf-8")
    assert job.numbers == {"rows": 2, "rejected": 5}
    assert rows_of(office, started.table) == [[1, "a"], [6, "f"]]
    bad = rejected(office, started.table)
    assert [(row[0], row[2], row[3], row[4:]) for row in bad] == [
        ("3", "n", "many", ["many", "'=b"]),
        ("4", "", "", ["2"]),
        ("5", "", "", ["3", "\\xff"]),
        ("6", "x", "d\u2400", ["4", "d\0"]),
        ("7", "", "", ['"5,e']),
    ]
    assert all(row[1] for row in bad)


def test_a_header_alone_makes_an_empty_table(office, imported):
    started, job = imported(b"name,size\r\n")
    assert job.result == {"table": started.table, "rows": 0, "rejected": 0}
    assert rows_of(office, started.table) == []


def test_an_empty_file_makes_no_table(office):
    with pytest.raises(NotCsv):
        office.start_import(b"")
    assert list_tables(office.context, ListTables()).tables == []
    assert find_drift(office.appliance.database) == []


def test_five_hundred_columns_with_the_same_name_fit(office, imported):
    data = b",".join([b"c"] * 500) + b"\n" + b",".join(b"%d" % n for n in range(500)) + b"\n"
    started, job = imported(data)
    assert job.numbers == {"rows": 1, "rejected": 0}
    assert rows_of(office, started.table) == [list(range(500))]


def test_a_row_that_no_page_of_the_database_holds_is_rejected_alone(office, imported):
    wide = ",".join(["value of 20 letters."] * 500)
    data = ",".join(f"c{n}" for n in range(500)) + f"\n{'x,' * 499}x\n{wide}\n{'y,' * 499}y\n"
    started, job = imported(data.encode())
    if office.appliance.database.is_sqlite:
        assert job.numbers == {"rows": 3, "rejected": 0}
    else:
        assert job.numbers == {"rows": 2, "rejected": 1}
        assert rejected(office, started.table)[0][4:] == wide.split(",")
    first = [row[0] for row in rows_of(office, started.table)]
    assert (first[0], first[-1]) == ("x", "y")


def test_poison_in_a_file_stays_text_V3(office, imported):
    poison = "'; DROP TABLE u1; --"
    started, _ = imported(f'"{poison}","x\\"\n"{poison}",\\N\n'.encode(), header=True)
    assert rows_of(office, started.table) == [[poison, "\\N"]]
    download = export_records(office.context, ExportRecords(table=started.table, neutralise=False))
    body = b"".join(download.chunks).decode("utf-8-sig")
    assert body == f"{poison},x\\\r\n{poison},\\N\r\n"


def test_what_is_exported_can_be_imported_again_METI_8(office, imported):
    data = '\ufeff名,額,日\r\na,1.5,2026-01-02\r\n"b,""",,\r\n'.encode()
    started, _ = imported(data)
    body = b"".join(export_records(office.context, ExportRecords(table=started.table)).chunks)
    assert body == data


def test_a_preview_can_be_corrected_before_the_import(office):
    upload = office.upload("電話,額\n0120,1\n".encode())
    seen = preview_import(office.context, PreviewImport(upload=upload))
    assert [plan.kind.value for plan in seen.columns] == ["text", "integer"]
    for wrong in (seen.columns[:1], [seen.columns[0]] * 2):
        with pytest.raises((ColumnsDoNotFit, InvalidInput)):
            import_file(office.context, ImportFile(upload=upload, name="x", columns=wrong))
    started = import_file(
        office.context,
        ImportFile(upload=upload, name="x", columns=[ColumnPlan(name="t"), ColumnPlan(name="k")]),
    )
    office.worker().work_once()
    assert rows_of(office, started.table) == [["0120", "1"]]


def test_importing_needs_both_rights_and_ones_own_upload_F4(office):
    upload = office.upload(b"a\n1\n")
    for grants in ([("records.import", "tables")], [("tables.design", "tables")]):
        with pytest.raises(NotAllowed):
            office_context = office.as_person("a1", *grants)
            import_file(office_context, ImportFile(upload=upload, name="x"))
    stranger = office.as_person("b1", ("records.import", "tables"), ("tables.design", "tables"))
    with pytest.raises(UploadGone):
        import_file(stranger, ImportFile(upload=upload, name="x"))
    with pytest.raises(UploadGone):
        preview_import(stranger, PreviewImport(upload=upload))


def test_a_cancelled_import_leaves_nothing(office, monkeypatch):
    monkeypatch.setattr(import_jobs, "BATCH", 1)
    started = office.start_import(b"a,b\n1,2\n3\n4,5\n")
    worker = office.worker()
    with office.appliance.database.read() as session:
        assert catalogue.find_table(session, started.table).name == "Import"
    cancel_job(office.context, CancelJob(job=started.job))
    worker.work_once()
    assert office.job(started.job).state is JobState.CANCELLED
    with office.appliance.database.read() as session, pytest.raises(NotFound):
        catalogue.find_table(session, started.table)
    assert find_drift(office.appliance.database) == []
    assert list(office.appliance.settings.spool.iterdir()) == []


def test_long_records_make_small_batches_that_no_disk_chokes_on_S8(office, monkeypatch):
    monkeypatch.setattr(import_jobs, "BATCH_BYTES", 10)
    began = []
    real = import_jobs.import_batch
    monkeypatch.setattr(
        import_jobs, "import_batch", lambda *a: (began.append(len(a[1].rows)), real(*a))[1]
    )
    started = office.start_import(b"a\n1234\n1234\n123456789012\n1\n")
    office.worker().work_once()
    assert office.job(started.job).state is JobState.DONE
    assert began == [2, 1, 1]


def test_an_upload_that_vanished_fails_the_import_and_cleans_up(office):
    started = office.start_import(b"a\n1\n")
    for path in office.appliance.settings.spool.iterdir():
        path.unlink()
    office.worker().work_once()
    assert office.job(started.job).error == UploadGone.code
    assert find_drift(office.appliance.database) == []


def test_losing_the_right_to_import_stops_the_import_F4(office):
    started = office.start_import(b"a\n1\n")
    office.actors["a1"] = Actor("a1", "Aoi")
    office.worker().work_once()
    assert office.job(started.job).error == NotAllowed.code
    assert list_tables(office.context, ListTables()).tables == []


def test_cleaning_up_twice_or_too_late_harms_nobody(office, imported):
    started, _ = imported(b"a\n1\n")
    system = Context(office.appliance, actor=SYSTEM)
    lease = Lease(started.job, "x")
    abandon_import(system, AbandonImport(lease=lease, table=started.table))
    assert rows_of(office, started.table) == [[1]]
    abandon_import(system, AbandonImport(lease=lease, table=999))


def test_a_worker_killed_after_the_end_only_reports(office, imported):
    started, _ = imported(b"a\n1\n")
    with office.appliance.database.write() as session:
        session.connection().execute(
            update(jobs).where(jobs.c.id == started.job).values(state="queued")
        )
    office.worker().work_once()
    assert office.job(started.job).result == {"table": started.table, "rows": 1, "rejected": 0}
    assert rows_of(office, started.table) == [[1]]


def test_a_batch_that_was_written_is_never_written_again(office, monkeypatch):
    """The same batch twice: the numbers of its rows are taken, so nothing of it counts."""
    started = office.start_import(b"a\n1\n")
    lease = claim(office.appliance.database, "test").lease
    batch = ImportBatch(
        lease=lease, table=started.table, rows=[("s", 1)], records=[Record(2, ["1"])],
        rejections=[], before=Checkpoint(), offset=4, record=2,
    )  # fmt: skip
    context = replace(office.context, plane=Plane.LOCAL)
    assert import_batch(context, batch).rows == 1
    with pytest.raises(IntegrityError):
        import_batch(context, batch)
    with office.appliance.database.read() as session:
        count = session.connection().execute(text(f"SELECT count(*) FROM u{started.table}"))
        assert count.scalar_one() == 1


def test_the_batches_roots_stand_in_the_history(office, imported, monkeypatch):
    monkeypatch.setattr(import_jobs, "BATCH", 2)
    _started, _ = imported(b"a\n1\n2\n3\n")
    with office.appliance.database.read() as session:
        connection = session.connection()
        changes = connection.execute(
            text("SELECT first, last, rows, root FROM tables_change ORDER BY first")
        ).all()
        told = [
            msgspec.json.decode(content)
            for (content,) in connection.execute(
                text("SELECT content FROM audit_outbox ORDER BY id")
            )
        ]
    assert [tuple(change[:3]) for change in changes] == [(1, 2, 2), (3, 3, 1)]
    batches = [event for event in told if event["verb"] == "tables.import_batch"]
    assert [event["references"]["root"] for event in batches] == [change[3] for change in changes]
    assert all(event["actor"] == "a1" for event in batches)
    assert [event["verb"] for event in told] == [
        "tables.import_file", "jobs.start", "tables.import_batch", "tables.import_batch",
        "tables.finish_import", "jobs.finish",
    ]  # fmt: skip
