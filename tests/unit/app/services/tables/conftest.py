"""Tables, people and imports for the tests of the table engine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

import app.services.tables.jobs  # noqa: F401 - registers the handler
from app.files import spool
from app.jobs.operations import GetJob, get_job
from app.jobs.view import JobView
from app.jobs.worker import Worker
from app.operations.context import SYSTEM, Actor, Appliance, Context, Plane
from app.operations.permissions import Rights
from app.services.tables.operations.importing import ImportFile, ImportStarted, import_file
from app.services.tables.operations.records import CreateRecord, create_record
from app.services.tables.operations.tables import CreateTable, create_table
from app.services.tables.preview import ColumnPlan
from app.services.tables.views import RecordView, TableView

VERBS = ("view", "create", "edit", "delete", "import", "export")
STAFF = Rights([("tables.design", "tables"), *((f"records.{verb}", "tables") for verb in VERBS)])


@dataclass
class Office:
    """A person with all rights on tables, and what they do."""

    appliance: Appliance
    context: Context
    actors: dict[str, Actor] = field(default_factory=dict)

    def as_person(self, account: str, *grants: tuple[str, str]) -> Context:
        actor = self.actors[account] = Actor(account, account, Rights(grants))
        return Context(self.appliance, actor=actor, plane=Plane.WORKSPACE, language="en")

    def table(self, name: str, *columns: ColumnPlan) -> TableView:
        return create_table(self.context, CreateTable(name=name, columns=list(columns)))

    def fill(self, table: TableView, rows: Sequence[Sequence[object]]) -> list[RecordView]:
        numbers = [found.id for found in table.fields]
        return [
            create_record(
                self.context,
                CreateRecord(table=table.id, values=dict(zip(numbers, row, strict=True))),
            )
            for row in rows
        ]

    def upload(self, data: bytes, name: str = "x.csv") -> str:
        folder = self.appliance.settings.spool
        with spool.receive(folder, self.context.actor.account, name) as incoming:
            incoming.write(data)
            return incoming.finish().id

    def start_import(self, data: bytes, **known) -> ImportStarted:
        return import_file(
            self.context, ImportFile(upload=self.upload(data), name="Import", **known)
        )

    def worker(self) -> Worker:
        return Worker(self.appliance, lambda _session, account: self.actors.get(account))

    def job(self, job: str) -> JobView:
        return get_job(Context(self.appliance, actor=SYSTEM), GetJob(job=job))


@pytest.fixture
def office(appliance: Appliance) -> Office:
    found = Office(appliance, Context(appliance))
    actor = found.actors["a1"] = Actor("a1", "Aoi", STAFF)
    found.context = Context(appliance, actor=actor, plane=Plane.WORKSPACE, language="en")
    return found


@pytest.fixture
def imported(office: Office) -> Callable[..., tuple[ImportStarted, JobView]]:
    """Import a file to its end."""

    def run(data: bytes, **known) -> tuple[ImportStarted, JobView]:
        started = office.start_import(data, **known)
        assert office.worker().work_once()
        return started, office.job(started.job)

    return run
