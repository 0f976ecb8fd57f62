"""What a record held before, put back: one value, a whole state, a deleted record."""

import msgspec
import pytest
from sqlalchemy import select, text

from app.audit.models import OutboxEvent
from app.core.errors import Conflict, InvalidInput, NotFound
from app.identity.models import Account
from app.identity.personal_data import pseudonym
from app.operations.errors import NotAllowed
from app.services.tables.drift import find_drift
from app.services.tables.errors import DoesNotFitBack
from app.services.tables.fields import Option, Settings
from app.services.tables.models import FieldKind
from app.services.tables.operations import fields as design
from app.services.tables.operations import putting_back as back
from app.services.tables.operations import record_history as told
from app.services.tables.operations.records import (
    CreateRecord,
    DeleteRecord,
    GetRecord,
    ListRecords,
    UpdateRecord,
    create_record,
    delete_record,
    get_record,
    list_records,
    update_record,
)
from app.services.tables.operations.retyping import ChangeType, change_type
from app.services.tables.operations.tables import GetTable, get_table
from app.services.tables.past import Columns, load
from app.services.tables.preview import ColumnPlan
from app.services.tables.reach import Reach
from app.services.tables.shapes import read_shape, shape_of
from app.services.tables.telling import CHOICE_GONE, FIELD_GONE, OTHER_TYPE

TAGS = tuple(Option(id=0, name=name) for name in ("赤", "青"))


@pytest.fixture
def goods(office):
    table = office.table(
        "商品",
        ColumnPlan(name="番号", settings=Settings(unique=True)),
        ColumnPlan(name="名前"),
        ColumnPlan(name="価格", kind=FieldKind.MONEY),
        ColumnPlan(name="札", kind=FieldKind.MULTI_SELECT, settings=Settings(options=TAGS)),
        ColumnPlan(name="更新日時", kind=FieldKind.UPDATED_AT),
    )
    one, name, price, tags, _ = (field.id for field in table.fields)
    values = {one: "A1", name: "箱", price: "1000", tags: ["赤"]}
    create_record(office.context, CreateRecord(table=table.id, values=values))
    return table


def field(table, name: str) -> int:
    return next(one.id for one in table.fields if one.name == name)


def change(office, table, rev: int, record: int = 1, **values):
    return update_record(
        office.context,
        UpdateRecord(
            table=table.id,
            record=record,
            rev=rev,
            values={field(table, name): value for name, value in values.items()},
        ),
    )


def history(office, table, record: int = 1, **more):
    asked = told.RecordHistoryAsked(table=table.id, record=record, **more)
    return told.record_history(office.context, asked)


def put(office, table, state: int, rev: int, *names: str, record: int = 1, **more):
    wanted = back.PutBack(
        table=table.id,
        record=record,
        rev=rev,
        version=state,
        fields=[field(table, name) for name in names],
        **more,
    )
    return back.put_back(office.context, wanted)


def values(entry):
    return [(one.name, one.before, one.after) for one in entry.values]


def cells(office, table, record: int = 1):
    return get_record(office.context, GetRecord(table=table.id, record=record)).words[:4]


def test_a_record_tells_who_changed_what_from_what_to_what_the_newest_first_F5(office, goods):
    change(office, goods, 1, 価格="1200", 札=["青", "赤"])
    change(office, goods, 2, 名前="大きな箱")
    found = history(office, goods)
    assert [(one.state, one.action, one.by, one.way) for one in found.entries] == [
        (3, "update", "a1", "page"), (2, "update", "a1", "page"), (1, "create", "a1", "page"),
    ]  # fmt: skip
    assert values(found.entries[0]) == [("名前", "箱", "大きな箱")]
    assert values(found.entries[1]) == [("価格", "¥1,000", "¥1,200"), ("札", "赤", "青, 赤")]
    assert values(found.entries[2])[:3] == [
        ("番号", "", "A1"), ("名前", "", "箱"), ("価格", "", "¥1,000"),
    ]  # fmt: skip
    assert (found.rev, found.after, found.title, found.deleted_at) == (3, 0, "A1", 0)
    assert [one.differs for one in found.entries] == [False, True, True]


def test_a_long_history_is_read_page_by_page_and_every_entry_once(office, goods):
    for rev in range(1, 8):
        change(office, goods, rev, 名前=f"名前{rev}")
    seen, after = [], 0
    while True:
        found = history(office, goods, after=after, limit=3)
        seen += [(one.state, values(one)) for one in found.entries]
        after = found.after
        if not after:
            break
    assert [state for state, _ in seen] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert seen[3][1] == [("名前", "名前3", "名前4")]


def test_yesterdays_value_comes_back_and_that_is_a_change_like_any_other_F5(office, goods):
    change(office, goods, 1, 価格="1200")
    change(office, goods, 2, 名前="大きな箱")
    done = put(office, goods, 1, 3, "価格")
    assert (done.rev, done.back, done.left, done.restored) == (4, ["価格"], [], False)
    assert cells(office, goods) == ["A1", "大きな箱", "¥1,000", "赤"]
    newest = history(office, goods).entries[0]
    assert (newest.state, values(newest)) == (4, [("価格", "¥1,200", "¥1,000")])
    with office.appliance.database.read() as session:
        content = (
            session.connection()
            .execute(select(OutboxEvent.content).order_by(OutboxEvent.id.desc()))
            .scalar()
        )
    event = msgspec.json.decode(content)
    assert event["verb"] == "records.put_back"
    assert event["references"]["record"] == "1"
    assert event["references"]["state"] == "1"


