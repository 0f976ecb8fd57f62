"""Rows of a file into a table that people work with."""

import csv
import io

import pytest
from sqlalchemy import text

import app.services.tables.merge_job as merge_job
from app.core.errors import InvalidInput
from app.jobs.models import JobState
from app.jobs.operations import CancelJob, cancel_job
from app.operations.errors import NotAllowed
from app.services.tables.drift import find_drift
from app.services.tables.fields import Option, Settings
from app.services.tables.merging import How, Mode
from app.services.tables.models import FieldKind
from app.services.tables.operations.merging import MergeFile, StartMerge, import_into, preview_merge
from app.services.tables.operations.records import (
    ListRecords,
    UpdateRecord,
    list_records,
    update_record,
)
from app.services.tables.operations.rejected import ImportErrors, import_errors
from app.services.tables.preview import ColumnPlan

TAGS = tuple(Option(id=0, name=name) for name in ("赤", "青"))


@pytest.fixture
def goods(office):
    table = office.table(
        "商品",
        ColumnPlan(name="番号", settings=Settings(unique=True)),
        ColumnPlan(name="名前", settings=Settings(required=True)),
        ColumnPlan(name="数", kind=FieldKind.INTEGER, settings=Settings(default="5")),
        ColumnPlan(name="札", kind=FieldKind.MULTI_SELECT, settings=Settings(options=TAGS)),
    )
    office.fill(table, [["A1", "箱", 1, ["赤"]], ["A2", "棚", 2, []], ["A3", "机", 3, []]])
    return table


def how(table, **chosen) -> How:
    numbers = {one.name: one.id for one in table.fields}
    names = chosen.pop("names", ("番号", "名前", "数"))
    key = chosen.pop("key", "番号")
    return How(
        fields=tuple(numbers.get(name, 0) for name in names), key=numbers.get(key, 0), **chosen
    )


def asked(office, table, data: bytes, **chosen) -> dict:
    whole = chosen.pop("whole", False)
    return {
        "table": table.id, "upload": office.upload(data), "how": how(table, **chosen),
        "whole": whole, "header": True,
    }  # fmt: skip


def run(office, table, data: bytes, **chosen):
    dry = chosen.pop("dry", False)
    started = import_into(
        office.context, StartMerge(**asked(office, table, data, **chosen), dry=dry)
    )
    assert office.worker().work_once()
    return office.job(started.job)


def rows_of(office, table):
    found = list_records(office.context, ListRecords(table=table.id, limit=500))
    return [record.cells for record in found.records]


DATA = (
    "番号,名前,数\nA2,大きな棚,2\nA9,新しい,\nA3,机,3\nA1,,7\nA9,二度目,1\nA4,x,多い\n,無番,1\n"
).encode()


def test_a_dry_run_tells_what_would_be_and_writes_nothing_F14(office, goods):
    before = rows_of(office, goods)
    seen = preview_merge(office.context, MergeFile(**asked(office, goods, DATA, mode=Mode.BOTH)))
    assert (seen.rows, seen.all_rows) == (7, True)
    assert (seen.added, seen.changed, seen.same, seen.rejected) == (1, 2, 1, 3)
    told = [(one.row, one.record, one.field, one.before, one.after) for one in seen.differences]
    assert told == [(2, 2, "名前", "棚", "大きな棚"), (5, 1, "数", "1", "7")]
    assert sorted((one.row, one.column) for one in seen.rejections) == [
        (6, "番号"), (7, "数"), (8, "番号"),
    ]  # fmt: skip
    assert rows_of(office, goods) == before
    job = run(office, goods, DATA, mode=Mode.BOTH, dry=True)
    assert job.numbers == {"added": 1, "changed": 2, "same": 1, "rejected": 3}
    assert rows_of(office, goods) == before


