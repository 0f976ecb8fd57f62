"""The worker builds the index of the search by itself, is killed in the middle, and goes on."""

import threading
import time

import pytest
from sqlalchemy import func, select

from app.jobs.models import JobState
from app.operations.context import SYSTEM, Appliance, Context
from app.services.tables.drift import find_drift
from app.services.tables.grams import SIZE
from app.services.tables.operations.records import ListRecords, list_records
from app.services.tables.search_marks import blocks
from tests.integration.app.services.tables.test_real_file import (
    SECONDS,
    kill,
    start_import,
    start_worker,
    wait_for,
)

TOWNS = 2 * SIZE + 9_000


def built(appliance: Appliance, table: int) -> tuple[int, int]:
    """Return how many blocks are built, and how many there are."""
    c = blocks.c
    count = select(func.count().filter(c.built), func.count()).where(c.table_id == table)
    with appliance.database.read() as session:
        done, every = session.connection().execute(count).one()
    return done, every


def wait_until_built(appliance: Appliance, table: int, least: int) -> None:
    deadline, pause = time.monotonic() + SECONDS, threading.Event()
    while built(appliance, table)[0] < least:
        assert time.monotonic() < deadline, built(appliance, table)
        pause.wait(0.02)


def total(appliance: Appliance, table: int, search: str) -> int | None:
    context = Context(appliance, actor=SYSTEM)
    return list_records(context, ListRecords(table=table, search=search, limit=1)).total


@pytest.mark.heavy
def test_a_worker_killed_while_it_builds_the_index_goes_on_and_the_search_is_exact_throughout(
    appliance,
):
    towns = [f"{number},町{number % 977}字,霞が関{number % 31}" for number in range(TOWNS)]
    data = "\r\n".join(["番号,名前,所", *towns, ""]).encode()
    wanted = {text: sum(text in town for town in towns) for text in ("町9", "関", "関30", "976字")}
    started = start_import(appliance, data)
    worker = start_worker(appliance)
    try:
        wait_for(appliance, worker, started.job, lambda view: view.state is JobState.DONE)
        assert {text: total(appliance, started.table, text) for text in wanted} == wanted
        wait_until_built(appliance, started.table, 1)
    finally:
        kill(worker)
    assert built(appliance, started.table)[1] == 3
    assert {text: total(appliance, started.table, text) for text in wanted} == wanted
    worker = start_worker(appliance)
    try:
        wait_until_built(appliance, started.table, 3)
    finally:
        kill(worker)
    assert {text: total(appliance, started.table, text) for text in wanted} == wanted
    assert find_drift(appliance.database) == []
