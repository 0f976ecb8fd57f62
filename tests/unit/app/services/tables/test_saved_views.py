"""Saved views: whose they are, what of them still fits, and the indexes that make them quick."""

import itertools

import msgspec
import pytest
from sqlalchemy import inspect, select

from app.audit.models import OutboxEvent
from app.core.doors import dialect_of
from app.core.errors import Conflict, InvalidInput, NotFound
from app.identity.models import Account, Group, Membership
from app.operations.context import SYSTEM, Actor, Context, Plane
from app.operations.errors import NotAllowed
from app.operations.permissions import Rights
from app.services.tables import catalogue, view_indexes
from app.services.tables.definition import Colour, ColourRule, Definition
from app.services.tables.fields import Option, Settings
from app.services.tables.fitting import Place, fit
from app.services.tables.grouping import Sum
from app.services.tables.models import FieldKind
from app.services.tables.operations.exporting import ExportRecords, export_records
from app.services.tables.operations.fields import OneField, delete_field, restore_field
from app.services.tables.operations.grouped import ListGroups, list_groups
from app.services.tables.operations.records import ListRecords, list_records
from app.services.tables.operations.retyping import ChangeType, change_type
from app.services.tables.operations.saved_views import (
    ChangeView,
    CreateView,
    GetView,
    ListViews,
    OneView,
    change_view,
    create_view,
    delete_view,
    get_view,
    list_views,
    restore_view,
)
from app.services.tables.operations.sharing import SharingOf, sharing
from app.services.tables.operations.tables import GetTable, get_table
from app.services.tables.preview import ColumnPlan
from app.services.tables.query import Rows
from app.services.tables.reach import Reach
from app.services.tables.saved_views import Shared
from app.services.tables.selection import (
    Comparison,
    Conditions,
    Filter,
    Join,
    Owned,
    Scope,
    Selection,
    Sort,
)
from app.services.tables.statements import Shape, statements

POISON = """'"; DROP TABLE u1; -- 🍣 %_`]) {x} \u202e"""
LOOK = ("records.view", "tables")
PLANS = (
    ColumnPlan(name="件名"),
    ColumnPlan(name="金額", kind=FieldKind.MONEY),
    ColumnPlan(name="担当", kind=FieldKind.PERSON),
    ColumnPlan(name="部署", kind=FieldKind.GROUP),
    ColumnPlan(
        name="状態",
        kind=FieldKind.SELECT,
        settings=Settings(options=(Option(id=0, name="未"), Option(id=0, name="済"))),
    ),
)


@pytest.fixture
def table(office):
    """Orders of two people who are each in a group of their own."""
    with office.appliance.database.write() as session:
        for account, group in (("aoi", "g1"), ("bo", "g2")):
            session.add(
                Account(id=account, login_id=account, name=account, created_at=1, changed_at=1)
            )
            session.add(Group(id=group, name=f"第{group}課", created_at=1))
            session.flush()
            session.add(Membership(group=group, account=account))
    made = office.table("注文", *PLANS)
    office.fill(
        made,
        [
            ["檜", 100, "aoi", "g1", "済"],
            ["杉", 300, "aoi", "g2", "未"],
            ["松", 200, "bo", None, "未"],
        ],
    )
    return made


def number(table, name):
    return next(one.id for one in table.fields if one.name == name)


def where(*filters, join=Join.ALL):
    return Conditions(join=join, filters=filters)


def above(table, value):
    return Filter(field=number(table, "金額"), test=Comparison.ABOVE, value=value)


def seen(context, table, view, **more):
    page = list_records(context, ListRecords(table=table.id, view=view, **more))
    return [record.id for record in page.records]


def work(office):
    while office.worker().work_once():
        pass


def event(office):
    with office.appliance.database.read() as session:
        last = select(OutboxEvent.content).order_by(OutboxEvent.id.desc()).limit(1)
        return msgspec.json.decode(session.connection().execute(last).scalar_one())


