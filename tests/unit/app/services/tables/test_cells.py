"""Many cells at once: written, told where others were faster, undone, copied."""

import msgspec
import pytest
from sqlalchemy import select, text

from app.audit.models import OutboxEvent
from app.core.errors import InvalidInput
from app.operations.errors import NotAllowed
from app.services.tables import catalogue
from app.services.tables.changes import leaves, merkle_root
from app.services.tables.fields import Option, Settings
from app.services.tables.models import FieldKind
from app.services.tables.operations.cell_requests import (
    ChangeCells,
    CopyCells,
    ListNewer,
    RecordAt,
    RecordCells,
)
from app.services.tables.operations.cells import change_cells, copy_cells, list_newer
from app.services.tables.operations.proving import ProveHistory, Verdict, prove_history
from app.services.tables.operations.records import (
    GetRecord,
    ListRecords,
    UpdateRecord,
    get_record,
    list_records,
    update_record,
)
from app.services.tables.preview import ColumnPlan

NAME = ColumnPlan(name="名前")
PRICE = ColumnPlan(name="金額", kind=FieldKind.INTEGER, settings=Settings(most="9999"))
DAY = ColumnPlan(name="日付", kind=FieldKind.DATE)
STATE = ColumnPlan(
    name="状態",
    kind=FieldKind.SELECT,
    settings=Settings(options=(Option(id=0, name="見積"), Option(id=0, name="受注"))),
)
CODE = ColumnPlan(name="番号", settings=Settings(unique=True))


@pytest.fixture
def ledger(office):
    table = office.table("台帳", NAME, PRICE, DAY, STATE)
    office.fill(table, [["a", 1, None, None], ["b", 2, None, None], ["c", 3, None, None]])
    return table


def fields(table):
    return [one.id for one in table.fields]


def change(office, table, *changes, **further):
    asked = [RecordCells(record=record, rev=rev, values=values) for record, rev, values in changes]
    return change_cells(office.context, ChangeCells(table=table.id, changes=asked, **further))


def texts(office, table, record):
    return get_record(office.context, GetRecord(table=table.id, record=record)).texts


def last_event(office):
    with office.appliance.database.read() as session:
        found = session.connection().execute(
            select(OutboxEvent.content).order_by(OutboxEvent.id.desc()).limit(1)
        )
        return msgspec.json.decode(found.scalar())


def rows(office, statement):
    with office.appliance.database.read() as session:
        return session.connection().execute(text(statement)).all()


def test_cells_of_many_records_change_together_and_leave_one_event_F5(office, ledger):
    name, price, day, state = fields(ledger)
    done = change(
        office, ledger,
        (1, 1, {name: "甲", price: "1,200", day: "R8.4.1", state: "受注"}),
        (2, 1, {price: 5}),
        (3, 1, {price: 3}),
    )  # fmt: skip
    assert [one.texts for one in done.records] == [
        ["甲", "1200", "2026-04-01", "受注"], ["b", "5", "", ""], ["c", "3", "", ""],
    ]  # fmt: skip
    assert [one.rev for one in done.records] == [2, 2, 1], "what stays the same is not written"
    assert (done.conflicts, done.refused, done.newest) == ([], [], [])
    event = last_event(office)
    assert event["verb"] == "records.change_cells"
    assert event["numbers"] == {"rows": 2, "cells": 5, "conflicts": 0, "refused": 0}
    (made,) = rows(office, "SELECT * FROM tables_change WHERE action = 'update'")
    assert (event["references"]["change"], event["references"]["root"]) == (made.id, made.root)
    with office.appliance.database.read() as session:
        info = catalogue.find_table(session, ledger.id)
    states = [[1, 2, "甲", 1200, "2026-04-01", 2], [2, 2, "b", 5, None, None]]
    assert made.root == merkle_root(leaves(bytes.fromhex(made.salt), info, states))
    assert "甲" not in msgspec.json.encode(event).decode()


def test_whoever_changes_another_cell_of_the_same_record_is_no_obstacle(office, ledger):
    name, price, *_ = fields(ledger)
    update_record(
        office.context, UpdateRecord(table=ledger.id, record=1, rev=1, values={name: "x"})
    )
    done = change(office, ledger, (1, 1, {price: 7}))
    assert (done.records[0].texts[:2], done.records[0].rev) == (["x", "7"], 3)
    assert done.conflicts == []


