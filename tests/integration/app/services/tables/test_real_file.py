"""The real file, whole: 277,676 towns of Japan; and workers killed in the middle of a file."""

import csv
import io
import lzma
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import app.services.tables.jobs  # noqa: F401 - registers the handler
from app.files import spool
from app.jobs.models import JobState
from app.jobs.operations import GetJob, get_job
from app.jobs.view import JobView
from app.operations.context import SYSTEM, Appliance, Context
from app.services.tables.counting import Count
from app.services.tables.operations.exporting import ExportRecords, export_records
from app.services.tables.operations.importing import ImportFile, ImportStarted, import_file
from app.services.tables.operations.records import ListRecords, list_records
from app.services.tables.selection import Sort

REAL = Path(__file__).parents[6] / "shared" / "data" / "japanese-addresses.csv.xz"
TOWNS = 277_676
SECONDS = 240


def start_worker(appliance: Appliance) -> subprocess.Popen[bytes]:
    environ = {**os.environ, **appliance.settings.environment()}
    return subprocess.Popen([sys.executable, "-m", "app.jobs"], env=environ)


def kill(worker: subprocess.Popen[bytes]) -> None:
    if worker.poll() is None:
        worker.send_signal(signal.SIGKILL)
        worker.wait(30)


def wait_for(appliance: Appliance, worker: subprocess.Popen[bytes], job: str, holds) -> JobView:
    deadline, pause = time.monotonic() + SECONDS, threading.Event()
    context = Context(appliance, actor=SYSTEM)
    while not holds(seen := get_job(context, GetJob(job=job))):
        assert time.monotonic() < deadline, seen
        assert worker.poll() is None, "the worker ended by itself"
        pause.wait(0.02)  # the worker needs the processor more
    return seen


def start_import(appliance: Appliance, data: bytes) -> ImportStarted:
    context = Context(appliance, actor=SYSTEM)
    with spool.receive(appliance.settings.spool, SYSTEM.account, "file.csv") as incoming:
        incoming.write(data)
        upload = incoming.finish()
    return import_file(context, ImportFile(upload=upload.id, name="住所"))


def whole_table(appliance: Appliance, table: int) -> bytes:
    context = Context(appliance, actor=SYSTEM)
    return b"".join(export_records(context, ExportRecords(table=table)).chunks)


@pytest.mark.parametrize(
    ("towns", "kills"), [(25_000, 2), pytest.param(60_000, 3, marks=pytest.mark.slow)]
)
@pytest.mark.heavy
def test_a_worker_killed_in_the_middle_of_an_import_loses_nothing_and_doubles_nothing(
    appliance, towns: int, kills: int
):
    """kill -9, each time after some progress; every row is there once, in order."""
    rows = "".join(f"{number},町{number},{number * 7 % 1000}\r\n" for number in range(towns))
    data = b"\xef\xbb\xbf" + ("番号,名前,値\r\n" + rows).encode()
    started = start_import(appliance, data)
    seen = 0
    for _ in range(kills):
        worker = start_worker(appliance)
        try:
            view = wait_for(
                appliance, worker, started.job, lambda view, before=seen: view.done > before
            )
        finally:
            kill(worker)
        seen = get_job(Context(appliance, actor=SYSTEM), GetJob(job=started.job)).done
        assert view.state is JobState.RUNNING or seen == len(data)
    worker = start_worker(appliance)
    try:
        done = wait_for(appliance, worker, started.job, lambda view: view.state is JobState.DONE)
    finally:
        worker.terminate()
        assert worker.wait(30) == 0
    assert done.numbers == {"rows": towns, "rejected": 0}
    assert whole_table(appliance, started.table) == data


@pytest.mark.slow  # the browsers' main job does the same with every commit, by the pages
def test_the_whole_of_japan_is_imported_searched_and_exported_F14_METI_8(appliance):
    if not REAL.exists():
        pytest.skip(f"the real file is not there: {REAL.name}")
    data = lzma.decompress(REAL.read_bytes())
    started = start_import(appliance, data)
    worker = start_worker(appliance)
    try:
        done = wait_for(appliance, worker, started.job, lambda view: view.finished_at > 0)
    finally:
        kill(worker)
    assert (done.state, done.numbers) == (JobState.DONE, {"rows": TOWNS, "rejected": 0})
    context = Context(appliance, actor=SYSTEM)
    ask = ListRecords(table=started.table, search="霞が関")
    began = time.monotonic()
    found = list_records(context, ask)
    assert time.monotonic() - began < 3  # 0.2 s on a quiet machine
    expected = [row for row in csv.reader(io.StringIO(data.decode())) if "霞が関" in "".join(row)]
    assert found.total == len(expected) == 3
    assert [record.cells for record in found.records] == [
        [cell or None for cell in row] for row in expected
    ]
    exported = export_records(context, ExportRecords(table=started.table, search="霞が関"))
    lines = b"".join(exported.chunks).decode("utf-8-sig").splitlines()[1:]
    assert [line.split(",") for line in lines] == expected
    latitude = found.table.fields[4].id
    north = list_records(
        context,
        ListRecords(
            table=started.table,
            sorts=(Sort(field=latitude, descending=True),),
            limit=1,
            count=Count.EXACT,
        ),
    )
    assert north.total == TOWNS
    assert north.records[0].cells[0] == "北海道"
    assert whole_table(appliance, started.table) == b"\xef\xbb\xbf" + data