def test_a_view_keeps_columns_conditions_order_groups_and_colours_F14(office, table):
    price, state = number(table, "金額"), number(table, "状態")
    rule = ColourRule(
        condition=Filter(field=state, test=Comparison.EQUALS, value="未"), colour=Colour.RED
    )
    says = Definition(
        columns=(price, number(table, "件名")),
        where=where(above(table, "150")),
        sorts=(Sort(field=price, descending=True),),
        group=state,
        sums=(Sum(field=price),),
        colours=(rule,),
    )
    made = create_view(office.context, CreateView(table=table.id, name=POISON, definition=says))
    told = event(office)
    assert (told["verb"], told["references"]["view"]) == ("views.create", str(made.id))
    assert (told["fields"], told["numbers"]) == (
        ["shared", "view"],
        {"columns": 2, "conditions": 1},
    )
    assert get_view(office.context, GetView(table=table.id, view=made.id)) == made
    assert (made.name, made.definition, made.misfits, made.rev) == (POISON, says, [], 1)
    page = list_records(office.context, ListRecords(table=table.id, view=made.id))
    assert [record.cells for record in page.records] == [["300", "杉"], ["200", "松"]]
    assert [field.id for field in page.table.fields] == list(says.columns)
    assert (page.total, page.colours) == (2, {2: Colour.RED, 3: Colour.RED})
    (group,) = list_groups(office.context, ListGroups(table=table.id, view=made.id)).groups
    assert (group.words, group.count, group.figures[0].words) == ("未", 2, "¥500")
    whole = b"".join(
        export_records(office.context, ExportRecords(table=table.id, view=made.id)).chunks
    )
    assert whole.decode("utf-8-sig").splitlines() == ["金額,件名", "300,杉", "200,松"]
    assert event(office)["references"]["view"] == str(made.id)


def test_what_a_request_says_stands_in_the_place_of_what_the_view_says_F14(office, table):
    says = Definition(where=where(above(table, "150")), sorts=(Sort(descending=True),))
    made = create_view(office.context, CreateView(table=table.id, name="大口", definition=says))
    assert seen(office.context, table, made.id) == [3, 2]
    assert seen(office.context, table, made.id, sorts=()) == [2, 3]
    assert seen(office.context, table, made.id, where=Conditions()) == [3, 2, 1]
    assert seen(office.context, table, made.id, search="松") == [3]
    with pytest.raises(NotFound):
        seen(office.context, table, made.id + 1)


def test_a_personal_view_is_seen_and_changed_by_its_owner_only_F4(office, table):
    aoi, bo = office.as_person("aoi", LOOK), office.as_person("bo", LOOK)
    made = create_view(aoi, CreateView(table=table.id, name="私の"))
    assert [one.name for one in list_views(aoi, ListViews(table=table.id)).views] == ["私の"]
    for other in (bo, office.context):
        assert list_views(other, ListViews(table=table.id)).views == []
        for call, wanted in (
            (get_view, GetView(table=table.id, view=made.id)),
            (change_view, ChangeView(table=table.id, view=made.id, rev=1, name="x")),
            (delete_view, OneView(table=table.id, view=made.id, rev=1)),
            (list_records, ListRecords(table=table.id, view=made.id)),
            (export_records, ExportRecords(table=table.id, view=made.id)),
        ):
            refused = NotAllowed if call is export_records and other is bo else NotFound
            with pytest.raises(refused):
                call(other, wanted)
    stranger = office.as_person("chi")
    with pytest.raises(NotAllowed):
        list_views(stranger, ListViews(table=table.id))
    with pytest.raises(NotAllowed):
        create_view(stranger, CreateView(table=table.id, name="x"))


