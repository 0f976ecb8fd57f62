"""Trees of conditions, spans of days, several orders, groups: on the database, as a reader asks."""

import datetime as dt
import itertools

import pytest

from app.core.errors import InvalidInput
from app.files.errors import Unfit
from app.identity.models import Account, Group, Membership
from app.operations.context import Actor, Context, Plane
from app.services.tables.conditions import comparisons_of
from app.services.tables.fields import Option, Settings
from app.services.tables.grouping import How, Sum
from app.services.tables.models import FieldKind
from app.services.tables.operations.exporting import ExportRecords, export_records
from app.services.tables.operations.grouped import ListGroups, list_groups
from app.services.tables.operations.records import (
    DeleteRecord,
    ListRecords,
    delete_record,
    list_records,
)
from app.services.tables.preview import ColumnPlan
from app.services.tables.selection import (
    Comparison,
    Conditions,
    Filter,
    Join,
    Sort,
    tidy,
)
from app.services.tables.spans import Span, days_of

TEXT = ColumnPlan(name="名前")
NUMBER = ColumnPlan(name="数", kind=FieldKind.INTEGER)
RATE = ColumnPlan(name="率", kind=FieldKind.DECIMAL, scale=2)
DAY = ColumnPlan(name="日", kind=FieldKind.DATE)
STATES = Settings(
    options=(Option(id=0, name="赤"), Option(id=0, name="青"), Option(id=0, name="黄"))
)
STATE = ColumnPlan(name="色", kind=FieldKind.SELECT, settings=STATES)
TAGS = ColumnPlan(name="札", kind=FieldKind.MULTI_SELECT, settings=STATES)

TODAY = dt.date(2026, 11, 30)  # a Monday


def one(field, test, value="", second="", values=()):
    return Filter(
        field=field, test=Comparison(test), value=value, second=second, values=tuple(values)
    )


def total(office, table, *filters, join=Join.ALL, groups=()):
    where = Conditions(join=join, filters=filters, groups=tuple(groups))
    return list_records(office.context, ListRecords(table=table.id, where=where)).total


def people(appliance, *accounts, group=""):
    """Make accounts, and a group that they are in."""
    with appliance.database.write() as session:
        for account in accounts:
            made = Account(id=account, login_id=account, name=account, created_at=1, changed_at=1)
            session.add(made)
        if group:
            session.add(Group(id=group, name=group, created_at=1))
            session.flush()
            session.add_all(Membership(group=group, account=one) for one in accounts)


@pytest.mark.parametrize(
    ("span", "first", "last"),
    [
        ("today", "2026-11-30", "2026-11-30"),
        ("yesterday", "2026-11-29", "2026-11-29"),
        ("tomorrow", "2026-12-01", "2026-12-01"),
        ("this_week", "2026-11-30", "2026-12-06"),
        ("last_week", "2026-11-23", "2026-11-29"),
        ("next_week", "2026-12-07", "2026-12-13"),
        ("this_month", "2026-11-01", "2026-11-30"),
        ("last_month", "2026-10-01", "2026-10-31"),
        ("next_month", "2026-12-01", "2026-12-31"),
        ("this_year", "2026-01-01", "2026-12-31"),
        ("last_year", "2025-01-01", "2025-12-31"),
        ("next_year", "2027-01-01", "2027-12-31"),
    ],
)
def test_a_span_of_days_moves_with_the_calendar_F14(span, first, last):
    found = days_of(span, "", TODAY)
    assert [day.isoformat() for day in found] == [first, last]


def test_a_span_counts_today_and_knows_its_bounds_F14():
    assert days_of("last_days", "1", TODAY) == (TODAY, TODAY)
    assert days_of("last_days", "7", TODAY) == (dt.date(2026, 11, 24), TODAY)
    assert days_of("next_days", "2", TODAY) == (TODAY, dt.date(2026, 12, 1))
    assert days_of("next_month", "", dt.date(2026, 12, 31))[0] == dt.date(2027, 1, 1)
    assert days_of("last_month", "", dt.date(2026, 1, 31))[1] == dt.date(2025, 12, 31)
    for span, count in (
        ("", ""), ("someday", ""), ("last_days", ""), ("last_days", "0"), ("last_days", "3661"),
        ("next_days", "-1"), ("next_days", "１"), ("last_days", "9" * 400),
    ):  # fmt: skip
        with pytest.raises(Unfit):
            days_of(span, count, TODAY)
    assert {one.value for one in Span} >= {"today", "last_days"}


