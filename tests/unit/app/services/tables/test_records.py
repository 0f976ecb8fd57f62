"""Tables and records through their operations, on the database."""

import itertools

import msgspec
import pytest
from sqlalchemy import false, select, text

from app.audit.models import OutboxEvent
from app.core.errors import Conflict, InvalidInput, NotFound
from app.operations.context import Actor, Context, Plane
from app.operations.errors import NotAllowed, WrongPlane
from app.services.tables import catalogue
from app.services.tables.changes import leaves, merkle_root
from app.services.tables.drift import Drift, find_drift
from app.services.tables.errors import NotReady, TooManyColumns
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind, TableState
from app.services.tables.operations.exporting import (
    ExportRecords,
    check_export,
    export_records,
)
from app.services.tables.operations.records import (
    Count,
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
from app.services.tables.operations.tables import (
    ChangeTable,
    CreateTable,
    GetTable,
    ListTables,
    RenameTable,
    create_table,
    delete_table,
    get_table,
    list_tables,
    rename_table,
    restore_table,
)
from app.services.tables.preview import ColumnPlan
from app.services.tables.query import Rows
from app.services.tables.reach import Reach
from app.services.tables.selection import Comparison, Conditions, Filter, Selection, Sort
from app.services.tables.writing import At, stored_values, update_row

TEXT = ColumnPlan(name="名前")
NUMBER = ColumnPlan(name="金額", kind=FieldKind.INTEGER)
RATE = ColumnPlan(name="率", kind=FieldKind.DECIMAL, scale=2)
DAY = ColumnPlan(name="日付", kind=FieldKind.DATE)
TICK = ColumnPlan(name="済", kind=FieldKind.CHECKBOX)

FIELDS = [FieldInfo(id=0, name="a", kind=FieldKind.TEXT)]

POISON = """'"; DROP TABLE u1; --\\ %_`]) OR 1=1 /* $1 :p ? {x} \u2028"""


def cells(page):
    return [record.cells for record in page.records]


def events(appliance):
    with appliance.database.read() as session:
        contents = session.connection().execute(
            select(OutboxEvent.content).order_by(OutboxEvent.id)
        )
        return [msgspec.json.decode(content) for (content,) in contents]


def test_a_record_keeps_what_was_typed(office):
    table = office.table("台帳", TEXT, NUMBER, RATE, DAY, TICK)
    (made,) = office.fill(table, [["霞が関", "¥1,200", "0.25", "令和8年1月2日", True]])
    assert made.cells == ["霞が関", 1200, "0.25", "2026-01-02", True]
    assert (made.rev, made.created_by) == (1, "a1")
    seen = get_record(office.context, GetRecord(table=table.id, record=made.id))
    assert seen.texts == ["霞が関", "1200", "0.25", "2026-01-02", "TRUE"]
    assert msgspec.structs.replace(seen, texts=[]) == made


def test_a_value_that_does_not_fit_its_field_is_refused_METI_38(office):
    table = office.table("台帳", NUMBER)
    with pytest.raises(InvalidInput) as refused:
        office.fill(table, [["many"]])
    assert refused.value.parameters["field"] == "金額"
    with pytest.raises(InvalidInput):
        create_record(office.context, CreateRecord(table=table.id, values={999: "x"}))
    assert list_records(office.context, ListRecords(table=table.id)).total == 0


def test_whoever_changes_what_somebody_else_changed_is_told(office):
    table = office.table("台帳", TEXT, NUMBER)
    (made,) = office.fill(table, [["a", 1]])
    name, _number = (found.id for found in table.fields)
    change = UpdateRecord(table=table.id, record=made.id, rev=1, values={name: "b"})
    changed = update_record(office.context, change)
    assert (changed.cells, changed.rev) == (["b", 1], 2)
    with pytest.raises(Conflict):
        update_record(office.context, change)
    with pytest.raises(Conflict):
        delete_record(office.context, DeleteRecord(table=table.id, record=made.id, rev=1))
    delete_record(office.context, DeleteRecord(table=table.id, record=made.id, rev=2))
    with pytest.raises(NotFound):
        get_record(office.context, GetRecord(table=table.id, record=made.id))
    with pytest.raises(NotFound):
        update_record(office.context, change)
    found = list_records(office.context, ListRecords(table=table.id, search="b"))
    assert (found.records, found.total) == ([], 0)


def test_the_history_keeps_what_was_before_and_the_root_covers_what_is(office):
    table = office.table("台帳", TEXT, NUMBER)
    (made,) = office.fill(table, [["a", 1]])
    name = table.fields[0].id
    update_record(
        office.context, UpdateRecord(table=table.id, record=made.id, rev=1, values={name: "b"})
    )
    delete_record(office.context, DeleteRecord(table=table.id, record=made.id, rev=2))
    with office.appliance.database.read() as session:
        connection = session.connection()
        history = connection.execute(text("SELECT rev, before FROM tables_history ORDER BY rev"))
        assert [(rev, msgspec.json.decode(before)) for rev, before in history] == [
            (2, {str(name): "a"}),
            (3, {str(name): "b", str(table.fields[1].id): 1}),
        ]
        changes = connection.execute(
            text("SELECT id, action, salt, root FROM tables_change ORDER BY id")
        ).all()
        info = catalogue.find_table(session, table.id)
    states = ([made.id, 1, "a", 1], [made.id, 2, "b", 1], [made.id, 3, "b", 1])
    told = [event["references"] for event in events(office.appliance)[1:]]
    for (change, action, salt, root), row, said in zip(changes, states, told, strict=True):
        assert action in ("create", "update", "delete")
        assert root == merkle_root(leaves(bytes.fromhex(salt), info, [row]))
        assert (said["change"], said["root"], said["record"]) == (change, root, str(made.id))


def test_an_event_holds_no_value_of_a_record(office):
    table = office.table("台帳", TEXT)
    office.fill(table, [["秘密の値"]])
    assert "秘密の値" not in msgspec.json.encode(events(office.appliance)).decode()


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("place", [None, 0, 1, 2])
def test_pages_go_both_ways_and_lose_no_row_with_ties_and_empty_cells(office, place, descending):
    table = office.table("台帳", TEXT, NUMBER, RATE)
    rows = list(itertools.product(["b", None, "a"], [2, None, -1], ["0.5", None]))
    office.fill(table, rows)
    sort = Sort(field=0 if place is None else table.fields[place].id, descending=descending)
    ask = ListRecords(table=table.id, sorts=(sort,), limit=4)
    whole = list_records(office.context, msgspec.structs.replace(ask, limit=500)).records
    forward, page = [], list_records(office.context, ask)
    assert page.before == ""
    while True:
        forward += page.records
        if not page.after:
            break
        page = list_records(office.context, msgspec.structs.replace(ask, after=page.after))
    assert forward == whole
    assert len(whole) == len(rows)
    backward = list(page.records)
    while page.before:
        page = list_records(office.context, msgspec.structs.replace(ask, before=page.before))
        backward = page.records + backward
    assert backward == whole
    if place is not None:
        column = [record.cells[place] for record in whole]
        filled = [cell for cell in column if cell is not None]
        key = float if place == 2 else None
        assert column == sorted(filled, key=key, reverse=descending) + [None] * (
            len(rows) - len(filled)
        )


def test_search_finds_kana_of_any_kind_and_counts_exactly(office):
    table = office.table("台帳", TEXT, NUMBER)
    office.fill(table, [["ガス会社", 1], ["ｶﾞｽ管", 2], ["がす", 31], ["Ｇａｓ", 4], ["霞", 5]])
    for asked, total in (("ガス", 3), ("ｶﾞｽ", 3), ("gas", 1), ("3", 1), ("", 5), (" 霞 ", 1)):
        found = list_records(office.context, ListRecords(table=table.id, search=asked))
        assert (found.total, found.at_least, len(found.records)) == (total, False, total)


def test_search_never_runs_from_one_field_into_the_next(office):
    table = office.table("台帳", TEXT, ColumnPlan(name="x"))
    office.fill(table, [["霞", "が関"]])
    assert list_records(office.context, ListRecords(table=table.id, search="霞が")).total == 0


def test_filters_compare_by_the_kind_of_the_field(office):
    table = office.table("台帳", TEXT, NUMBER, DAY)
    office.fill(
        table,
        [
            ["Aoi", 1, "2026-01-01"],
            ["aoi2", 20, "2026-02-01"],
            [None, 3, None],
            ["b", None, "1999-1-1"],
        ],
    )
    name, number, day = (found.id for found in table.fields)
    for filters, total in (
        ([(name, "equals", "Aoi")], 1),
        ([(name, "contains", "ＡＯＩ")], 2),
        ([(name, "empty", "")], 1),
        ([(name, "filled", "")], 3),
        ([(number, "from", "3"), (number, "to", "20")], 2),
        ([(number, "contains", "2")], 1),
        ([(number, "equals", "２０")], 1),
        ([(number, "equals", "")], 1),
        ([(day, "from", "令和8年1月15日")], 1),
        ([(day, "to", "2026/1/1"), (name, "filled", "")], 2),
    ):
        asked = tuple(
            Filter(field=field, test=Comparison(test), value=value)
            for field, test, value in filters
        )
        found = list_records(
            office.context, ListRecords(table=table.id, where=Conditions(filters=asked))
        )
        assert (filters, found.total) == (filters, total)
    for test, value in (("from", "x"), ("from", ""), ("contains", "")):  # never all rows instead
        asked = (Filter(field=number, test=Comparison(test), value=value),)
        with pytest.raises(InvalidInput):
            list_records(
                office.context, ListRecords(table=table.id, where=Conditions(filters=asked))
            )


def test_a_list_says_more_than_ten_thousand_until_somebody_asks(office, monkeypatch):
    monkeypatch.setattr("app.services.tables.counting.CAP", 2)
    table = office.table("台帳", TEXT)
    office.fill(table, [["a"], ["b"], ["c"]])
    capped = list_records(office.context, ListRecords(table=table.id, limit=1))
    assert (capped.total, capped.at_least) == (2, True)
    exact = list_records(office.context, ListRecords(table=table.id, limit=1, count=Count.EXACT))
    assert (exact.total, exact.at_least) == (3, False)
    none = list_records(office.context, ListRecords(table=table.id, count=Count.NONE))
    assert none.total is None
    whole = list_records(office.context, ListRecords(table=table.id))
    assert (whole.total, whole.at_least) == (3, False), "all of it stands on the page"


@pytest.mark.parametrize("place", ["name", "column", "value", "search", "filter", "mark", "export"])
def test_no_text_reaches_the_sql_V3(office, place):
    """Everywhere a person can type, type what would break a statement; nothing happens."""
    table = office.table(POISON, ColumnPlan(name=POISON), ColumnPlan(name=POISON + "2"))
    office.fill(table, [[POISON, "a"], ["b", None]])
    field = table.fields[0].id
    ask = ListRecords(table=table.id)
    if place == "search":
        assert list_records(office.context, ListRecords(table=table.id, search=POISON)).total == 1
        for sign in "%_'\\":
            found = list_records(office.context, ListRecords(table=table.id, search=sign))
            assert found.total == 1
    elif place == "filter":
        for test in (Comparison.EQUALS, Comparison.CONTAINS):
            asked = (Filter(field=field, test=test, value=POISON),)
            assert (
                list_records(
                    office.context, ListRecords(table=table.id, where=Conditions(filters=asked))
                ).total
                == 1
            )
    elif place == "mark":
        for bad in (POISON, "e30", "WzAsZmFsc2UsIngiLDFd", "W10", "é"):
            with pytest.raises(InvalidInput):
                list_records(office.context, ListRecords(table=table.id, after=bad))
    elif place == "export":
        download = export_records(office.context, ExportRecords(table=table.id, search=POISON))
        assert len(b"".join(download.chunks).splitlines()) == 2
    else:
        renamed = rename_table(
            office.context, RenameTable(table=table.id, rev=1, name=POISON + "!")
        )
        assert renamed.name == POISON + "!"
    assert cells(list_records(office.context, ask)) == [[POISON, "a"], ["b", None]]
    assert get_table(office.context, GetTable(table=table.id)).fields[0].name == POISON


def test_a_mark_of_another_order_is_refused_V6(office):
    table = office.table("台帳", TEXT, NUMBER)
    office.fill(table, [["a", 1], ["b", 2]])
    name, number = (found.id for found in table.fields)
    page = list_records(
        office.context, ListRecords(table=table.id, sorts=(Sort(field=name),), limit=1)
    )
    for sort in (Sort(field=number), Sort(field=name, descending=True), Sort()):
        with pytest.raises(InvalidInput):
            list_records(
                office.context, ListRecords(table=table.id, sorts=(sort,), after=page.after)
            )
    with pytest.raises(InvalidInput):
        list_records(office.context, ListRecords(table=table.id, sorts=(Sort(field=999),)))


def test_rows_out_of_scope_and_hidden_fields_do_not_exist_METI_45(office):
    """What rights on views will use: the one builder applies row scope and field mask."""
    table = office.table("台帳", TEXT, NUMBER)
    first, second = office.fill(table, [["秘密1", 1], ["公開", 2]])
    name, number = (found.id for found in table.fields)
    with office.appliance.database.read() as session:
        info = catalogue.find_table(session, table.id)
        masked = Rows(session, info, Reach(hidden=frozenset({name})))
        assert [field.id for field in masked.fields] == [number]
        assert masked.count(Selection(search="秘密")) == 0
        assert masked.count(Selection(search="1")) == 1
        assert masked.get(first.id)[6:] == (1,)
        for bad in (
            Selection(sorts=(Sort(field=name),)),
            Selection(where=Conditions(filters=(Filter(field=name, test=Comparison.FILLED),))),
        ):
            with pytest.raises(InvalidInput):
                masked.page(bad, after="", before="", limit=1)
        with pytest.raises(InvalidInput):
            stored_values(masked, {name: "x"})
        assert (
            Rows(session, info, Reach(hidden=frozenset({name, number}))).count(
                Selection(search="1")
            )
            == 0
        )
        own = Reach(rows=lambda rows: rows.c.id == second.id)
        scoped = Rows(session, info, own)
        assert scoped.get(first.id) is None
        assert scoped.count(Selection()) == 1
        assert [row[0] for part in scoped.stream(Selection()) for row in part] == ["公開"]
        nothing = Rows(session, info, Reach(rows=lambda _rows: false()))
        assert nothing.page(Selection(), after="", before="", limit=5).rows == []
        context = Context(office.appliance, actor=office.context.actor)
        with pytest.raises(NotFound):
            update_row(context.running(session, None), scoped, At(first.id, 1), {number: 9})


def test_tables_are_renamed_deleted_and_brought_back(office):
    table = office.table("台帳", TEXT)
    office.fill(table, [["a"]])
    renamed = rename_table(office.context, RenameTable(table=table.id, rev=1, name="帳簿"))
    with pytest.raises(Conflict):
        rename_table(office.context, RenameTable(table=table.id, rev=1, name="x"))
    gone = delete_table(office.context, ChangeTable(table=table.id, rev=renamed.rev))
    assert gone.deleted_at > 0
    with pytest.raises(NotFound):
        list_records(office.context, ListRecords(table=table.id))
    assert list_tables(office.context, ListTables()).tables == []
    assert [t.name for t in list_tables(office.context, ListTables(deleted=True)).tables] == [
        "帳簿"
    ]
    back = restore_table(office.context, ChangeTable(table=table.id, rev=gone.rev))
    assert cells(list_records(office.context, ListRecords(table=back.id))) == [["a"]]
    with pytest.raises(NotFound):
        restore_table(office.context, ChangeTable(table=table.id, rev=back.rev))


def test_a_table_with_two_columns_of_one_name_or_too_many_is_not_made(office):
    with pytest.raises(InvalidInput):
        office.table("x", TEXT, TEXT)
    with pytest.raises(TooManyColumns):
        office.table("x", *(ColumnPlan(name=str(number)) for number in range(501)))
    assert list_tables(office.context, ListTables()).tables == []


def test_each_verb_on_each_table_is_a_right_of_its_own_F4(office):
    mine = office.table("A", TEXT)
    other = office.table("B", TEXT)
    (record,) = office.fill(mine, [["a"]])
    field = mine.fields[0].id
    asks = {
        "view": lambda context, table: list_records(context, ListRecords(table=table)),
        "create": lambda context, table: create_record(
            context, CreateRecord(table=table, values={})
        ),
        "edit": lambda context, table: update_record(
            context, UpdateRecord(table=table, record=record.id, rev=1, values={field: "b"})
        ),
        "export": lambda context, table: export_records(context, ExportRecords(table=table)),
        "delete": lambda context, table: delete_record(
            context, DeleteRecord(table=table, record=record.id, rev=2)
        ),
    }
    for verb in asks:
        context = office.as_person("b1", (f"records.{verb}", f"tables/{mine.id}"))
        for asked, ask in asks.items():
            if asked == verb:
                ask(context, mine.id)
            else:
                with pytest.raises(NotAllowed):
                    ask(context, mine.id)
            with pytest.raises(NotAllowed):
                ask(context, other.id)
    viewer = office.as_person("c1", ("records.view", f"tables/{mine.id}"))
    assert [t.name for t in list_tables(viewer, ListTables()).tables] == ["A"]
    with pytest.raises(NotAllowed):
        list_tables(viewer, ListTables(deleted=True))
    with pytest.raises(NotAllowed):
        create_table(viewer, CreateTable(name="x", columns=[TEXT]))


def test_the_console_offers_no_records(office):
    console = Context(office.appliance, actor=office.context.actor, plane=Plane.CONSOLE)
    table = office.table("A", TEXT)
    with pytest.raises(WrongPlane):
        list_records(console, ListRecords(table=table.id))


def test_an_export_holds_what_the_list_shows_and_leaves_an_event_F14_METI_8(office):
    table = office.table("台帳", TEXT, NUMBER)
    office.fill(table, [["=霞", 3], ["霞", 1], ["東", 2], ["😀霞", None]])
    number = table.fields[1].id
    ask = ExportRecords(table=table.id, search="霞", sorts=(Sort(field=number, descending=True),))
    download = export_records(office.context, ask)
    assert download.filename == "台帳.csv"
    body = b"".join(download.chunks).decode("utf-8-sig")
    assert body == "名前,金額\r\n'=霞,3\r\n霞,1\r\n😀霞,\r\n"
    event = events(office.appliance)[-1]
    assert (event["verb"], event["numbers"]) == ("tables.export", {"rows": 3, "lacking": 0})
    old = msgspec.structs.replace(ask, encoding="cp932", neutralise=False)
    checked = check_export(office.context, old)
    assert (checked.rows, checked.lacking) == (3, 1)
    body = b"".join(export_records(office.context, old).chunks)
    assert body.decode("cp932") == "名前,金額\r\n=霞,3\r\n霞,1\r\n&#128512;霞,\r\n"


def test_an_export_in_an_order_that_does_not_exist_is_refused_before_its_first_byte(office):
    table, other = office.table("A", TEXT), office.table("B", TEXT)
    ask = ExportRecords(table=table.id, sorts=(Sort(field=other.fields[0].id),))
    with pytest.raises(InvalidInput):
        export_records(office.context, ask)
    with pytest.raises(InvalidInput):
        check_export(office.context, ask)


def test_a_revision_is_a_number_to_which_one_can_be_added():
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"table": 1, "rev": 2**63 - 1}, ChangeTable)