def test_views_are_shared_by_who_designs_the_table_with_all_or_with_groups_F4(office, table):
    aoi, bo = office.as_person("aoi", LOOK), office.as_person("bo", LOOK)
    to_all = CreateView(table=table.id, name="皆の", shared=Shared.ALL)
    with pytest.raises(NotAllowed):
        create_view(aoi, to_all)
    every = create_view(office.context, to_all)
    some = create_view(
        office.context,
        CreateView(table=table.id, name="一課", shared=Shared.GROUPS, groups=("g1",)),
    )
    named = [
        [one.name for one in list_views(who, ListViews(table=table.id)).views]
        for who in (aoi, bo, office.context)
    ]
    assert named == [["一課", "皆の"], ["皆の"], ["一課", "皆の"]]
    assert not get_view(aoi, GetView(table=table.id, view=every.id)).may_change
    for who in (aoi, bo):
        with pytest.raises((NotAllowed, NotFound)):
            delete_view(who, OneView(table=table.id, view=some.id, rev=1))
        with pytest.raises(NotAllowed):
            wanted = ChangeView(table=table.id, view=every.id, rev=1, name="x")
            change_view(who, wanted)
    own = create_view(aoi, CreateView(table=table.id, name="私の"))
    with pytest.raises(NotAllowed):
        change_view(
            aoi, ChangeView(table=table.id, view=own.id, rev=1, name="x", shared=Shared.ALL)
        )
    for shared, groups in ((Shared.GROUPS, ()), (Shared.ALL, ("g1",)), (Shared.GROUPS, ("g9",))):
        with pytest.raises(InvalidInput):
            create_view(
                office.context,
                CreateView(table=table.id, name="x", shared=shared, groups=groups),
            )
    offered = sharing(office.context, SharingOf(table=table.id))
    assert [one.name for one in offered.groups] == ["第g1課", "第g2課"]
    assert sharing(aoi, SharingOf(table=table.id)).groups == []


def test_a_deleted_view_can_be_brought_back_by_who_may_delete_it_F14(office, table):
    aoi = office.as_person("aoi", LOOK)
    made = create_view(aoi, CreateView(table=table.id, name="私の"))
    delete_view(aoi, OneView(table=table.id, view=made.id, rev=1))
    assert (event(office)["verb"], event(office)["fields"]) == ("views.delete", ["view"])
    assert list_views(aoi, ListViews(table=table.id)).views == []
    (gone,) = list_views(aoi, ListViews(table=table.id, deleted=True)).views
    assert gone.deleted_at
    with pytest.raises(NotFound):
        seen(aoi, table, made.id)
    with pytest.raises(NotFound):
        restore_view(office.context, OneView(table=table.id, view=made.id, rev=2))
    restore_view(aoi, OneView(table=table.id, view=made.id, rev=gone.rev))
    assert seen(aoi, table, made.id) == [1, 2, 3]


def test_whoever_changes_a_view_that_somebody_else_changed_is_told(office, table):
    made = create_view(office.context, CreateView(table=table.id, name="a", shared=Shared.ALL))
    wanted = ChangeView(table=table.id, view=made.id, rev=1, name="b", shared=Shared.ALL)
    assert change_view(office.context, wanted).rev == 2
    told = event(office)
    assert (told["verb"], told["fields"]) == ("views.change", ["name"])
    for call, again in (
        (change_view, wanted), (delete_view, OneView(table=table.id, view=made.id, rev=1))
    ):  # fmt: skip
        with pytest.raises(Conflict):
            call(office.context, again)