def test_records_are_added_and_changed_by_their_key_and_the_history_tells_each_F5(office, goods):
    job = run(office, goods, DATA, mode=Mode.BOTH)
    assert job.numbers == {"added": 1, "changed": 2, "same": 1, "rejected": 3}
    assert rows_of(office, goods) == [
        ["A1", "箱", 7, ["赤"]], ["A2", "大きな棚", 2, None], ["A3", "机", 3, None],
        ["A9", "新しい", 5, None],
    ]  # fmt: skip
    with office.appliance.database.read() as session:
        connection = session.connection()
        former = connection.execute(
            text("SELECT record_id, rev, before FROM tables_history ORDER BY record_id")
        ).all()
        events = connection.execute(text("SELECT content FROM audit_outbox")).scalars().all()
    assert [tuple(one[:2]) for one in former] == [(1, 2), (2, 2)]
    assert sum('"tables.merge_batch"' in event for event in events) == 1
    body = b"".join(
        import_errors(office.context, ImportErrors(table=goods.id, job=job.id)).chunks
    ).decode("utf-8-sig")
    bad = list(csv.reader(io.StringIO(body)))[1:]
    assert [(row[0], row[2], row[3]) for row in bad] == [
        ("6", "番号", "A9"), ("7", "数", "多い"), ("8", "番号", ""),
    ]  # fmt: skip
    assert bad[1][4:] == ["A4", "x", "多い", ""]  # under the table's own fields
    assert find_drift(office.appliance.database) == []
    assert list_records(office.context, ListRecords(table=goods.id, search="大きな")).total == 1
    assert list(office.appliance.settings.spool.iterdir()) == []


@pytest.mark.parametrize(
    ("mode", "numbers"),
    [
        (Mode.ADD, {"added": 1, "changed": 0, "same": 3, "rejected": 3}),
        (Mode.UPDATE, {"added": 0, "changed": 2, "same": 1, "rejected": 4}),
    ],
)
def test_only_new_rows_or_only_those_that_are_there(office, goods, mode, numbers):
    assert run(office, goods, DATA, mode=mode).numbers == numbers


def test_empty_cells_empty_a_field_only_where_that_was_chosen(office, goods):
    data = "番号,数,札\nA1,,\n".encode()
    names = ("番号", "数", "札")
    assert run(office, goods, data, names=names, mode=Mode.BOTH).numbers["same"] == 1
    run(office, goods, data, names=names, mode=Mode.BOTH, clear=True)
    assert rows_of(office, goods)[0] == ["A1", "箱", None, None]
    required = "番号,名前\nA1,\n".encode()
    job = run(office, goods, required, names=("番号", "名前"), mode=Mode.BOTH, clear=True)
    assert job.numbers["rejected"] == 1


def test_without_a_key_all_rows_are_new_and_what_occurs_once_stays_so(office, goods):
    data = "番号,名前,数\nB1,x,1\nA1,y,2\nB1,z,3\n".encode()
    job = run(office, goods, data, key="", mode=Mode.ADD)
    assert job.numbers == {"added": 1, "changed": 0, "same": 0, "rejected": 2}
    assert len(rows_of(office, goods)) == 4


def test_many_values_are_written_and_columns_left_out(office, goods):
    data = "番号,どうでも,札\nA2,x,赤;青\n".encode()
    run(office, goods, data, names=("番号", "", "札"), mode=Mode.UPDATE)
    assert rows_of(office, goods)[1] == ["A2", "棚", 2, ["赤", "青"]]


def test_all_or_nothing_changes_nothing_where_a_row_does_not_fit(office, goods):
    before = rows_of(office, goods)
    job = run(office, goods, DATA, mode=Mode.BOTH, whole=True)
    assert (job.state, job.result["refused"]) == (JobState.DONE, True)
    assert rows_of(office, goods) == before
    asked_errors = ImportErrors(table=goods.id, job=job.id)
    body = b"".join(import_errors(office.context, asked_errors).chunks)
    assert body.count(b"\r\n") == 4


def many(count: int) -> bytes:
    rows = "".join(f"N{number},名{number},{number}\n" for number in range(count))
    return f"番号,名前,数\nA1,替,9\n{rows}".encode()