def test_a_cell_that_somebody_else_changed_is_told_with_who_and_what_stands_there(office, ledger):
    name, price, *_ = fields(ledger)
    other = office.as_person("a2", ("records.view", "tables"), ("records.edit", "tables"))
    update_record(other, UpdateRecord(table=ledger.id, record=1, rev=1, values={name: "theirs"}))
    done = change(office, ledger, (1, 1, {name: "mine", price: 7}), (2, 1, {name: "d"}))
    (clash,) = done.conflicts
    assert (clash.record, clash.field, clash.by) == (1, name, "a2")
    assert clash.at > 0
    assert [one.texts[:2] for one in done.newest] == [["theirs", "1"]]
    assert [one.id for one in done.records] == [2], "another record is written all the same"
    assert texts(office, ledger, 1)[:2] == ["theirs", "1"], "a record is written whole or not"
    assert last_event(office)["numbers"]["conflicts"] == 1
    again = change(office, ledger, (1, done.newest[0].rev, {name: "mine", price: 7}))
    assert again.records[0].texts[:2] == ["mine", "7"]


def test_who_writes_what_the_other_wrote_meets_no_conflict(office, ledger):
    name, *_ = fields(ledger)
    change(office, ledger, (1, 1, {name: "same"}))
    done = change(office, ledger, (1, 1, {name: "same"}))
    assert (done.conflicts, done.records[0].rev) == ([], 2)


def test_where_the_history_is_not_there_any_more_every_cell_counts_as_changed(office, ledger):
    name, price, *_ = fields(ledger)
    change(office, ledger, (1, 1, {name: "x"}))
    with office.appliance.database.write() as session:
        session.connection().execute(text("DELETE FROM tables_history"))
    done = change(office, ledger, (1, 1, {price: 7}))
    assert [one.field for one in done.conflicts] == [price]


def test_what_does_not_fit_is_told_cell_by_cell_and_the_others_are_written_METI_38(office, ledger):
    name, price, day, state = fields(ledger)
    done = change(
        office, ledger,
        (1, 1, {name: "ok", price: "many", day: "2026/13/45"}),
        (2, 1, {state: "受注"}),
        (99, 1, {name: "x"}),
        added=[{name: "new"}, {price: 10_000}],
    )  # fmt: skip
    assert [(one.record, one.field) for one in done.refused] == [
        (1, price), (1, day), (99, 0), (0, price),
    ]  # fmt: skip
    assert done.refused[-1].place == 1
    assert all(one.told and one.reason for one in done.refused)
    assert [one.texts[3] for one in done.records] == ["受注"]
    assert [one.texts[0] for one in done.added] == ["new"]
    assert texts(office, ledger, 1)[0] == "a"
    numbers = last_event(office)["numbers"]
    assert numbers == {"rows": 2, "cells": 2, "conflicts": 0, "refused": 4}


def test_all_or_nothing_writes_nothing_where_one_cell_does_not_fit(office, ledger):
    name, price, *_ = fields(ledger)
    asked = {"added": [{name: "new"}], "removed": [RecordAt(record=3, rev=1)], "whole": True}
    done = change(office, ledger, (1, 1, {name: "x"}), (2, 1, {price: "many"}), **asked)
    assert (done.records, done.added, done.removed) == ([], [], [])
    assert sorted(one.id for one in done.newest) == [1, 2, 3]
    assert [texts(office, ledger, one)[0] for one in (1, 2, 3)] == ["a", "b", "c"]
    assert list_records(office.context, ListRecords(table=ledger.id)).total == 3
    assert last_event(office)["numbers"]["rows"] == 0
    done = change(office, ledger, (1, 1, {name: "x"}), (2, 1, {price: 4}), **asked)
    assert ([one.rev for one in done.records], done.removed) == ([2, 2], [3])


def test_an_undo_is_the_same_operation_with_the_former_texts(office, ledger):
    name, price, *_ = fields(ledger)
    done = change(office, ledger, (1, 1, {name: "x", price: 9}), added=[{name: "new"}])
    back = change(
        office, ledger,
        (1, done.records[0].rev, {name: "a", price: "1"}),
        removed=[RecordAt(record=done.added[0].id, rev=done.added[0].rev)],
    )  # fmt: skip
    assert back.records[0].texts[:2] == ["a", "1"]
    assert back.removed == [done.added[0].id]
    told = last_event(office)["references"]
    assert {"change", "root", "change_removed", "root_removed"} <= told.keys()
    kept = rows(office, "SELECT record_id, rev FROM tables_history ORDER BY id")
    assert {(1, 2), (1, 3), (done.added[0].id, 2)} == {(one[0], one[1]) for one in kept}


def test_a_value_that_occurs_once_is_refused_the_second_time(office):
    table = office.table("品目", CODE, NAME)
    office.fill(table, [["1", "a"], ["2", "b"]])
    code, _name = fields(table)
    done = change(office, table, (2, 1, {code: "1"}), added=[{code: "3"}, {code: "3"}])
    assert [(one.record, one.place, one.field) for one in done.refused] == [
        (2, 0, code), (0, 1, code),
    ]  # fmt: skip
    assert [one.texts[0] for one in done.added] == ["3"]


