"""The real file as CP932 and as a workbook; rows for a table that is there, workers killed."""

import csv
import io
import lzma
import sqlite3
import time

import pytest

import app.services.tables.jobs  # noqa: F401 - registers the handlers
from app.files import spool
from app.jobs.models import JobState
from app.jobs.operations import CancelJob, GetJob, cancel_job, get_job
from app.jobs.view import JobView
from app.operations.context import SYSTEM, Appliance, Context
from app.services.tables.merging import How, Mode
from app.services.tables.operations.export_jobs import FetchExport, fetch_export, start_export
from app.services.tables.operations.exporting import ExportRecords
from app.services.tables.operations.importing import ImportFile, import_file
from app.services.tables.operations.merging import StartMerge, import_into
from app.services.tables.operations.records import ListRecords, list_records
from app.services.tables.operations.tables import CreateTable, create_table
from app.services.tables.preview import ColumnPlan
from tests.integration.app.services.tables.test_real_file import (
    REAL,
    TOWNS,
    kill,
    start_worker,
    wait_for,
)


def local(appliance: Appliance) -> Context:
    return Context(appliance, actor=SYSTEM)


def upload(appliance: Appliance, data: bytes, name: str = "file.csv") -> str:
    with spool.receive(appliance.settings.spool, SYSTEM.account, name) as incoming:
        incoming.write(data)
        return incoming.finish().id


def finished(appliance: Appliance, job: str) -> tuple[JobView, float]:
    """Let a worker do the job; return it with the seconds that it took."""
    worker = start_worker(appliance)
    try:
        view = wait_for(appliance, worker, job, lambda view: view.finished_at > 0)
    finally:
        kill(worker)
    assert view.state is JobState.DONE, view
    return view, (view.finished_at - view.started_at) / 1000


def numbered(towns: int, mark: str) -> bytes:
    rows = "".join(f"{number},{mark}{number}\r\n" for number in range(towns))
    return ("番号,名前\r\n" + rows).encode()


@pytest.fixture
def table(appliance: Appliance):
    plans = [ColumnPlan(name="番号"), ColumnPlan(name="名前")]
    made = create_table(local(appliance), CreateTable(name="町", columns=plans))
    how = How(fields=(made.fields[0].id, made.fields[1].id))
    wanted = StartMerge(table=made.id, upload=upload(appliance, numbered(6_000, "前")), how=how)
    finished(appliance, import_into(local(appliance), wanted).job)
    return made


def start(appliance: Appliance, table, data: bytes) -> str:
    first, second = (one.id for one in table.fields)
    how = How(fields=(first, second), key=first, mode=Mode.BOTH)
    wanted = StartMerge(table=table.id, upload=upload(appliance, data), how=how)
    return import_into(local(appliance), wanted).job


def count(appliance: Appliance, table, text: str) -> int:
    asked = ListRecords(table=table.id, search=text, limit=1)
    return list_records(local(appliance), asked).total or 0


@pytest.mark.heavy
@pytest.mark.parametrize("ends", ["goes on", "is cancelled"])
def test_a_worker_killed_while_rows_meet_records_leaves_nothing_half_done(
    appliance: Appliance, table, ends: str
) -> None:
    job = start(appliance, table, numbered(12_000, "後"))
    worker = start_worker(appliance)
    try:
        wait_for(appliance, worker, job, lambda view: view.numbers.get("changed", 0) > 0)
    finally:
        kill(worker)
    stood = get_job(local(appliance), GetJob(job=job)).numbers
    assert 0 < stood["changed"] + stood["added"] <= 12_000
    if ends == "is cancelled":
        cancel_job(local(appliance), CancelJob(job=job))
    worker = start_worker(appliance)
    try:
        done = wait_for(appliance, worker, job, lambda view: view.finished_at > 0)
    finally:
        kill(worker)
    if ends == "is cancelled" and done.state is JobState.CANCELLED:
        assert (count(appliance, table, "前"), count(appliance, table, "後")) == (6_000, 0)
    else:
        assert done.numbers == {"added": 6_000, "changed": 6_000, "same": 0, "rejected": 0}
        assert (count(appliance, table, "前"), count(appliance, table, "後")) == (0, 12_000)


def bare(rows: list[list[str]], path: str) -> float:
    """Return the seconds that the same rows take into a table of sqlite3 alone."""
    began = time.monotonic()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c, d, e, f)")
        database.executemany("INSERT INTO t (a, b, c, d, e, f) VALUES (?, ?, ?, ?, ?, ?)", rows)
    database.close()
    return time.monotonic() - began


@pytest.mark.slow
def test_the_whole_of_japan_comes_as_cp932_and_goes_and_comes_as_a_workbook_F14_METI_8(
    appliance: Appliance, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not REAL.exists():
        pytest.skip(f"the real file is not there: {REAL.name}")
    text = lzma.decompress(REAL.read_bytes()).decode()
    rows = list(csv.reader(io.StringIO(text)))[1:]
    told = {"sqlite3 executemany": bare(rows, str(tmp_path / "bare.db"))}
    tables = {}
    for name, data in {
        "UTF-8": text.encode(),
        "CP932": text.encode("cp932", "xmlcharrefreplace"),
    }.items():
        wanted = ImportFile(upload=upload(appliance, data), name=name)
        started = import_file(local(appliance), wanted)
        view, told[name] = finished(appliance, started.job)
        assert view.numbers == {"rows": TOWNS, "rejected": 0}
        tables[name] = started.table
    table = tables["CP932"]
    asked = ExportRecords(table=table, format="xlsx")
    job = start_export(local(appliance), asked).job
    _, told["to .xlsx"] = finished(appliance, job)
    body = b"".join(fetch_export(local(appliance), FetchExport(table=table, job=job)).chunks)
    began = time.monotonic()
    again = ImportFile(upload=upload(appliance, body, "全国.xlsx"), name="again")
    started = import_file(local(appliance), again)
    told["looking at .xlsx"] = time.monotonic() - began
    view, told["from .xlsx"] = finished(appliance, started.job)
    assert view.numbers == {"rows": TOWNS, "rejected": 0}
    for search, number in (("霞が関", 3), ("北海道", None)):
        found = [
            list_records(local(appliance), ListRecords(table=one, search=search, limit=1)).total
            for one in (tables["UTF-8"], table, started.table)
        ]
        assert found[0] == found[1] == found[2]
        assert number in (None, found[0])
    with capsys.disabled():
        print({name: round(seconds, 2) for name, seconds in told.items()})  # noqa: T201