def test_each_reader_of_a_view_sees_the_rows_that_are_theirs_F14(office, table):
    person, group = number(table, "担当"), number(table, "部署")
    seen_by = {}
    for owned, field in (
        (Owned.OWN, person), (Owned.GROUP, person), (Owned.GROUP, group), (Owned.OWN, 0),
    ):  # fmt: skip
        says = Definition(scope=Scope(owned=owned, field=field))
        made = create_view(
            office.context,
            CreateView(table=table.id, name="own", shared=Shared.ALL, definition=says),
        )
        for account in ("aoi", "bo"):
            reader = office.as_person(account, LOOK)
            seen_by[owned.value, field, account] = seen(reader, table, made.id)
        machine = Context(office.appliance, actor=SYSTEM, plane=Plane.WORKSPACE)
        assert seen(machine, table, made.id) == []
        # narrowing further leaves the scope where it is
        assert (
            seen(office.as_person("bo", LOOK), table, made.id, where=Conditions())
            == seen_by[owned.value, field, "bo"]
        )
    assert seen_by == {
        ("own", person, "aoi"): [1, 2], ("own", person, "bo"): [3],
        ("group", person, "aoi"): [1, 2], ("group", person, "bo"): [3],
        ("group", group, "aoi"): [1], ("group", group, "bo"): [2],
        ("own", 0, "aoi"): [], ("own", 0, "bo"): [],
    }  # fmt: skip


def test_a_view_whose_row_scope_does_not_hold_shows_nothing_and_says_why_F14(office, table):
    person = number(table, "担当")
    says = Definition(scope=Scope(owned=Owned.OWN, field=person))
    made = create_view(office.context, CreateView(table=table.id, name="own", definition=says))
    delete_field(office.context, OneField(table=table.id, rev=1, field=person))
    page = list_records(office.context, ListRecords(table=table.id, view=made.id))
    assert (page.records, page.total) == ([], 0)
    (misfit,) = page.misfits
    assert (misfit.place, misfit.name) == (Place.SCOPE, "担当")
    groups = list_groups(office.context, ListGroups(table=table.id, view=made.id, by=0))
    assert groups.groups[0].count == 0
    with pytest.raises(InvalidInput):
        export_records(office.context, ExportRecords(table=table.id, view=made.id))
    restore_field(office.context, OneField(table=table.id, rev=2, field=person))
    assert list_records(office.context, ListRecords(table=table.id, view=made.id)).misfits == []
    with pytest.raises(InvalidInput):
        create_view(
            office.context,
            CreateView(
                table=table.id,
                name="x",
                definition=Definition(scope=Scope(owned=Owned.OWN, field=number(table, "金額"))),
            ),
        )


def test_a_view_says_which_condition_no_longer_fits_and_shows_the_rest_F14(office, table):
    price, state, title = (number(table, name) for name in ("金額", "状態", "件名"))
    either = where(
        Filter(field=state, test=Comparison.EQUALS, value="済"),
        Filter(field=title, test=Comparison.EQUALS, value="杉"),
        join=Join.ANY,
    )
    says = Definition(
        columns=(title, price, state),
        where=Conditions(filters=(above(table, "50"),), groups=(either,)),
        sorts=(Sort(field=price, descending=True), Sort(field=title)),
        group=state,
        sums=(Sum(field=price),),
        colours=(ColourRule(condition=above(table, "250"), colour=Colour.BLUE),),
    )
    made = create_view(office.context, CreateView(table=table.id, name="v", definition=says))
    assert seen(office.context, table, made.id) == [2, 1]
    delete_field(office.context, OneField(table=table.id, rev=1, field=state))
    page = list_records(office.context, ListRecords(table=table.id, view=made.id))
    told = [(one.place, one.field, one.name) for one in page.misfits]
    assert told == [(Place.FILTER, state, "状態"), (Place.GROUP, state, "状態")]
    assert [record.id for record in page.records] == [2], "the other half of the group holds"
    assert [field.id for field in page.table.fields] == [title, price]
    change_type(
        office.context,
        ChangeType(table=table.id, rev=2, field=price, kind=FieldKind.CHECKBOX, accepting=9),
    )
    work(office)
    view = get_view(office.context, GetView(table=table.id, view=made.id))
    places = [one.place for one in view.misfits]
    assert places == [Place.FILTER, Place.FILTER, Place.GROUP, Place.SUM, Place.COLOUR]
    assert view.definition.colours == ()
    with pytest.raises(InvalidInput):
        export_records(office.context, ExportRecords(table=table.id, view=made.id))
    wanted = ChangeView(table=table.id, view=made.id, rev=1, name="v", definition=view.definition)
    assert change_view(office.context, wanted).misfits == []