def test_who_may_not_add_or_delete_changes_nothing_with_it_F4(office, ledger):
    name, *_ = fields(ledger)
    edits = office.as_person("a2", ("records.view", "tables"), ("records.edit", "tables"))
    fine = ChangeCells(table=ledger.id, changes=[RecordCells(record=1, rev=1, values={name: "x"})])
    for more in ({"added": [{name: "n"}]}, {"removed": [RecordAt(record=2, rev=1)]}):
        with pytest.raises(NotAllowed):
            change_cells(edits, msgspec.structs.replace(fine, **more))
    assert texts(office, ledger, 1)[0] == "a"
    assert change_cells(edits, fine).records[0].texts[0] == "x"
    with pytest.raises(NotAllowed):
        change_cells(office.as_person("a3", ("records.view", "tables")), fine)


def test_a_record_is_named_once_and_a_column_too(office, ledger):
    name, *_ = fields(ledger)
    with pytest.raises(InvalidInput):
        change(office, ledger, (1, 1, {name: "x"}), (1, 1, {name: "y"}))
    with pytest.raises(InvalidInput):
        change(office, ledger, (1, 1, {name: "x"}), columns=(name, name))
    with pytest.raises(InvalidInput):
        change(office, ledger, (1, 1, {name: "x"}), columns=(999,))
    assert texts(office, ledger, 1)[0] == "a"


def test_a_page_learns_what_others_changed_deleted_and_added(office, ledger):
    name, price, *_ = fields(ledger)
    seen = {1: 1, 2: 1, 3: 1}
    quiet = list_newer(office.context, ListNewer(table=ledger.id, seen=seen))
    assert (quiet.records, quiet.gone, quiet.added) == ([], [], False)
    change(office, ledger, (1, 1, {name: "x"}), removed=[RecordAt(record=2, rev=1)])
    asked = ListNewer(table=ledger.id, seen=seen, since=quiet.mark, columns=(price, name))
    news = list_newer(office.context, asked)
    assert [(one.id, one.rev, one.texts) for one in news.records] == [(1, 2, ["1", "x"])]
    assert (news.gone, news.added) == ([2], False)
    change(office, ledger, added=[{name: "n"}])
    assert list_newer(office.context, msgspec.structs.replace(asked, since=news.mark)).added
    with pytest.raises(NotAllowed):
        list_newer(office.as_person("a2", ("records.view", "tables/9")), asked)


def test_a_large_copy_is_an_export_and_leaves_one_event_with_its_count_F5(office, ledger):
    name, price, *_ = fields(ledger)
    asked = CopyCells(table=ledger.id, records=[3, 1, 77], columns=(price, name))
    assert copy_cells(office.context, asked).rows == [["3", "c"], ["1", "a"]]
    event = last_event(office)
    assert (event["verb"], event["numbers"]) == ("records.copy", {"rows": 2, "cells": 4})
    with pytest.raises(NotAllowed):
        copy_cells(office.as_person("a2", ("records.view", "tables")), asked)


def test_a_list_brings_what_people_type_where_it_is_asked_for(office, ledger):
    name, price, _day, state = fields(ledger)
    change(office, ledger, (1, 1, {price: "1200", state: "受注"}))
    asked = ListRecords(table=ledger.id, columns=(state, price, name), typed=True)
    page = list_records(office.context, asked)
    assert page.records[0].texts == ["受注", "1200", "a"]
    assert page.records[0].words == ["受注", "1200", "a"]
    plain = list_records(office.context, msgspec.structs.replace(asked, typed=False))
    assert plain.records[0].texts == []


def test_what_a_sheet_changes_added_and_deleted_can_be_proven_from_what_is_kept_F5(office):
    moved = ColumnPlan(name="更新", kind=FieldKind.UPDATED_AT)
    table = office.table("台帳", NAME, moved)
    name = table.fields[0].id
    made = change(office, table, added=[{name: "a"}, {name: "b"}, {name: "c"}]).added
    change(office, table, *[(one.id, 1, {name: f"{one.id}x"}) for one in reversed(made)])
    change(office, table, removed=[RecordAt(record=made[0].id, rev=2)])
    for record, states in ((made[0].id, 3), (made[1].id, 2)):
        found = prove_history(office.context, ProveHistory(table=table.id, record=record))
        assert [bool(one.root) for one in found.states] == [True] * states
        assert {one.verdict for one in found.states} == {Verdict.WAITING}