def test_a_table_that_is_being_made_is_seen_by_nobody(office):
    with office.appliance.database.write() as session:
        made = catalogue.make_table(
            session, name="x", columns=FIELDS, account="a1",
            state=TableState.IMPORTING,
        )  # fmt: skip
    with pytest.raises(NotReady):
        list_records(office.context, ListRecords(table=made.id))
    with pytest.raises(NotFound):
        get_table(office.context, GetTable(table=999))


def test_drift_between_definitions_and_database_is_found(office):
    first, second = office.table("A", TEXT), office.table("B", TEXT)
    assert find_drift(office.appliance.database) == []
    column = f"c{first.fields[0].id}"
    with office.appliance.database.write() as session:
        connection = session.connection()
        connection.execute(text(f"ALTER TABLE u{first.id} RENAME COLUMN {column} TO c77"))
        connection.execute(text(f"DROP TABLE u{second.id}"))
        connection.execute(text("CREATE TABLE u99 (id INTEGER)"))
    found = find_drift(office.appliance.database)
    assert found[0] == Drift(table=f"u{first.id}", missing=(column,), unknown=("c77",))
    assert found[1].table == f"u{second.id}"
    assert "id" in found[1].missing
    assert found[2] == Drift(table="u99", unknown=("*",))


def test_definition_and_sql_table_are_made_together_or_not_at_all(office):
    class Stop(Exception):
        pass

    with pytest.raises(Stop), office.appliance.database.write() as session:
        catalogue.make_table(
            session, name="x", columns=FIELDS, account="a1",
            state=TableState.READY,
        )  # fmt: skip
        raise Stop
    assert find_drift(office.appliance.database) == []
    assert list_tables(office.context, ListTables()).tables == []


def test_the_machine_itself_sees_all_tables(office):
    office.table("A", TEXT)
    local = Context(office.appliance, actor=Actor(local=True))
    assert len(list_tables(local, ListTables()).tables) == 1