def test_a_whole_state_comes_back_after_a_look_at_what_that_changes(office, goods):
    change(office, goods, 1, 価格="1200", 札=[])
    change(office, goods, 2, 名前="大きな箱")
    asked = back.BackAsked(table=goods.id, record=1, version=1)
    plan = back.preview_put_back(office.context, asked)
    assert [(one.name, one.now, one.then, one.reason) for one in plan.steps] == [
        ("名前", "大きな箱", "箱", ""), ("価格", "¥1,200", "¥1,000", ""), ("札", "", "赤", ""),
    ]  # fmt: skip
    put(office, goods, 1, 3)
    assert cells(office, goods) == ["A1", "箱", "¥1,000", "赤"]
    assert back.preview_put_back(office.context, asked).steps == []


def test_a_deleted_record_is_there_again_with_the_values_it_was_deleted_with(office, goods):
    change(office, goods, 1, 価格="1200")
    delete_record(office.context, DeleteRecord(table=goods.id, record=1, rev=2))
    found = history(office, goods)
    assert found.deleted_at > 0
    assert [(one.action, one.deleted) for one in found.entries] == [
        ("delete", True), ("update", False), ("create", False),
    ]  # fmt: skip
    with pytest.raises(NotFound):
        get_record(office.context, GetRecord(table=goods.id, record=1))
    done = put(office, goods, 3, 3)
    assert done.restored
    assert cells(office, goods) == ["A1", "箱", "¥1,200", "赤"]
    assert [one.action for one in history(office, goods).entries][:2] == ["restore", "delete"]
    found = list_records(office.context, ListRecords(table=goods.id, search="箱"))
    assert [one.id for one in found.records] == [1]
    assert find_drift(office.appliance.database) == []
    # and with those of an earlier state at once
    delete_record(office.context, DeleteRecord(table=goods.id, record=1, rev=4))
    put(office, goods, 1, 5)
    assert cells(office, goods) == ["A1", "箱", "¥1,000", "赤"]
    newest = history(office, goods).entries[0]
    assert (newest.action, values(newest)) == ("restore", [("価格", "¥1,200", "¥1,000")])


def test_a_deleted_record_stays_deleted_where_another_has_its_value(office, goods):
    delete_record(office.context, DeleteRecord(table=goods.id, record=1, rev=1))
    create_record(office.context, CreateRecord(table=goods.id, values={field(goods, "番号"): "A1"}))
    with pytest.raises(InvalidInput) as refused:
        put(office, goods, 2, 2)
    assert refused.value.parameters["field"] == "番号"


def test_who_may_not_delete_brings_no_deleted_record_back_F4(office, goods):
    delete_record(office.context, DeleteRecord(table=goods.id, record=1, rev=1))
    scope = f"tables/{goods.id}"
    editor = office.as_person("a2", ("records.view", scope), ("records.edit", scope))
    wanted = back.PutBack(table=goods.id, record=1, rev=2, version=2)
    with pytest.raises(NotAllowed):
        back.put_back(editor, wanted)
    looker = office.as_person("a3", ("records.view", scope))
    asked = told.RecordHistoryAsked(table=goods.id, record=1)
    assert told.record_history(looker, asked).entries
    with pytest.raises(NotAllowed):
        back.put_back(looker, wanted)
    nobody = office.as_person("a4")
    with pytest.raises(NotAllowed):
        told.record_history(nobody, asked)


def test_nothing_is_put_back_over_what_somebody_wrote_meanwhile(office, goods):
    change(office, goods, 1, 価格="1200")
    with pytest.raises(Conflict):
        put(office, goods, 1, 1, "価格")
    with pytest.raises(InvalidInput):
        put(office, goods, 9, 2)
    delete_record(office.context, DeleteRecord(table=goods.id, record=1, rev=2))
    put(office, goods, 3, 3)
    with pytest.raises(InvalidInput, match="deleted in this state"):
        put(office, goods, 3, 4)


def test_a_value_of_a_deleted_field_keeps_its_label_and_says_why_it_stays_away(office, goods):
    change(office, goods, 1, 価格="1200", 名前="大きな箱")
    price = field(goods, "価格")
    one = design.OneField(table=goods.id, rev=1, field=price)
    design.delete_field(office.context, one)
    entry = history(office, goods).entries[0]
    assert [(one.name, one.before, one.after, one.note) for one in entry.values] == [
        ("名前", "箱", "大きな箱", ""), ("価格", "¥1,000", "¥1,200", FIELD_GONE),
    ]  # fmt: skip
    assert [one.can_go_back for one in entry.values] == [True, False]
    with pytest.raises(DoesNotFitBack) as refused:
        put(office, goods, 1, 2)
    assert refused.value.parameters["field"] == "価格"
    done = put(office, goods, 1, 2, leave=True)
    assert done.back == ["名前"]
    assert [(one.name, one.reason) for one in done.left] == [("価格", FIELD_GONE)]


