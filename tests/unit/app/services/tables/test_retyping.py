"""Another type for a field: shown first, done beside, undone with what was written since."""

import pytest

from app.core.errors import Conflict, InvalidInput, NotFound
from app.jobs.models import JobState
from app.jobs.operations import CancelJob, cancel_job
from app.operations.errors import NotAllowed
from app.services.tables import jobs
from app.services.tables.drift import find_drift
from app.services.tables.fields import Settings
from app.services.tables.models import FieldKind
from app.services.tables.operations.fields import ChangeField, OneField, change_field, delete_field
from app.services.tables.operations.records import (
    CreateRecord,
    GetRecord,
    ListRecords,
    UpdateRecord,
    create_record,
    get_record,
    list_records,
    update_record,
)
from app.services.tables.operations.retyping import (
    ChangeType,
    PreviewType,
    PreviewUndo,
    UndoType,
    change_type,
    preview_type,
    preview_undo_type,
    undo_type,
)
from app.services.tables.operations.tables import GetTable, get_table
from app.services.tables.preview import ColumnPlan

NAME = ColumnPlan(name="名前")


def now(office, table):
    return get_table(office.context, GetTable(table=table.id))


def cells(office, table, place=0):
    page = list_records(office.context, ListRecords(table=table.id))
    return [record.cells[place] for record in page.records]


def found(office, table, search):
    return list_records(office.context, ListRecords(table=table.id, search=search)).total


def turn(office, table, kind, accepting=0, scale=0, **settings):
    """Change the type of the first field to the end; return the job."""
    started = change_type(
        office.context,
        ChangeType(
            table=table.id,
            rev=now(office, table).rev,
            field=table.fields[0].id,
            kind=kind,
            scale=scale,
            settings=Settings(**settings),
            accepting=accepting,
        ),
    )
    assert office.worker().work_once()
    return office.job(started.job)


def undo(office, table, accepting=0):
    request = UndoType(
        table=table.id,
        rev=now(office, table).rev,
        field=table.fields[0].id,
        accepting=accepting,
    )
    started = undo_type(office.context, request)
    assert office.worker().work_once()
    return office.job(started.job)


def test_what_does_not_fit_is_told_before_anything_is_changed_and_nothing_is_lost(office):
    table = office.table("台帳", NAME)
    field = table.fields[0].id
    office.fill(table, [["▲1,000"], ["１２"], ["およそ十"], [None], ["5.5"]])
    asked = PreviewType(table=table.id, field=field, kind=FieldKind.INTEGER)
    seen = preview_type(office.context, asked)
    assert (seen.filled, seen.lost) == (4, 2)
    assert [(one.record, one.text) for one in seen.samples] == [(3, "およそ十"), (5, "5.5")]
    assert all(one.reason for one in seen.samples)
    with pytest.raises(Conflict):
        turn(office, table, FieldKind.INTEGER, accepting=1)
    job = turn(office, table, FieldKind.INTEGER, accepting=2)
    assert (job.state, job.numbers) == (JobState.DONE, {"rows": 5, "lost": 2})
    assert now(office, table).fields[0].kind is FieldKind.INTEGER
    assert cells(office, table) == [-1000, 12, None, None, None]
    assert (found(office, table, "-1000"), found(office, table, "およそ")) == (1, 0)
    assert find_drift(office.appliance.database) == []
    change = UpdateRecord(table=table.id, record=1, rev=1, values={field: 7})
    assert update_record(office.context, change).cells == [7]
    back = preview_undo_type(office.context, PreviewUndo(table=table.id, field=field))
    assert (back.kind, back.lost) == (FieldKind.TEXT, 0)
    assert undo(office, table).state is JobState.DONE
    assert cells(office, table) == ["7", "１２", "およそ十", None, "5.5"]
    assert (found(office, table, "およそ"), found(office, table, "1000")) == (1, 0)
    with pytest.raises(NotFound):
        undo(office, table)


