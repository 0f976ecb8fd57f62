"""A personnel list applied, each change audited; and the page of people as the company grows."""

import statistics
import time
from pathlib import Path
from typing import Final

from app.core import data_folder
from app.core.database import Database
from app.core.keyring import KeyRing
from app.core.settings import load_settings
from app.files import spool
from app.identity.operations.account_views import AccountFilter, list_accounts
from app.jobs.operations import GetJob, get_job
from app.jobs.worker import Worker
from app.migrations.migrate import migrate
from app.operations.context import SYSTEM, Appliance, Context
from app.people import jobs  # noqa: F401 - registers the handler
from app.people.operations.importing import ImportList, import_list
from bench.parts.report import Report
from tests.personnel import as_csv, rows

SECONDS: Final = {500: 10.0, 10_000: 120.0}
"""People → how long their list may take."""
LOOKS: Final = 50
PAGE_GOAL: Final = 1 / 1.5


def measure(report: Report, folder: Path, many: int) -> None:
    """Apply 500 people and `many`, move them all, and look at the page at 100 and at `many`."""
    few = _company(folder / "few", 100)
    for people in (500, many):
        context = _company(folder / f"with-{people}", 0)
        goal = SECONDS[10_000] * people / 10_000 if people not in SECONDS else SECONDS[people]
        table = list(rows(people))
        for name, listed, kind in (("apply", table, "new"), ("move", _moved(table), "moved")):
            seconds = _apply(context, listed, kind)
            report.note(f"{name} {people}: {seconds:.1f} s, allowed {goal:.0f} s")
            report.figure(f"{name}-{people}", goal / seconds, 1.0)
    of_few, of_many = _look(few, context)
    report.note(f"page of people: {of_few * 1000:.2f} ms at 100, {of_many * 1000:.2f} ms at {many}")
    report.figure("people-page", of_few / of_many, PAGE_GOAL)


def _company(folder: Path, people: int) -> Context:
    settings = load_settings({"TENSHU_DATA": str(folder / "data")})
    data_folder.make_folders(settings)
    database = Database(settings.database_url)
    migrate(database)
    context = Context(Appliance(settings, database, KeyRing.create(settings.keys)), actor=SYSTEM)
    if people:
        _apply(context, list(rows(people)), "new")
    return context


def _moved(table: list[list[str]]) -> list[list[str]]:
    """Return the same people, each in the department of the next one and with another role."""
    return [
        [*one[:3], *following[3:5], *one[5:8], "viewer"]
        for one, following in zip(table, [*table[1:], table[0]], strict=True)
    ]


def _apply(context: Context, table: list[list[str]], kind: str) -> float:
    """Apply a list as a worker does; return the seconds from upload to end.

    `kind` is what must have happened to everybody.
    """
    appliance = context.appliance
    data = as_csv(table, "cp932")
    with spool.receive(appliance.settings.spool, context.actor.account, "list.csv") as incoming:
        incoming.write(data)
        upload = incoming.finish().id
    begun = time.perf_counter()
    job = import_list(context, ImportList(upload=upload)).job
    Worker(appliance, lambda _session, _account: SYSTEM).work_once()
    seconds = time.perf_counter() - begun
    found = get_job(context, GetJob(job=job))
    if found.result is None or found.result["counts"] != {kind: len(table)}:
        msg = f"the list was not applied: {found}"
        raise RuntimeError(msg)
    return seconds


def _look(*companies: Context) -> list[float]:
    """Return how long the page's list takes in each company: the middle of many looks, in turn."""
    taken: list[list[float]] = [[] for _ in companies]
    for _ in range(LOOKS):
        for context, times in zip(companies, taken, strict=True):
            begun = time.perf_counter()
            list_accounts(context, AccountFilter())
            times.append(time.perf_counter() - begun)
    return [statistics.median(times) for times in taken]
