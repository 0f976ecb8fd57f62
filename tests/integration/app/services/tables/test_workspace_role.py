"""On PostgreSQL the workspace's own role does everything that tables need."""

import pytest
from sqlalchemy.exc import ProgrammingError

from app.core import clock, data_folder
from app.core.database import Database
from app.core.keyring import KeyRing
from app.core.postgresql_roles import COUNTED
from app.core.settings import load_settings
from app.files import spool
from app.jobs.handlers import handler_of, load_handlers
from app.jobs.models import JobState
from app.jobs.operations import CancelJob, GetJob, cancel_job, get_job
from app.jobs.worker import Worker
from app.operations.context import SYSTEM, Appliance, Context
from app.services.tables.drift import find_drift
from app.services.tables.fields import Settings
from app.services.tables.merging import How, Mode
from app.services.tables.models import FieldKind
from app.services.tables.operations.fields import AddField, add_field
from app.services.tables.operations.importing import ImportFile, ImportStarted, import_file
from app.services.tables.operations.merging import StartMerge, import_into
from app.services.tables.operations.proving import ProveHistory, Verdict, prove_history
from app.services.tables.operations.putting_back import PutBack, put_back
from app.services.tables.operations.record_history import RecordHistoryAsked, record_history
from app.services.tables.operations.records import (
    CreateRecord,
    DeleteRecord,
    ListRecords,
    UpdateRecord,
    create_record,
    delete_record,
    list_records,
    update_record,
)
from app.services.tables.operations.retyping import ChangeType, change_type
from app.services.tables.operations.reverting import (
    PreviewRevert,
    Revert,
    preview_revert,
    revert,
)
from app.services.tables.operations.table_history import TableHistoryAsked, table_history
from app.services.tables.operations.tables import CreateTable, GetTable, create_table, get_table
from app.services.tables.outdated import Outdated, due, remove_some
from app.services.tables.preview import ColumnPlan
from tests.integration.postgresql import CONSOLE, TEMPLATE, WORKSPACE


@pytest.fixture
def urls(postgresql_server):
    name = postgresql_server.create(TEMPLATE)
    yield {role: postgresql_server.url(name, role) for role in (WORKSPACE, CONSOLE)} | {
        "name": name
    }
    postgresql_server.drop(name)


def put(context: Context, data: bytes) -> ImportStarted:
    with spool.receive(context.appliance.settings.spool, SYSTEM.account, "x.csv") as incoming:
        incoming.write(data)
        return import_file(context, ImportFile(upload=incoming.finish().id, name="x"))


