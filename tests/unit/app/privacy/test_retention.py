"""How long things are kept: for ever, until somebody chooses days; each run is an event."""

import pytest
from sqlmodel import select

from app.core.clock import DAY, HOUR
from app.core.errors import Conflict, NotFound
from app.core.identifiers import new_identifier
from app.files import spool
from app.identity.models import ConsoleSession, WorkspaceSession
from app.jobs.models import Job, JobState
from app.leaving.watch import Night
from app.operations.context import Plane
from app.operations.operation import NoRequest
from app.privacy.models import Disclosure
from app.privacy.operations.disclosing import NewDisclosure, disclose
from app.privacy.operations.keeping import (
    ApplyRetention,
    PreviewRetention,
    SetRetention,
    apply_retention,
    list_retention,
    preview_retention,
    set_retention,
)
from app.privacy.watch import keep_no_longer
from app.services.tables.models import RecordChange, RecordHistory
from app.services.tables.operations import records, tables
from app.services.tables.operations.importing import ImportFile, import_file
from app.services.tables.operations.rejected import ImportErrors, count_import_errors
from tests.unit.app.privacy.conftest import NAME, everything_with
from tests.unit.app.privacy.test_privacy import erase, findings


def choose(office, kind, days, rev=0):
    return set_retention(office.local, SetRetention(kind=kind, days=days, rev=rev))


def preview(office, kind, days):
    return preview_retention(office.local, PreviewRetention(kind=kind, days=days))


def test_everything_is_kept_until_days_are_chosen(office, time):
    office.house.sign_in(office.owner)
    time.advance(1000 * DAY)
    assert {row.days for row in list_retention(office.local, NoRequest()).items} == {0}
    assert keep_no_longer(office.appliance) == 0
    apply_retention(office.local, ApplyRetention(kind="sessions"))
    with office.appliance.database.read() as session:
        assert session.exec(select(ConsoleSession)).all()


def test_ended_sessions_go_after_their_days_and_running_ones_stay_METI_31(office, time):
    office.house.sign_in(office.person, Plane.WORKSPACE)
    time.advance(91 * DAY)
    office.house.sign_in(office.owner)
    assert preview(office, "sessions", 90).count == 1
    assert preview(office, "sessions", 0).count == 0
    assert preview(office, "sessions", 200).count == 0
    choose(office, "sessions", 90)
    assert keep_no_longer(office.appliance) == 1
    with office.appliance.database.read() as session:
        assert session.exec(select(WorkspaceSession)).all() == []
        assert len(session.exec(select(ConsoleSession)).all()) == 1


def test_what_was_applied_waits_for_the_next_day(office, time):
    choose(office, "jobs", 30)
    job = Job(
        id=new_identifier(), kind="tables.import", arguments="{}", created_by=office.owner.id,
        created_at=1, updated_at=1, finished_at=time.now - 31 * DAY,
        state=JobState.DONE.value, max_attempts=1,
    )  # fmt: skip
    with office.appliance.database.write() as session:
        session.add(job)
    assert preview(office, "jobs", 30).oldest == time.now - 31 * DAY
    assert keep_no_longer(office.appliance) == 1
    time.advance(HOUR)
    with office.appliance.database.write() as session:
        session.add(Job(**{**job.model_dump(), "id": new_identifier()}))
    assert keep_no_longer(office.appliance) == 0
    time.advance(DAY)
    assert Night(office.appliance, (keep_no_longer,)).look() == 0
    assert preview(office, "jobs", 30).count == 0


def test_searches_for_people_go_with_what_they_found(office, time):
    office.record(NAME)
    office.search(account=office.person.id)
    disclose(office.local, NewDisclosure(text=NAME))
    time.advance(8 * DAY)
    choose(office, "disclosures", 7)
    assert preview(office, "disclosures", 7).count == 2
    assert keep_no_longer(office.appliance) == 2
    with office.appliance.database.read() as session:
        assert session.exec(select(Disclosure)).all() == []


def test_values_in_the_history_go_after_their_days_and_it_stays_whole_METI_31(office, time):
    office.seal()
    assert preview(office, "history", 365).count == 0
    time.advance(366 * DAY)
    before = preview(office, "history", 365)
    assert before.count > 3
    choose(office, "history", 365)
    office.seal()
    assert "audit/sealed.sqlite" in everything_with(office, NAME)
    keep_no_longer(office.appliance)
    office.seal()
    assert "audit/sealed.sqlite" not in everything_with(office, NAME)