def test_a_former_value_is_told_in_the_type_of_its_time_and_comes_back_where_it_fits(office, goods):
    change(office, goods, 1, 名前="12")
    change(office, goods, 2, 名前="13")
    change(office, goods, 3, 名前="箱")
    change(office, goods, 4, 名前="14")
    name = field(goods, "名前")
    wanted = ChangeType(table=goods.id, rev=1, field=name, kind=FieldKind.INTEGER, accepting=1)
    change_type(office.context, wanted)
    assert office.worker().work_once()
    goods = get_table(office.context, GetTable(table=goods.id))
    change(office, goods, 5, 名前="1500")
    found = history(office, goods).entries
    assert values(found[0]) == [("名前", "14", "1500")]
    assert values(found[1]) == [("名前", "箱", "14")]
    assert found[1].values[0].note == OTHER_TYPE
    assert found[1].values[0].kind is FieldKind.TEXT
    assert found[0].values[0].note == ""
    with pytest.raises(DoesNotFitBack):
        put(office, goods, 4, 6, "名前")
    put(office, goods, 3, 6, "名前")
    assert cells(office, goods)[1] == "13"


def test_a_choice_that_is_offered_no_more_is_told_and_does_not_come_back(office, goods):
    change(office, goods, 1, 札=["青"])
    tags = next(one for one in goods.fields if one.name == "札")
    red, blue = tags.settings.options
    renamed = msgspec.structs.replace(blue, name="紺")
    gone = msgspec.structs.replace(red, gone=True)
    settings = msgspec.structs.replace(tags.settings, options=(gone, renamed))
    design.change_field(
        office.context,
        design.ChangeField(table=goods.id, rev=1, field=tags.id, name="札", settings=settings),
    )
    entry = history(office, goods).entries[0]
    assert values(entry) == [("札", "赤", "紺")]
    assert entry.values[0].note == CHOICE_GONE
    with pytest.raises(DoesNotFitBack):
        put(office, goods, 1, 2, "札")


def test_fields_that_are_hidden_and_rows_out_of_reach_have_no_history_F4(
    office, goods, monkeypatch
):
    change(office, goods, 1, 価格="1200")
    change(office, goods, 2, 名前="大きな箱")
    price = field(goods, "価格")
    hidden = Reach(hidden=frozenset({price}))
    monkeypatch.setattr(told, "reach_of", lambda *_: hidden)
    found = history(office, goods)
    assert [one.state for one in found.entries] == [3, 1]
    assert all(one.name != "価格" for entry in found.entries for one in entry.values)
    with pytest.raises(InvalidInput, match="no such field"):
        put(office, goods, 1, 3, "価格")
    put(office, goods, 1, 3)
    monkeypatch.setattr(told, "reach_of", lambda *_: Reach())
    assert cells(office, goods) == ["A1", "箱", "¥1,200", "赤"]
    out = Reach(rows=lambda rows: rows.c.id == 99)
    monkeypatch.setattr(told, "reach_of", lambda *_: out)
    with pytest.raises(NotFound):
        history(office, goods)


def test_who_was_erased_is_told_as_erased(office):
    table = office.table("係", ColumnPlan(name="担当", kind=FieldKind.PERSON))
    gone = "0" * 16 + "abcdefabcdef"
    with office.appliance.database.write() as session:
        for number, (identifier, name) in enumerate(((gone, "森"), ("a1", "Aoi"))):
            session.add(
                Account(
                    id=identifier, login_id=f"p{number}", name=name,
                    created_at=1, changed_at=1,
                )
            )  # fmt: skip
    first = table.fields[0].id
    made = create_record(office.context, CreateRecord(table=table.id, values={first: "森"}))
    update_record(
        office.context, UpdateRecord(table=table.id, record=made.id, rev=1, values={first: "Aoi"})
    )
    with office.appliance.database.write() as session:
        session.connection().execute(
            text("UPDATE identity_account SET name = :name, login_id = :name WHERE id = :id"),
            {"name": pseudonym(gone), "id": gone},
        )
    entry = history(office, table).entries[0]
    assert values(entry) == [("担当", "erased", "Aoi")]
    assert entry.name == "Aoi"


def test_the_shape_of_a_table_is_short_and_read_back(office, goods):
    with office.appliance.database.read() as session:
        from app.services.tables import catalogue

        found = catalogue.find_table(session, goods.id)
        columns = Columns(session, found)
        past = load(session, found, [1], columns)[1]
    numbers = [one.id for one in goods.fields]
    assert shape_of(found) == f"{numbers[0]}-{numbers[-1]}"
    assert read_shape(shape_of(found)) == {one: one for one in numbers}
    assert read_shape("3,1-2,7:31") == {3: 3, 1: 1, 2: 2, 7: 31}
    assert read_shape("") == {}
    assert past.now(numbers[1]) == "箱"