PAIRS = [
    (FieldKind.TEXT, ["赤", "青", "赤"], FieldKind.SELECT, {}, ["赤", "青", "赤"]),
    (FieldKind.TEXT, ["赤;青", "白"], FieldKind.MULTI_SELECT, {}, [["赤", "青"], ["白"]]),
    (FieldKind.TEXT, ["03(1234)5678"], FieldKind.PHONE, {}, ["03-1234-5678"]),
    (FieldKind.TEXT, ["R8.4.1", "2026/5/1"], FieldKind.DATE, {}, ["2026-04-01", "2026-05-01"]),
    (FieldKind.DATE, ["2026-04-01"], FieldKind.DATE_TIME, {}, ["2026-03-31T15:00:00Z"]),
    (FieldKind.INTEGER, [0, 1200], FieldKind.MONEY, {}, ["0", "1200"]),
    (FieldKind.INTEGER, [0, 1], FieldKind.CHECKBOX, {}, [False, True]),
    (FieldKind.CHECKBOX, [False, True], FieldKind.TEXT, {}, ["FALSE", "TRUE"]),
    (FieldKind.TEXT, ["a"], FieldKind.LONG_TEXT, {}, ["a"]),
]


@pytest.mark.parametrize(("kind", "typed", "into", "settings", "shown"), PAIRS)
def test_values_become_those_of_another_type_and_come_back(
    office, kind, typed, into, settings, shown
):
    table = office.table("台帳", ColumnPlan(name="x", kind=kind))
    office.fill(table, [[value] for value in typed])
    before = cells(office, table)
    assert turn(office, table, into, **settings).state is JobState.DONE
    assert cells(office, table) == shown
    assert find_drift(office.appliance.database) == []
    new = now(office, table).fields[0].id
    assert new == table.fields[0].id  # views and programs find it under its number
    assert undo(office, table).state is JobState.DONE
    assert cells(office, table) == before
    assert find_drift(office.appliance.database) == []


def test_a_number_keeps_more_decimals_and_fewer_where_nothing_is_lost(office):
    table = office.table("台帳", ColumnPlan(name="率", kind=FieldKind.DECIMAL, scale=1))
    office.fill(table, [["0.5"], ["2"]])
    turn(office, table, FieldKind.DECIMAL, scale=3)
    assert now(office, table).fields[0].scale == 3
    assert cells(office, table) == ["0.5", "2"]
    with pytest.raises(Conflict):
        turn(office, table, FieldKind.DECIMAL, scale=0)
    with pytest.raises(InvalidInput):
        turn(office, table, FieldKind.DECIMAL, scale=3)


def test_nobody_writes_to_a_field_while_its_type_changes_and_other_work_goes_on(office):
    table = office.table("台帳", NAME, ColumnPlan(name="数", kind=FieldKind.INTEGER))
    name, number = (field.id for field in table.fields)
    office.fill(table, [["1", 1]])
    started = change_type(
        office.context, ChangeType(table=table.id, rev=1, field=name, kind=FieldKind.INTEGER)
    )
    assert now(office, table).fields[0].changing
    for refused in (
        lambda: update_record(
            office.context, UpdateRecord(table=table.id, record=1, rev=1, values={name: "2"})
        ),
        lambda: create_record(office.context, CreateRecord(table=table.id, values={name: "2"})),
        lambda: delete_field(office.context, OneField(table=table.id, rev=2, field=name)),
        lambda: change_field(
            office.context, ChangeField(table=table.id, rev=2, field=name, name="x")
        ),
        lambda: change_type(
            office.context, ChangeType(table=table.id, rev=2, field=name, kind=FieldKind.DATE)
        ),
    ):
        with pytest.raises(InvalidInput):
            refused()
    made = create_record(office.context, CreateRecord(table=table.id, values={number: 2}))
    update_record(office.context, UpdateRecord(table=table.id, record=1, rev=1, values={number: 3}))
    assert office.worker().work_once()
    assert office.job(started.job).state is JobState.DONE
    assert cells(office, table) == [1, None]
    assert cells(office, table, 1) == [3, 2]
    assert made.id == 2


