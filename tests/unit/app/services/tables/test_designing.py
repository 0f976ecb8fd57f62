"""Fields of a table: added, named, hidden, ordered, deleted, brought back."""

import pytest

from app.core.errors import Conflict, InvalidInput, NotFound
from app.operations.errors import NotAllowed
from app.services.tables import designing, renaming
from app.services.tables.drift import find_drift
from app.services.tables.errors import TooManyColumns
from app.services.tables.fields import Option, Settings
from app.services.tables.models import FieldKind
from app.services.tables.operations.exporting import ExportRecords, export_records
from app.services.tables.operations.fields import (
    AddField,
    ChangeField,
    ListDeletedFields,
    OneField,
    OrderFields,
    add_field,
    change_field,
    delete_field,
    list_deleted_fields,
    order_fields,
    restore_field,
)
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
from app.services.tables.preview import ColumnPlan

NAME = ColumnPlan(name="名前")
COLOURS = tuple(Option(id=0, name=name) for name in ("赤", "青"))


def add(office, table, kind=FieldKind.TEXT, name="追加", **settings):
    wanted = AddField(
        table=table.id, rev=table.rev, name=name, kind=kind, settings=Settings(**settings)
    )
    return add_field(office.context, wanted)


def total(office, table, search):
    return list_records(office.context, ListRecords(table=table.id, search=search)).total


@pytest.mark.parametrize("kind", list(FieldKind))
def test_a_field_of_every_type_is_added_to_a_table_that_holds_records(office, kind):
    table = office.table("台帳", NAME)
    (made,) = office.fill(table, [["a"]])
    target = {"target": table.id} if kind in (FieldKind.LINK, FieldKind.LINKS) else {}
    changed = add(office, table, kind, **target)
    assert [field.kind for field in changed.fields] == [FieldKind.TEXT, kind]
    assert changed.rev == table.rev + 1
    seen = get_record(office.context, GetRecord(table=table.id, record=made.id))
    assert seen.cells[0] == "a"
    again = create_record(
        office.context, CreateRecord(table=table.id, values={table.fields[0].id: "b"})
    )
    assert len(again.cells) == 2
    assert find_drift(office.appliance.database) == []
    deleted = delete_field(
        office.context, OneField(table=table.id, rev=changed.rev, field=changed.fields[1].id)
    )
    assert len(deleted.fields) == 1
    assert find_drift(office.appliance.database) == []


def test_a_design_that_somebody_else_changed_is_not_changed_again(office):
    table = office.table("台帳", NAME)
    add(office, table)
    with pytest.raises(Conflict):
        add(office, table, name="別")
    assert find_drift(office.appliance.database) == []  # nor was its column made


def test_two_fields_never_have_one_name(office):
    table = add(office, office.table("台帳", NAME))
    with pytest.raises(InvalidInput) as refused:
        add(office, table)
    assert refused.value.parameters["field"] == "name"
    change = ChangeField(table=table.id, rev=table.rev, field=table.fields[1].id, name="名前")
    with pytest.raises(InvalidInput):
        change_field(office.context, change)


def test_a_field_gets_another_name_and_is_hidden_and_the_history_tells(office):
    table = office.table("台帳", NAME)
    changed = change_field(
        office.context,
        ChangeField(
            table=table.id,
            rev=1,
            field=table.fields[0].id,
            name="氏名",
            settings=Settings(hidden=True, required=True, help="姓と名"),
        ),
    )
    (field,) = changed.fields
    assert (field.name, field.settings.hidden, field.settings.help) == ("氏名", True, "姓と名")
    with pytest.raises(InvalidInput):
        create_record(office.context, CreateRecord(table=table.id, values={}))
    with pytest.raises(NotFound):
        change_field(office.context, ChangeField(table=table.id, rev=2, field=999, name="x"))


def test_choices_keep_their_numbers_and_what_is_taken_away_stays_in_old_records(office):
    table = add(office, office.table("台帳", NAME), FieldKind.SELECT, options=COLOURS)
    colour = table.fields[1]
    (made,) = office.fill(table, [["a", "青"]])
    red, blue = colour.settings.options
    wanted = Settings(options=(Option(id=0, name="白"), Option(id=red.id, name="朱")))
    change = ChangeField(table=table.id, rev=table.rev, field=colour.id, name="色", settings=wanted)
    changed = change_field(office.context, change).fields[1]
    assert changed.settings.options == (
        Option(id=3, name="白"),
        Option(id=red.id, name="朱"),
        Option(id=blue.id, name="青", gone=True),
    )
    assert get_record(office.context, GetRecord(table=table.id, record=made.id)).cells == [
        "a",
        "青",
    ]
    with pytest.raises(InvalidInput):
        office.fill(table, [["b", "青"]])


@pytest.mark.parametrize("kind", [FieldKind.SELECT, FieldKind.MULTI_SELECT])
def test_a_choice_with_another_name_is_found_by_that_name_and_no_more_by_the_old(
    office, monkeypatch, kind
):
    monkeypatch.setattr(renaming, "AT_ONCE", 2)
    table = add(office, office.table("台帳", NAME), kind, options=COLOURS)
    office.fill(table, [[f"n{number}", "青" if number % 2 else "赤"] for number in range(8)])
    colour = table.fields[1]
    red, blue = colour.settings.options
    wanted = Settings(options=(red, Option(id=blue.id, name="紺")))
    change_field(
        office.context,
        ChangeField(table=table.id, rev=table.rev, field=colour.id, name="色", settings=wanted),
    )
    assert [total(office, table, text) for text in ("青", "紺", "赤", "n3")] == [0, 4, 4, 1]


