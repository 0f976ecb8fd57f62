"""A whole import taken back later, what people did since kept, and that taken back in turn."""

import pytest
from sqlalchemy import text

import app.services.tables.operations.revert_steps as steps
import app.services.tables.operations.reverting as asking
import app.services.tables.operations.table_history as telling
import app.services.tables.revert_job as job
from app.core.errors import InvalidInput, NotFound
from app.jobs.models import JobState
from app.jobs.operations import CancelJob, cancel_job
from app.operations.errors import NotAllowed
from app.services.tables.drift import find_drift
from app.services.tables.fields import Settings
from app.services.tables.merging import How, Mode
from app.services.tables.models import FieldKind
from app.services.tables.operations import fields as design
from app.services.tables.operations.merging import StartMerge, import_into
from app.services.tables.operations.putting_back import PutBack, put_back
from app.services.tables.operations.records import (
    DeleteRecord,
    ListRecords,
    UpdateRecord,
    delete_record,
    list_records,
    update_record,
)
from app.services.tables.operations.reverting import (
    PreviewRevert,
    Revert,
    preview_revert,
    revert,
)
from app.services.tables.operations.table_history import TableHistoryAsked, table_history
from app.services.tables.preview import ColumnPlan
from app.services.tables.reach import Reach
from app.services.tables.reverting import CHANGED_SINCE, DELETED_SINCE
from app.services.tables.telling import FIELD_GONE


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def goods(office):
    table = office.table(
        "商品",
        ColumnPlan(name="番号", settings=Settings(unique=True)),
        ColumnPlan(name="名前"),
        ColumnPlan(name="数", kind=FieldKind.INTEGER),
    )
    office.fill(table, [["A1", "箱", 1], ["A2", "棚", 2], ["A3", "机", 3]])
    return table


def merge(office, table, lines: str) -> str:
    """Import lines by their number; return the job."""
    upload = office.upload(("番号,名前,数\n" + lines).encode())
    fields = tuple(one.id for one in table.fields)
    how = How(fields=fields, key=fields[0], mode=Mode.BOTH)
    wanted = StartMerge(table=table.id, upload=upload, how=how, header=True)
    started = import_into(office.context, wanted)
    assert office.worker().work_once()
    assert office.job(started.job).state is JobState.DONE
    return started.job


def take_back(office, table, what: str, **more):
    started = revert(office.context, Revert(table=table.id, what=what, **more))
    assert office.worker().work_once()
    found = office.job(started.job)
    assert found.state is JobState.DONE, found.error
    return found


def preview(office, table, what: str):
    return preview_revert(office.context, PreviewRevert(table=table.id, what=what))


def change(office, table, record: int, rev: int, **values):
    by_name = {one.name: one.id for one in table.fields}
    return update_record(
        office.context,
        UpdateRecord(
            table=table.id,
            record=record,
            rev=rev,
            values={by_name[name]: value for name, value in values.items()},
        ),
    )


def rows(office, table):
    found = list_records(office.context, ListRecords(table=table.id, limit=500))
    return [record.cells for record in found.records]


LINES = "A1,大きな箱,10\nA2,棚,20\nB1,新しい,5\n"
BEFORE = [["A1", "箱", 1], ["A2", "棚", 2], ["A3", "机", 3]]
AFTER = [["A1", "大きな箱", 10], ["A2", "棚", 20], ["A3", "机", 3], ["B1", "新しい", 5]]


def test_a_whole_import_is_taken_back_after_a_look_and_taken_back_again_in_turn_F14(office, goods):
    imported = merge(office, goods, LINES)
    assert rows(office, goods) == AFTER
    seen = preview(office, goods, imported)
    assert seen.counts.numbers == {
        "reverted": 2, "removed": 1, "restored": 0, "left": 0, "same": 0,
    }  # fmt: skip
    assert (seen.records, seen.all_records, seen.obstacles) == (3, True, [])
    assert rows(office, goods) == AFTER  # it was only looked at
    done = take_back(office, goods, imported)
    assert done.numbers == {"reverted": 2, "removed": 1, "restored": 0, "left": 0, "same": 0}
    assert rows(office, goods) == BEFORE
    assert preview(office, goods, imported).counts.same == 3
    again = take_back(office, goods, done.id)
    assert again.numbers == {"reverted": 2, "removed": 0, "restored": 1, "left": 0, "same": 0}
    assert rows(office, goods) == AFTER
    assert find_drift(office.appliance.database) == []