def test_conditions_compare_as_the_type_of_the_field_asks_F14(office):
    table = office.table("台帳", TEXT, NUMBER, RATE, DAY, STATE, TAGS)
    office.fill(
        table,
        [
            ["Aoi", 1, "0.5", "2026-01-01", "赤", ["赤", "青"]],
            ["ａｏｂ", 20, "1.25", "2026-02-01", "青", ["青"]],
            [None, None, None, None, None, None],
        ],
    )
    name, number, rate, day, state, tags = (found.id for found in table.fields)
    for asked, count in (
        (one(name, "begins", "AO"), 2),
        (one(name, "begins", "oi"), 0),
        (one(name, "contains", "ｏi"), 1),
        (one(name, "not_equals", "Aoi"), 2),
        (one(name, "any_of", values=["Aoi", "x"]), 1),
        (one(number, "above", "1"), 1),
        (one(number, "below", "２０"), 1),
        (one(number, "between", "1", "20"), 2),
        (one(number, "not_equals", ""), 2),
        (one(rate, "between", "0.50", "1"), 1),
        (one(day, "between", "R8.1.1", "2026/1/31"), 1),
        (one(state, "any_of", values=["赤", "青"]), 2),
        (one(state, "not_equals", "赤"), 2),
        (one(tags, "has", "青"), 2),
        (one(tags, "any_of", values=["赤"]), 1),
        (one(tags, "equals", "青"), 1),
        (one(tags, "not_equals", "青"), 2),
        (one(tags, "empty"), 1),
        (one(tags, "filled"), 2),
    ):
        assert (asked, total(office, table, asked)) == (asked, count)
    for wrong in (
        one(state, "above", "赤"), one(state, "begins", "赤"), one(tags, "between", "赤", "青"),
        one(number, "between", "1"), one(number, "above", ""), one(name, "any_of"),
        one(name, "begins"), one(number, "within", "today"), one(name, "mine"),
        one(day, "within", "someday"), one(day, "within", "last_days", "x"), one(999, "empty"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            total(office, table, wrong)


def test_every_comparison_that_a_form_offers_is_taken_for_every_kind_F14(office):
    for kind in FieldKind:
        if kind in (FieldKind.LINK, FieldKind.LINKS):
            continue
        settings = STATES if kind in (FieldKind.SELECT, FieldKind.MULTI_SELECT) else Settings()
        table = office.table(kind.value, ColumnPlan(name="x", kind=kind, settings=settings), TEXT)
        value = {"checkbox": "true", "select": "赤", "multi_select": "赤", "date": "2026-01-01",
                 "date_time": "2026-01-01 10:00", "created_at": "2026-01-01 10:00", "updated_at":
                 "2026-01-01 10:00", "duration": "1:30", "email": "a@b.example", "phone":
                 "03-1234-5678", "url": "http://b.example", "postal_code": "100-0013"
                 }.get(kind.value, "1")  # fmt: skip
        for test in comparisons_of(kind):
            if kind.value in ("person", "group", "created_by", "updated_by") and test not in (
                Comparison.MINE, Comparison.EMPTY, Comparison.FILLED
            ):  # fmt: skip
                continue
            text = "this_month" if test is Comparison.WITHIN else value
            asked = one(table.fields[0].id, test, text, value, [value])
            assert total(office, table, asked) == 0, (kind, test)


def test_groups_of_conditions_lie_in_each_other_F14(office):
    table = office.table("台帳", TEXT, NUMBER)
    rows = [[name, number] for name in "ab" for number in (1, 2, None)]
    office.fill(table, rows)
    name, number = (found.id for found in table.fields)
    either = Conditions(join=Join.ANY, filters=(one(number, "equals", "1"), one(number, "empty")))
    assert total(office, table, groups=[either]) == 4
    assert total(office, table, one(name, "equals", "a"), groups=[either]) == 2
    assert total(office, table, one(name, "equals", "a"), join=Join.ANY, groups=[either]) == 5
    inner = Conditions(groups=(either,), filters=(one(name, "equals", "b"),))
    assert total(office, table, one(number, "equals", "2"), join=Join.ANY, groups=[inner]) == 4
    assert total(office, table, groups=[Conditions(), Conditions(join=Join.ANY)]) == 6


def test_trees_are_neither_too_deep_nor_too_wide_METI_38(office):
    table = office.table("台帳", TEXT)
    leaf = one(table.fields[0].id, "filled")
    deep = Conditions(filters=(leaf,))
    for _ in range(2):
        deep = Conditions(groups=(deep,))
    assert list_records(office.context, ListRecords(table=table.id, where=deep)).total == 0
    wide = Conditions(filters=(leaf,) * 50)
    assert list_records(office.context, ListRecords(table=table.id, where=wide)).total == 0
    for _ in range(20_000):
        deep = Conditions(groups=(deep,))
    for much in (
        deep,
        Conditions(filters=(leaf,) * 30, groups=(Conditions(filters=(leaf,) * 21),)),
    ):
        with pytest.raises(InvalidInput):
            list_records(office.context, ListRecords(table=table.id, where=much))


def test_today_is_where_the_reader_is_F14(office, monkeypatch):
    people(office.appliance, "aoi", "bo")
    with office.appliance.database.write() as session:
        session.get(Account, "bo").time_zone = "America/New_York"
    table = office.table("台帳", DAY, ColumnPlan(name="時", kind=FieldKind.DATE_TIME))
    # 08:30 in Tokyo on the first of December; in New York it is still November
    now = round(dt.datetime(2026, 11, 30, 23, 30, tzinfo=dt.UTC).timestamp() * 1000)
    monkeypatch.setattr("app.core.clock.now", lambda: now)
    office.fill(
        table,
        [["2026-12-01", "2026-12-01T00:00+09:00"], ["2026-11-30", "2026-11-30T23:59+09:00"]],
    )
    day, time = (found.id for found in table.fields)
    grants = [("records.view", "tables")]
    found = {}
    for account in ("aoi", "bo"):
        context = office.as_person(account, *grants)
        for field in (day, time):
            where = Conditions(filters=(one(field, "within", "today"),))
            page = list_records(context, ListRecords(table=table.id, where=where))
            found[account, field] = [record.id for record in page.records]
    assert found == {("aoi", day): [1], ("bo", day): [2], ("aoi", time): [1], ("bo", time): [1, 2]}


@pytest.mark.parametrize("ways", list(itertools.product((False, True), repeat=2)))
def test_several_orders_are_walked_in_both_directions_with_empty_ones_last_F14(office, ways):
    table = office.table("台帳", TEXT, NUMBER)
    values = [
        ("a", 1),
        ("a", None),
        ("b", 2),
        (None, 2),
        (None, None),
        ("b", 1),
        ("a", 2),
        ("b", 2),
    ]
    office.fill(table, values)
    name, number = (found.id for found in table.fields)
    sorts = (Sort(field=name, descending=ways[0]), Sort(field=number, descending=ways[1]))

    def key(pair):
        place, row = pair
        keys = []
        for value, down in zip(row, ways, strict=True):
            flat = 0 if value is None else ord(value) if isinstance(value, str) else value
            keys += [value is None, -flat if down else flat]
        return (*keys, -place if ways[0] else place)

    expected = [place + 1 for place, _ in sorted(enumerate(values), key=key)]
    some = (one(name, "filled"), one(name, "empty"))
    always = Conditions(join=Join.ANY, filters=some)  # built for one time, not kept ready
    for limit, where in itertools.product((1, 2, 3, 8), (None, always)):
        there, after, marks = [], "", []
        while True:
            page = list_records(
                office.context,
                ListRecords(table=table.id, where=where, sorts=sorts, after=after, limit=limit),
            )
            there += [record.id for record in page.records]
            marks.append(page)
            if not page.after:
                break
            after = page.after
        assert there == expected
        back, before = [record.id for record in marks[-1].records], marks[-1].before
        while before:
            page = list_records(
                office.context,
                ListRecords(table=table.id, where=where, sorts=sorts, before=before, limit=limit),
            )
            back = [record.id for record in page.records] + back
            before = page.before
        assert back == expected
    whole = b"".join(
        export_records(office.context, ExportRecords(table=table.id, sorts=sorts)).chunks
    )
    lines = whole.decode("utf-8-sig").splitlines()[1:]
    shown = [",".join("" if one is None else str(one) for one in values[n - 1]) for n in expected]
    assert lines == shown


def test_orders_that_make_no_difference_are_left_out_F14():
    first, number, second = Sort(field=3), Sort(), Sort(field=4)
    assert tidy((first, Sort(field=3, descending=True), second)) == (first, second)
    assert tidy((first, number, second)) == (first, number)


def test_groups_are_counted_and_added_up_exactly_F14(office):
    table = office.table("台帳", STATE, RATE, NUMBER)
    big = 10**18 - 1
    office.fill(
        table,
        [
            ["赤", "0.1", big],
            ["赤", "0.2", big],
            ["青", "-1.05", -7],
            ["赤", None, big],
            [None, "2", None],
        ],
    )
    state, rate, number = (found.id for found in table.fields)
    sums = tuple(Sum(field=field, how=how) for field in (rate, number) for how in How)
    found = list_groups(office.context, ListGroups(table=table.id, by=state, sums=sums))
    assert [(group.words, group.count) for group in found.groups] == [("赤", 3), ("青", 1), ("", 1)]
    assert [figure.value for figure in found.groups[0].figures] == [
        "0.3", "0.15", "0.1", "0.2", 3 * big, str(big), big, big,
    ]  # fmt: skip
    assert [figure.value for figure in found.groups[1].figures] == [
        "-1.05", "-1.05", "-1.05", "-1.05", -7, "-7", -7, -7,
    ]  # fmt: skip
    assert [figure.value for figure in found.groups[2].figures][4:] == [0, None, None, None]
    (whole,) = list_groups(office.context, ListGroups(table=table.id, by=0, sums=sums)).groups
    assert (whole.count, whole.figures[0].value) == (5, "1.25")
    searched = ListGroups(table=table.id, by=state, search="青")
    assert [group.count for group in list_groups(office.context, searched).groups] == [1]
    some = ListGroups(table=table.id, by=state, records=(1, 5))
    assert [group.count for group in list_groups(office.context, some).groups] == [3, 1]
    few = list_groups(office.context, ListGroups(table=table.id, by=state, limit=1))
    assert (len(few.groups), few.more) == (1, True)


def test_groups_leave_out_what_is_deleted_and_refuse_what_makes_none_METI_38(office):
    table = office.table("台帳", TEXT, NUMBER, TAGS)
    office.fill(table, [["a", 1, None], ["a", 2, None]])
    name, number, tags = (found.id for found in table.fields)
    delete_record(office.context, DeleteRecord(table=table.id, record=1, rev=1))
    wanted = ListGroups(table=table.id, by=name, sums=(Sum(field=number),))
    (group,) = list_groups(office.context, wanted).groups
    assert (group.count, group.figures[0].value) == (1, 2)
    for wrong in (
        ListGroups(table=table.id, by=tags),
        ListGroups(table=table.id, by=999),
        ListGroups(table=table.id, by=name, sums=(Sum(field=name),)),
    ):
        with pytest.raises(InvalidInput):
            list_groups(office.context, wrong)


def test_own_rows_and_those_of_ones_groups_are_told_by_the_reader_F14(office):
    people(office.appliance, "aoi", "bo", group="g1")
    people(office.appliance, "chi", group="g2")
    table = office.table(
        "台帳",
        ColumnPlan(name="担当", kind=FieldKind.PERSON),
        ColumnPlan(name="部", kind=FieldKind.GROUP),
    )
    office.fill(table, [["aoi", "g1"], ["bo", "g2"], ["chi", None], [None, "g2"]])
    person, group = (found.id for found in table.fields)
    seen = {}
    for account in ("aoi", "chi", "nobody"):
        context = Context(
            office.appliance,
            actor=Actor(account, account, office.context.actor.rights),
            plane=Plane.WORKSPACE,
        )
        for field in (person, group):
            where = Conditions(filters=(one(field, "mine"),))
            page = list_records(context, ListRecords(table=table.id, where=where))
            seen[account, field] = [record.id for record in page.records]
    assert seen == {
        ("aoi", person): [1], ("aoi", group): [1], ("chi", person): [3], ("chi", group): [2, 4],
        ("nobody", person): [], ("nobody", group): [],
    }  # fmt: skip