def test_a_new_view_must_fit_the_table_METI_38(office, table):
    title, price = number(table, "件名"), number(table, "金額")
    for says in (
        Definition(where=where(Filter(field=999, test=Comparison.FILLED))),
        Definition(where=where(above(table, "many"))),
        Definition(sorts=(Sort(field=999),)),
        Definition(columns=(999,)),
        Definition(columns=(title, title)),
        Definition(group=999),
        Definition(sums=(Sum(field=title),)),
        Definition(where=where(*[above(table, "1")] * 51)),
    ):
        with pytest.raises(InvalidInput):
            create_view(office.context, CreateView(table=table.id, name="x", definition=says))
    assert price


def test_conditions_on_a_hidden_field_are_unknown_to_who_may_not_read_it_F4(office, table):
    price, title = number(table, "金額"), number(table, "件名")
    says = Definition(
        columns=(title, price),
        where=where(above(table, "150")),
        sorts=(Sort(field=price),),
        colours=(ColourRule(condition=above(table, "250"), colour=Colour.RED),),
        sums=(Sum(field=price),),
    )
    with office.appliance.database.read() as session:
        found = catalogue.find_table(session, table.id)
        rows = Rows(session, found, Reach(hidden=frozenset({price})))
        fitted = fit(session, rows, says)
        assert {(one.field, one.name) for one in fitted.misfits} == {(0, "")}
        assert str(price) not in msgspec.json.encode(fitted.definition).decode()
        assert "金額" not in repr(fitted)
        for asked in (
            Selection(where=says.where), Selection(sorts=says.sorts),
            Selection(scope=Scope(owned=Owned.OWN, field=price)),
        ):  # fmt: skip
            with pytest.raises(InvalidInput):
                rows.page(asked, after="", before="", limit=5)
        with pytest.raises(InvalidInput):
            rows.painted([1], [above(table, "250")])


def indexes(office, table):
    with office.appliance.database.read() as session:
        found = inspect(session.connection()).get_indexes(f"u{table.id}")
        return sorted(str(one["name"]) for one in found if str(one["name"]).startswith("v"))


def test_views_share_the_indexes_that_they_need_and_leave_none_behind_F14(office, table):
    title, price, person = (number(table, name) for name in ("件名", "金額", "担当"))
    made = [
        create_view(office.context, CreateView(table=table.id, name="v", definition=says))
        for says in (
            Definition(sorts=(Sort(field=title), Sort(field=price))),
            Definition(
                sorts=(Sort(field=title, descending=True),),
                scope=Scope(owned=Owned.OWN, field=person),
            ),
            Definition(where=where(above(table, "1"))),
        )
    ]
    assert indexes(office, table) == [], "made in the background"
    work(office)
    assert indexes(office, table) == sorted([f"v{title}", f"v{person}"])
    assert seen(office.context, table, made[0].id) == [2, 3, 1], "by code points: 杉 松 檜"
    delete_view(office.context, OneView(table=table.id, view=made[1].id, rev=1))
    work(office)
    assert indexes(office, table) == [f"v{title}"]
    restore_view(office.context, OneView(table=table.id, view=made[1].id, rev=2))
    work(office)
    assert indexes(office, table) == sorted([f"v{title}", f"v{person}"])
    delete_field(office.context, OneField(table=table.id, rev=1, field=person))
    work(office)
    assert indexes(office, table) == [f"v{title}"]
    wanted = ChangeType(table=table.id, rev=2, field=title, kind=FieldKind.LONG_TEXT)
    change_type(office.context, wanted)
    work(office)
    (one,) = indexes(office, table)
    assert one != f"v{title}", "the column that the field has turned to"