def test_the_table_tells_each_import_as_one_line_with_its_counts_F5(office, goods):
    imported = merge(office, goods, LINES)
    change(office, goods, 3, 1, 数=4)
    delete_record(office.context, DeleteRecord(table=goods.id, record=3, rev=2))
    done = take_back(office, goods, imported)
    found = table_history(office.context, TableHistoryAsked(table=goods.id)).lines
    assert [(one.what, one.added, one.changed, one.deleted) for one in found[:4]] == [
        (done.id, 0, 2, 1), (found[1].what, 0, 0, 1), (found[2].what, 0, 1, 0), (imported, 1, 2, 0),
    ]  # fmt: skip
    assert [(one.action, one.record, one.fields) for one in found[1:3]] == [
        ("delete", 3, []), ("update", 3, ["数"]),
    ]  # fmt: skip
    assert len(found) == 7  # and three records that were added by hand
    assert {one.by for one in found} == {"a1"}

    def listed(**more):
        asked = TableHistoryAsked(table=goods.id, **more)
        return [one.what for one in table_history(office.context, asked).lines]

    name, count = goods.fields[1].id, goods.fields[2].id
    assert listed(field=name) == [done.id, imported]
    assert listed(field=count) == [done.id, found[2].what, imported]
    assert listed(what=imported) == [imported]
    assert listed(since=found[3].at, until=found[3].at + 1) == [imported]
    assert listed(limit=2) == [one.what for one in found[:2]]
    first = table_history(office.context, TableHistoryAsked(table=goods.id, limit=2))
    rest = table_history(office.context, TableHistoryAsked(table=goods.id, after=first.after))
    assert [one.what for one in (*first.lines, *rest.lines)] == [one.what for one in found]
    with pytest.raises(InvalidInput):
        listed(person="nobody")
    with pytest.raises(InvalidInput):
        listed(field=99)


def test_what_people_did_since_is_named_row_by_row_and_stays_unless_told_otherwise(office, goods):
    imported = merge(office, goods, LINES)
    change(office, goods, 1, 2, 名前="小さな箱")  # a value that the import wrote
    change(office, goods, 4, 1, 名前="手で")  # a record that it added
    change(office, goods, 2, 2, 名前="本棚")  # a field that it did not touch
    seen = preview(office, goods, imported)
    assert [(one.record, one.field, one.now, one.then, one.reason) for one in seen.obstacles] == [
        (1, "名前", "小さな箱", "箱", CHANGED_SINCE), (4, "", "B1", "", CHANGED_SINCE),
    ]  # fmt: skip
    assert all(one.can_be_overruled for one in seen.obstacles)
    done = take_back(office, goods, imported)
    assert done.numbers["left"] == 2
    assert [(one["record"], one["field"]) for one in done.result["left"]] == [(1, "名前"), (4, "")]
    assert rows(office, goods) == [
        ["A1", "小さな箱", 1], ["A2", "本棚", 2], ["A3", "机", 3], ["B1", "手で", 5],
    ]  # fmt: skip
    take_back(office, goods, imported, despite=[1])
    assert rows(office, goods)[0] == ["A1", "箱", 1]
    take_back(office, goods, imported, despite_all=True)
    assert rows(office, goods) == [["A1", "箱", 1], ["A2", "本棚", 2], ["A3", "机", 3]]


def test_what_does_not_fit_any_more_is_named_and_left(office, goods):
    imported = merge(office, goods, LINES)
    delete_record(office.context, DeleteRecord(table=goods.id, record=2, rev=2))
    count = goods.fields[2].id
    design.delete_field(office.context, design.OneField(table=goods.id, rev=1, field=count))
    seen = preview(office, goods, imported)
    assert [(one.record, one.field, one.reason) for one in seen.obstacles] == [
        (1, "数", FIELD_GONE), (2, "", DELETED_SINCE),
    ]  # fmt: skip
    assert not any(one.can_be_overruled for one in seen.obstacles)
    take_back(office, goods, imported, despite_all=True)
    assert rows(office, goods) == [["A1", "箱"], ["A3", "机"]]


def test_a_value_that_another_record_holds_now_is_left(office, goods):
    imported = merge(office, goods, "A1,大きな箱,10\n")
    del imported
    change(office, goods, 1, 2, 番号="Z1")
    change(office, goods, 2, 1, 番号="A1")
    what = table_history(office.context, TableHistoryAsked(table=goods.id)).lines[1].what
    seen = preview(office, goods, what)
    assert [(one.record, one.field) for one in seen.obstacles] == [(1, "番号")]
    assert seen.counts.left == 1