def test_values_occur_once_from_then_on_unless_they_occur_twice_already(office):
    table = office.table("台帳", NAME)
    office.fill(table, [["a"], ["a"]])
    name = table.fields[0].id

    def once(rev, *, unique):
        settings = Settings(unique=unique)
        wanted = ChangeField(table=table.id, rev=rev, field=name, name="名前", settings=settings)
        return change_field(office.context, wanted)

    with pytest.raises(InvalidInput) as refused:
        once(1, unique=True)
    assert refused.value.parameters["reason"] == designing.TWICE
    update_record(office.context, UpdateRecord(table=table.id, record=2, rev=1, values={name: "b"}))
    assert once(1, unique=True).fields[0].settings.unique
    with pytest.raises(InvalidInput):
        office.fill(table, [["b"]])
    once(2, unique=False)
    office.fill(table, [["b"]])
    update_record(
        office.context, UpdateRecord(table=table.id, record=2, rev=2, values={name: "x" * 501})
    )
    with pytest.raises(InvalidInput):
        once(3, unique=True)


def test_a_link_leads_into_one_table_for_good(office):
    one, other = office.table("甲", NAME), office.table("乙", NAME)
    table = add(office, one, FieldKind.LINK, target=other.id)
    moved = Settings(target=one.id)
    with pytest.raises(InvalidInput) as refused:
        change_field(
            office.context,
            ChangeField(
                table=one.id, rev=table.rev, field=table.fields[1].id, name="x", settings=moved
            ),
        )
    assert refused.value.parameters["field"] == "settings.target"


def test_fields_stand_in_the_order_that_was_chosen(office):
    table = office.table("台帳", NAME, ColumnPlan(name="数", kind=FieldKind.INTEGER))
    office.fill(table, [["a", 1]])
    first, second = (field.id for field in table.fields)
    turned = order_fields(
        office.context, OrderFields(table=table.id, rev=1, fields=[second, first])
    )
    assert [field.id for field in turned.fields] == [second, first]
    page = list_records(office.context, ListRecords(table=table.id))
    assert page.records[0].cells == [1, "a"]
    for wrong in ([first], [first, first], [first, second, 999]):
        with pytest.raises(InvalidInput):
            order_fields(office.context, OrderFields(table=table.id, rev=2, fields=wrong))


def test_a_deleted_field_is_gone_everywhere_and_comes_back_with_its_values(office):
    table = office.table("台帳", NAME, ColumnPlan(name="秘密"))
    first, second = office.fill(table, [["a", "霞が関"], ["b", "永田町"]])
    name, secret = (field.id for field in table.fields)
    gone = delete_field(office.context, OneField(table=table.id, rev=1, field=secret))
    assert [field.name for field in gone.fields] == ["名前"]
    assert total(office, table, "霞が関") == 0
    assert total(office, table, "a") == 1
    file = b"".join(export_records(office.context, ExportRecords(table=table.id)).chunks)
    assert "霞が関" not in file.decode("utf-8-sig")
    with pytest.raises(InvalidInput):
        create_record(office.context, CreateRecord(table=table.id, values={secret: "x"}))
    change = UpdateRecord(table=table.id, record=first.id, rev=1, values={name: "c"})
    assert update_record(office.context, change).cells == ["c"]
    (listed,) = list_deleted_fields(office.context, ListDeletedFields(table=table.id)).items
    assert (listed.id, listed.name) == (secret, "秘密")
    with_another = add(office, gone, name="秘密")
    back = restore_field(
        office.context, OneField(table=table.id, rev=with_another.rev, field=secret)
    )
    assert [field.name for field in back.fields] == ["名前", "秘密 (2)", "秘密"]
    seen = get_record(office.context, GetRecord(table=table.id, record=first.id))
    assert seen.cells == ["c", "霞が関", None]
    assert total(office, table, "霞が関") == 1  # also in the record that was written meanwhile
    assert total(office, table, "永田町") == 1
    assert second.cells[1] == "永田町"
    with pytest.raises(NotFound):
        restore_field(office.context, OneField(table=table.id, rev=back.rev, field=secret))


def test_the_last_field_stays(office):
    table = office.table("台帳", NAME)
    with pytest.raises(InvalidInput):
        delete_field(office.context, OneField(table=table.id, rev=1, field=table.fields[0].id))


def test_a_table_has_no_more_fields_and_columns_than_fit(office, monkeypatch):
    table = office.table("台帳", NAME)
    monkeypatch.setattr(designing, "MOST_FIELDS", 1)
    with pytest.raises(TooManyColumns):
        add(office, table)
    monkeypatch.setattr(designing, "MOST_FIELDS", 500)
    monkeypatch.setattr(designing, "MOST_COLUMNS", 1)
    with pytest.raises(TooManyColumns):
        add(office, table)


def test_only_who_designs_a_table_changes_its_fields_F4(office):
    table = office.table("台帳", NAME, ColumnPlan(name="数"))
    staff = office.as_person("b2", ("records.view", "tables"), ("records.edit", "tables"))
    field = table.fields[0].id
    for change, request in (
        (add_field, AddField(table=table.id, rev=1, name="x")),
        (change_field, ChangeField(table=table.id, rev=1, field=field, name="x")),
        (delete_field, OneField(table=table.id, rev=1, field=field)),
        (restore_field, OneField(table=table.id, rev=1, field=field)),
        (order_fields, OrderFields(table=table.id, rev=1, fields=[field])),
        (list_deleted_fields, ListDeletedFields(table=table.id)),
    ):
        with pytest.raises(NotAllowed):
            change(staff, request)