def plan(office, table, sorts, *, marked, backwards):
    """Return how the database would read a page of rows that have a value to sort by."""
    with office.appliance.database.read() as session:
        connection, dialect = session.connection(), dialect_of(session)
        made = statements(catalogue.find_table(session, table.id), frozenset(), dialect)
        mark = (True,) if marked else None
        shape = Shape("page", sorts=sorts, part="filled", mark=mark, backwards=backwards)
        query = made.build(shape).params(limit=51, number=7, value0=100)
        asked = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
        if dialect == "sqlite":
            found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")
        else:  # so few rows would be read one after the other
            for way in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
                connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
            found = connection.exec_driver_sql(f"EXPLAIN {asked}")
        return "\n".join(str(row[-1]) for row in found)


def test_a_page_walks_along_the_index_in_either_direction_and_sorts_nothing_F14(office, table):
    price = number(table, "金額")
    says = Definition(sorts=(Sort(field=price),))
    create_view(office.context, CreateView(table=table.id, name="v", definition=says))
    work(office)
    for down, marked, backwards in itertools.product((False, True), repeat=3):
        sorts = (Sort(field=price, descending=down),)
        told = plan(office, table, sorts, marked=marked, backwards=backwards)
        assert f"v{price}" in told, told
        assert "TEMP B-TREE" not in told, told
        assert "Sort" not in told, told


def test_a_table_has_eight_indexes_for_views_at_most_those_of_most_views_F14(office):
    plans = [ColumnPlan(name=f"n{place}", kind=FieldKind.INTEGER) for place in range(10)]
    table = office.table("台帳", *plans)
    with office.appliance.database.read() as session:
        found = catalogue.find_table(session, table.id)
    views = [Definition(sorts=(Sort(field=field.id),)) for field in table.fields]
    last = table.fields[-1].id
    needed = view_indexes.needed(found, [*views, Definition(group=last)])
    assert (len(needed), needed[0]) == (8, f"c{last}")
    assert view_indexes.needed(found, [Definition(), Definition(sorts=(Sort(field=9999),))]) == []


def test_an_index_takes_texts_of_any_length_F14(office):
    table = office.table("台帳", ColumnPlan(name="文", kind=FieldKind.LONG_TEXT))
    says = Definition(sorts=(Sort(field=table.fields[0].id),))
    made = create_view(office.context, CreateView(table=table.id, name="v", definition=says))
    work(office)
    # what differs lies beyond what an index of PostgreSQL holds, and does not compress
    long = "".join(chr(0x4E00 + place * 7919 % 20_000) for place in range(5_000))
    office.fill(table, [[long + "b"], ["x"], [long + "a"], [None], ["a" * 100 + "b"], ["a" * 100]])
    order = [record.id for record in _walk(office, table, made.id)]
    assert order == [6, 5, 2, 3, 1, 4]


def _walk(office, table, view):
    after = ""
    while True:
        page = list_records(
            office.context, ListRecords(table=table.id, view=view, limit=3, after=after)
        )
        yield from page.records
        after = page.after
        if not after:
            return


def test_views_belong_to_their_table(office, table):
    other = office.table("他", ColumnPlan(name="a"))
    made = create_view(office.context, CreateView(table=table.id, name="v"))
    with pytest.raises(NotFound):
        get_view(office.context, GetView(table=other.id, view=made.id))
    assert get_table(office.context, GetTable(table=table.id)).rev == 1, "a view is no design"
    rights = Rights([("records.view", f"tables/{other.id}")])
    elsewhere = Context(office.appliance, actor=Actor("chi", "chi", rights), plane=Plane.WORKSPACE)
    with pytest.raises(NotAllowed):
        get_view(elsewhere, GetView(table=table.id, view=made.id))