def test_a_cancelled_import_is_taken_back_but_what_people_did_since_stays(
    office, goods, monkeypatch
):
    before = rows_of(office, goods)
    monkeypatch.setattr(merge_job, "BATCH", 3)
    started = import_into(
        office.context, StartMerge(**asked(office, goods, many(9), mode=Mode.BOTH))
    )
    real, calls = merge_job.merge_batch, []

    def then_cancel(context, request):
        stands = real(context, request)
        calls.append(1)
        if len(calls) == 2:
            new = list_records(office.context, ListRecords(table=goods.id, search="名0")).records[0]
            name = goods.fields[1].id
            update_record(
                office.context,
                UpdateRecord(table=goods.id, record=new.id, rev=new.rev, values={name: "手で"}),
            )
            cancel_job(office.context, CancelJob(job=started.job))
        return stands

    monkeypatch.setattr(merge_job, "merge_batch", then_cancel)
    office.worker().work_once()
    assert office.job(started.job).state is JobState.CANCELLED
    assert rows_of(office, goods) == [*before, ["N0", "手で", 0, None]]
    with office.appliance.database.read() as session:
        actions = (
            session.connection()
            .execute(text("SELECT action, rows FROM tables_change WHERE job <> '' ORDER BY id"))
            .all()
        )
    assert [tuple(one) for one in actions] == [
        ("import", 2), ("import", 1), ("import", 3), ("undo_delete", 3), ("undo", 1),
        ("undo_delete", 1),
    ]  # fmt: skip
    assert list(office.appliance.settings.spool.iterdir()) == []


def test_an_import_goes_on_after_a_kill_and_knows_the_keys_from_before(office, goods, monkeypatch):
    monkeypatch.setattr(merge_job, "BATCH", 2)
    data = "番号,名前,数\nC1,a,1\nC2,b,2\nC1,c,3\nC3,d,4\n".encode()
    import_into(office.context, StartMerge(**asked(office, goods, data, mode=Mode.BOTH)))
    real, calls = merge_job.merge_batch, []

    class Killed(BaseException):
        """The process is gone."""

    def dies(context, request):
        if calls:
            raise Killed
        calls.append(1)
        return real(context, request)

    monkeypatch.setattr(merge_job, "merge_batch", dies)
    with pytest.raises(Killed):
        office.worker().work_once()
    monkeypatch.setattr(merge_job, "merge_batch", real)
    with office.appliance.database.write() as session:
        session.connection().execute(text("UPDATE jobs SET lease_until = 0"))
    office.worker().work_once()
    assert [row[0] for row in rows_of(office, goods)][3:] == ["C1", "C2", "C3"]
    with office.appliance.database.read() as session:
        found = session.connection().execute(text("SELECT numbers FROM jobs")).scalar_one()
    assert '"rejected":1' in found


def test_somebody_who_changes_a_record_meanwhile_loses_nothing(office, goods, monkeypatch):
    real, calls = merge_job.merge_batch, []

    def meanwhile(context, request):
        if not calls:
            calls.append(1)
            count = goods.fields[2].id
            update_record(
                office.context,
                UpdateRecord(table=goods.id, record=2, rev=1, values={count: 99}),
            )
        return real(context, request)

    monkeypatch.setattr(merge_job, "merge_batch", meanwhile)
    data = "番号,名前\nA2,大きな棚\n".encode()
    run(office, goods, data, names=("番号", "名前"), mode=Mode.BOTH)
    assert rows_of(office, goods)[1] == ["A2", "大きな棚", 99, None]


def test_importing_into_a_table_needs_the_rights_of_what_it_does_F4(office, goods):
    upload = office.upload(b"a\n1\n")
    scope = f"tables/{goods.id}"
    mine = [("records.import", scope), ("records.create", scope)]
    person = office.as_person("a1", *mine)
    first = how(goods, names=("名前",), key="", mode=Mode.ADD)
    preview_merge(person, MergeFile(table=goods.id, upload=upload, how=first))
    changing = how(goods, names=("番号",), mode=Mode.BOTH)
    for asks, operation in ((MergeFile, preview_merge), (StartMerge, import_into)):
        with pytest.raises(NotAllowed):
            operation(person, asks(table=goods.id, upload=upload, how=changing))
    nobody = office.as_person("a1", ("records.create", scope), ("records.edit", scope))
    with pytest.raises(NotAllowed):
        preview_merge(nobody, MergeFile(table=goods.id, upload=upload, how=first))


def test_choices_that_make_no_sense_are_named(office, goods):
    upload = office.upload(b"a,b\n1,2\n")
    twice = goods.fields[0].id
    for wrong in (
        How(fields=(0, 0)),
        How(fields=(twice, twice)),
        How(fields=(9999, 0)),
        How(fields=(twice, 0), key=goods.fields[1].id),
        How(fields=(twice, 0), mode=Mode.UPDATE),
        How(fields=(goods.fields[3].id, 0), key=goods.fields[3].id),
    ):
        with pytest.raises(InvalidInput):
            preview_merge(office.context, MergeFile(table=goods.id, upload=upload, how=wrong))
