"""On PostgreSQL the workspace's own role does everything that tables need."""

import pytest
from sqlalchemy.exc import ProgrammingError

from app.core import data_folder
from app.core.database import Database
from app.core.keyring import KeyRing
from app.core.settings import load_settings
from app.files import spool
from app.jobs.handlers import handler_of, load_handlers
from app.jobs.models import JobState
from app.jobs.operations import CancelJob, GetJob, cancel_job, get_job
from app.jobs.worker import Worker
from app.operations.context import SYSTEM, Appliance, Context
from app.services.tables.drift import find_drift
from app.services.tables.operations.importing import ImportFile, ImportStarted, import_file
from app.services.tables.operations.records import (
    CreateRecord,
    ListRecords,
    create_record,
    list_records,
)
from tests.integration.postgresql import CONSOLE, TEMPLATE, WORKSPACE


@pytest.fixture
def urls(postgresql_server):
    name = postgresql_server.create(TEMPLATE)
    yield {role: postgresql_server.url(name, role) for role in (WORKSPACE, CONSOLE)}
    postgresql_server.drop(name)


def put(context: Context, data: bytes) -> ImportStarted:
    with spool.receive(context.appliance.settings.spool, SYSTEM.account, "x.csv") as incoming:
        incoming.write(data)
        return import_file(context, ImportFile(upload=incoming.finish().id, name="x"))


def test_the_workspaces_role_imports_cancels_and_changes_and_the_consoles_changes_no_row_METI_45(
    urls, tmp_path
):
    settings = load_settings(
        {
            "TENSHU_DATA": str(tmp_path / "data"),
            "TENSHU_DATABASE_URL": urls[WORKSPACE],
            "TENSHU_RESERVE": "0",
        }
    )
    data_folder.make_folders(settings)
    database, console = Database(urls[WORKSPACE]), Database(urls[CONSOLE])
    context = Context(Appliance(settings, database, KeyRing.create(settings.keys)), actor=SYSTEM)
    load_handlers()
    assert handler_of("tables.import").unit == "bytes"
    worker = Worker(context.appliance, lambda _session, _account: None)
    try:
        kept, dropped = put(context, b"a,b\n1,x\n2\n"), put(context, b"a\n1\n")
        cancel_job(context, CancelJob(job=dropped.job))
        while worker.work_once():
            pass
        assert get_job(context, GetJob(job=kept.job)).state is JobState.DONE
        assert get_job(context, GetJob(job=dropped.job)).state is JobState.CANCELLED
        create_record(context, CreateRecord(table=kept.table, values={}))
        assert list_records(context, ListRecords(table=kept.table)).total == 2
        assert find_drift(database) == []
        with pytest.raises(ProgrammingError, match="permission denied"), console.write() as session:
            session.connection().exec_driver_sql(f"DELETE FROM u{kept.table}")
    finally:
        database.close()
        console.close()