def test_the_workspaces_role_imports_cancels_and_changes_and_the_consoles_changes_no_row_METI_45(
    urls, postgresql_server, tmp_path
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
        fields = tuple(one.id for one in get_table(context, GetTable(table=kept.table)).fields)
        how = How(fields=fields, key=fields[0], mode=Mode.BOTH)
        with spool.receive(settings.spool, SYSTEM.account, "y.csv") as incoming:
            incoming.write(b"a,b\n1,z\n3,new\n")
            upload = incoming.finish().id
        merged = import_into(context, StartMerge(table=kept.table, upload=upload, how=how))
        assert worker.work_once()
        numbers = get_job(context, GetJob(job=merged.job)).numbers
        assert numbers == {"added": 1, "changed": 1, "same": 0, "rejected": 0}
        create_record(context, CreateRecord(table=kept.table, values={}))
        assert list_records(context, ListRecords(table=kept.table)).total == 4
        delete_record(context, DeleteRecord(table=kept.table, record=1, rev=2))
        with postgresql_server.connect(urls["name"], WORKSPACE) as maker:
            # as `postgresql_roles` does; the roles of a copy are called after the template
            maker.execute(f"GRANT SELECT ({COUNTED}) ON u{kept.table} TO {CONSOLE}")
        for kind in Outdated:
            with console.read() as session:  # which tells what would go, and sees no value
                assert due(session, kind, clock.now() + 1).count == 1
            with database.write() as session:
                assert remove_some(session, kind, clock.now() + 1) == 1
        with pytest.raises(ProgrammingError, match="permission denied"), console.write() as session:
            session.connection().exec_driver_sql(f"DELETE FROM u{kept.table}")
    finally:
        database.close()
        console.close()


def test_the_workspaces_role_designs_fields_and_changes_their_types(
    urls, postgresql_server, tmp_path
):
    settings = load_settings(
        {
            "TENSHU_DATA": str(tmp_path / "data"),
            "TENSHU_DATABASE_URL": urls[WORKSPACE],
            "TENSHU_RESERVE": "0",
        }
    )
    data_folder.make_folders(settings)
    database = Database(urls[WORKSPACE])
    context = Context(Appliance(settings, database, KeyRing.create(settings.keys)), actor=SYSTEM)
    load_handlers()
    try:
        columns = [ColumnPlan(name="a", settings=Settings(unique=True))]
        table = create_table(context, CreateTable(name="x", columns=columns))
        first = table.fields[0].id
        for text in ("1;2", "2"):
            create_record(context, CreateRecord(table=table.id, values={first: text}))
        for rev, kind in enumerate((FieldKind.MULTI_SELECT, FieldKind.DATE, FieldKind.LINKS), 1):
            given = Settings(target=table.id if kind is FieldKind.LINKS else 0)
            new = AddField(table=table.id, rev=rev, name=kind.value, kind=kind, settings=given)
            table = add_field(context, new)
        links = table.fields[3].id
        create_record(context, CreateRecord(table=table.id, values={first: "3", links: [1, 2]}))
        into = ChangeType(table=table.id, rev=4, field=first, kind=FieldKind.MULTI_SELECT)
        started = change_type(context, into)
        assert Worker(context.appliance, lambda _session, _account: None).work_once()
        assert get_job(context, GetJob(job=started.job)).state is JobState.DONE
        found = list_records(context, ListRecords(table=table.id)).records
        assert [one.cells[0] for one in found] == [["1", "2"], ["2"], ["3"]]
        assert found[2].cells[3] == [1, 2]
        assert find_drift(database) == []
    finally:
        database.close()


def test_the_workspaces_role_puts_values_back_and_takes_an_import_back(
    urls, postgresql_server, tmp_path
):
    settings = load_settings(
        {
            "TENSHU_DATA": str(tmp_path / "data"),
            "TENSHU_DATABASE_URL": urls[WORKSPACE],
            "TENSHU_RESERVE": "0",
        }
    )
    data_folder.make_folders(settings)
    database = Database(urls[WORKSPACE])
    context = Context(Appliance(settings, database, KeyRing.create(settings.keys)), actor=SYSTEM)
    load_handlers()
    worker = Worker(context.appliance, lambda _session, _account: None)
    try:
        imported = put(context, b"a,b\n1,x\n2,y\n")
        assert worker.work_once()
        table = imported.table
        first = get_table(context, GetTable(table=table)).fields[0].id
        changed = UpdateRecord(table=table, record=1, rev=1, values={first: "7"})
        update_record(context, changed)
        asked = RecordHistoryAsked(table=table, record=1)
        assert [one.action for one in record_history(context, asked).entries] == [
            "update", "import",
        ]  # fmt: skip
        put_back(context, PutBack(table=table, record=1, rev=2, version=1, fields=[first]))
        what = PreviewRevert(table=table, what=imported.job)
        assert preview_revert(context, what).counts.removed == 2
        revert(context, Revert(table=table, what=imported.job))
        assert worker.work_once()
        assert list_records(context, ListRecords(table=table)).total == 0
        put_back(context, PutBack(table=table, record=2, rev=2, version=2))
        lines = table_history(context, TableHistoryAsked(table=table, field=first)).lines
        assert [one.changed for one in lines] == [1, 1]
        proven = prove_history(context, ProveHistory(table=table, record=1))
        assert proven.verdict is Verdict.WAITING
    finally:
        database.close()