def test_no_history_yet_and_unknown_kinds(office):
    assert preview(office, "history", 1).count == 0
    with pytest.raises(NotFound):
        preview(office, "photographs", 1)
    choose(office, "jobs", 30)
    with pytest.raises(Conflict):
        choose(office, "jobs", 60)
    assert choose(office, "jobs", 60, rev=1).days == 60


def delete(office, record):
    which = records.GetRecord(table=office.table, record=record)
    seen = records.get_record(office.at_workspace(), which)
    wanted = records.DeleteRecord(table=office.table, record=record, rev=seen.rev)
    records.delete_record(office.at_workspace(), wanted)


def put_file(office, data):
    """Import a file; return the table that it went into."""
    with spool.receive(office.appliance.settings.spool, office.owner.id, "名簿.csv") as incoming:
        incoming.write(data)
        upload = incoming.finish().id
    started = import_file(office.at_workspace(), ImportFile(upload=upload, name="名簿"))
    office.work()
    return started.table


def rejected(office, table):
    return count_import_errors(office.at_workspace(), ImportErrors(table=table)).rows


@pytest.mark.sql
def test_deleted_records_go_after_their_days_with_their_former_states_METI_31(office, time):
    changed = office.record(NAME)
    wanted = records.UpdateRecord(
        table=office.table, record=changed, rev=1, values={office.name_field: "佐藤様"}
    )
    records.update_record(office.at_workspace(), wanted)
    delete(office, changed)
    first = time.now
    time.advance(20 * DAY)
    kept, late = office.record("鈴木様"), office.record("田中様")
    delete(office, late)
    time.advance(11 * DAY)
    before = preview(office, "deleted-records", 30)
    assert (before.count, before.oldest) == (1, first)
    choose(office, "deleted-records", 30)
    assert keep_no_longer(office.appliance) == 0  # the worker does it
    office.work()
    assert preview(office, "deleted-records", 30).count == 0
    assert preview(office, "deleted-records", 1).count == 1
    listed = records.list_records(office.at_workspace(), records.ListRecords(table=office.table))
    assert [one.id for one in listed.records] == [kept]
    with office.appliance.database.read() as session:
        assert {one.record_id for one in session.exec(select(RecordHistory))} == {late}
        roots = session.exec(select(RecordChange.action).where(RecordChange.first == changed))
        assert sorted(roots) == ["create", "delete", "update"]
    time.advance(DAY)
    keep_no_longer(office.appliance)
    office.work()  # nothing is due: no job is asked for
    with office.appliance.database.read() as session:
        assert len(session.exec(select(Job).where(Job.kind == "tables.remove_outdated")).all()) == 1


@pytest.mark.sql
def test_rows_of_imports_that_did_not_fit_go_after_their_days_METI_31(office, time):
    made = time.now
    table = put_file(office, f"a,b\n1,2\n{NAME}\n".encode())
    time.advance(8 * DAY)
    later = put_file(office, b"a,b\n1,2\n3\n")
    assert (rejected(office, table), rejected(office, later)) == (1, 1)
    before = preview(office, "rejected-rows", 7)
    assert (before.count, before.oldest) == (1, made)
    choose(office, "rejected-rows", 7)
    keep_no_longer(office.appliance)
    office.work()
    assert (rejected(office, table), rejected(office, later)) == (0, 1)
    assert records.list_records(office.at_workspace(), records.ListRecords(table=table)).total == 1


@pytest.mark.sql
def test_records_of_deleted_tables_are_counted_and_removed_too(office, time):
    delete(office, office.record(NAME))
    tables.delete_table(office.at_workspace(), tables.ChangeTable(table=office.table, rev=1))
    time.advance(2 * DAY)
    assert preview(office, "deleted-records", 1).count == 1
    choose(office, "deleted-records", 1)
    keep_no_longer(office.appliance)
    office.work()
    assert preview(office, "deleted-records", 1).count == 0


def test_who_is_erased_is_found_in_deleted_records_and_rows_that_did_not_fit_METI_31(office):
    delete(office, office.record(NAME))
    put_file(office, f"a,b\n1,2\n{NAME}\n".encode())
    office.suspend()
    disclosure = office.search(account=office.person.id)
    found = findings(office, disclosure)
    assert {one.why for one in found} >= {
        "A deleted record holds it.",
        "A row of a file that did not fit holds it.",
    }
    office.seal()
    erase(office, disclosure=disclosure, findings=[one.id for one in found])
    office.work()
    office.seal()
    assert everything_with(office, NAME) == []