def test_a_cancelled_change_leaves_the_field_as_it_was(office, monkeypatch):
    table = office.table("台帳", NAME)
    office.fill(table, [["1"]])
    started = change_type(
        office.context,
        ChangeType(table=table.id, rev=1, field=table.fields[0].id, kind=FieldKind.INTEGER),
    )
    cancel_job(office.context, CancelJob(job=started.job))
    office.worker().work_once()
    assert office.job(started.job).state is JobState.CANCELLED
    field = now(office, table).fields[0]
    assert (field.kind, field.changing) == (FieldKind.TEXT, False)
    assert cells(office, table) == ["1"]
    assert find_drift(office.appliance.database) == []
    with pytest.raises(NotFound):  # nothing was changed: nothing to undo
        undo(office, table)
    assert turn(office, table, FieldKind.INTEGER).state is JobState.DONE


def test_a_change_goes_on_where_its_worker_was_killed(office, monkeypatch):
    monkeypatch.setattr("app.services.tables.operations.retype_steps.AT_ONCE", 2)
    table = office.table("台帳", NAME)
    office.fill(table, [[str(number)] for number in range(5)])
    batches = []

    def dies(context, step, real=jobs.convert_batch):
        batches.append(step.stood.last)
        if len(batches) == 2:
            raise MemoryError
        return real(context, step)

    monkeypatch.setattr(jobs, "convert_batch", dies)
    started = change_type(
        office.context,
        ChangeType(table=table.id, rev=1, field=table.fields[0].id, kind=FieldKind.INTEGER),
    )
    worker = office.worker()
    while office.job(started.job).state in (JobState.QUEUED, JobState.RUNNING):
        worker.work_once()
        if office.job(started.job).state is JobState.FAILED:
            break
    state = office.job(started.job).state
    if state is JobState.DONE:
        assert batches == [0, 2, 2, 4]
        assert cells(office, table) == [0, 1, 2, 3, 4]
    else:
        assert now(office, table).fields[0].changing is False


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (FieldKind.TEXT, {}),
        (FieldKind.AUTONUMBER, {}),
        (FieldKind.CREATED_AT, {}),
        (FieldKind.INTEGER, {"unique": True}),
        (FieldKind.LINK, {}),
        (FieldKind.DATE, {"default": "昨日"}),
    ],
)
def test_a_type_that_makes_no_sense_is_refused_at_once(office, kind, settings):
    table = office.table("台帳", NAME)
    field = table.fields[0].id
    asked = PreviewType(table=table.id, field=field, kind=kind, settings=Settings(**settings))
    with pytest.raises(InvalidInput):
        preview_type(office.context, asked)


def test_only_who_designs_and_sees_everything_changes_a_type_F4(office):
    table = office.table("台帳", NAME)
    field = table.fields[0].id
    asked = PreviewType(table=table.id, field=field, kind=FieldKind.INTEGER)
    for grants in ([("records.view", "tables")], [("tables.design", "tables")]):
        person = office.as_person("b2", *grants)
        with pytest.raises(NotAllowed):
            preview_type(person, asked)
        with pytest.raises(NotAllowed):
            change_type(
                person, ChangeType(table=table.id, rev=1, field=field, kind=FieldKind.INTEGER)
            )


def test_what_was_unique_may_repeat_after_a_change_of_type(office):
    table = office.table("台帳", ColumnPlan(name="x", settings=Settings(unique=True)))
    office.fill(table, [["1"], ["１"]])
    assert turn(office, table, FieldKind.INTEGER).state is JobState.DONE
    assert cells(office, table) == [1, 1]
    assert undo(office, table).state is JobState.DONE
    assert not now(office, table).fields[0].settings.unique
    assert get_record(office.context, GetRecord(table=table.id, record=2)).cells == ["１"]