def test_an_import_of_a_new_table_is_taken_back_record_by_record(office, imported):
    started, _ = imported("名前\n箱\n棚\n".encode())
    table = type("T", (), {"id": started.table})
    what = table_history(office.context, TableHistoryAsked(table=started.table)).lines
    assert [(one.what, one.added) for one in what] == [(started.job, 2)]
    done = take_back(office, table, started.job)
    assert done.numbers["removed"] == 2
    assert rows(office, table) == []
    put_back(office.context, PutBack(table=started.table, record=1, rev=2, version=2))
    assert rows(office, table) == [["箱"]]


def test_a_taking_back_goes_on_after_a_kill_and_counts_each_record_once(office, goods, monkeypatch):
    imported = merge(office, goods, LINES)
    monkeypatch.setattr(steps, "AT_ONCE", 1)
    started = revert(office.context, Revert(table=goods.id, what=imported))
    real, calls = steps.revert_batch, []

    def dies(context, request):
        if len(calls) == 2:
            raise Killed
        calls.append(1)
        return real(context, request)

    monkeypatch.setattr(job, "revert_batch", dies)
    with pytest.raises(Killed):
        office.worker().work_once()
    monkeypatch.setattr(job, "revert_batch", real)
    with office.appliance.database.write() as session:
        session.connection().execute(text("UPDATE jobs SET lease_until = 0"))
    assert office.worker().work_once()
    found = office.job(started.job)
    assert found.state is JobState.DONE
    assert found.numbers == {"reverted": 2, "removed": 1, "restored": 0, "left": 0, "same": 0}
    assert rows(office, goods) == BEFORE


def test_a_cancelled_taking_back_leaves_everything_as_it_was(office, goods, monkeypatch):
    imported = merge(office, goods, LINES)
    monkeypatch.setattr(steps, "AT_ONCE", 1)
    started = revert(office.context, Revert(table=goods.id, what=imported))
    real, calls = steps.revert_batch, []

    def then_cancel(context, request):
        stands = real(context, request)
        calls.append(1)
        if len(calls) == 2:
            cancel_job(office.context, CancelJob(job=started.job))
        return stands

    monkeypatch.setattr(job, "revert_batch", then_cancel)
    office.worker().work_once()
    assert office.job(started.job).state is JobState.CANCELLED
    assert rows(office, goods) == AFTER
    line = table_history(office.context, TableHistoryAsked(table=goods.id)).lines[0]
    assert (line.what, line.taken_back) == (started.job, 2)
    take_back(office, goods, imported)
    assert rows(office, goods) == BEFORE


def test_taking_back_needs_all_rights_that_it_uses_and_the_whole_table_F4(
    office, goods, monkeypatch
):
    imported = merge(office, goods, LINES)
    scope = f"tables/{goods.id}"
    editor = office.as_person("a2", ("records.view", scope), ("records.edit", scope))
    for operation, request in (
        (preview_revert, PreviewRevert(table=goods.id, what=imported)),
        (revert, Revert(table=goods.id, what=imported)),
    ):
        with pytest.raises(NotAllowed):
            operation(editor, request)
    with pytest.raises(NotFound):
        preview(office, goods, "0" * 28)
    narrowed = Reach(hidden=frozenset({goods.fields[2].id}))
    monkeypatch.setattr(asking, "reach_of", lambda *_: narrowed)
    with pytest.raises(InvalidInput, match="sees all records"):
        preview(office, goods, imported)


def test_who_reaches_some_rows_or_fields_sees_the_changes_of_those_alone_F4(
    office, goods, monkeypatch
):
    imported = merge(office, goods, LINES)
    change(office, goods, 3, 1, 数=4)
    change(office, goods, 1, 2, 数=4)
    own = Reach(rows=lambda rows: rows.c.id == 4)
    monkeypatch.setattr(telling, "reach_of", lambda *_: own)
    lines = table_history(office.context, TableHistoryAsked(table=goods.id)).lines
    assert [(one.what, one.added, one.changed) for one in lines] == [(imported, 1, 0)]
    own = Reach(rows=lambda rows: rows.c.id == 3)
    monkeypatch.setattr(telling, "reach_of", lambda *_: own)
    lines = table_history(office.context, TableHistoryAsked(table=goods.id)).lines
    assert [(one.action, one.record) for one in lines] == [("update", 3), ("create", 3)]
    count = goods.fields[2].id
    hidden = Reach(hidden=frozenset({count}))
    monkeypatch.setattr(telling, "reach_of", lambda *_: hidden)
    lines = table_history(office.context, TableHistoryAsked(table=goods.id)).lines
    assert all("数" not in one.fields for one in lines)
    with pytest.raises(InvalidInput):
        table_history(office.context, TableHistoryAsked(table=goods.id, field=count))
