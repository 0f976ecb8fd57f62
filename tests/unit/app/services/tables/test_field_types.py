"""Every type of field through the operations, on the database: kept, found, sorted, handed out."""

import datetime as dt

import msgspec
import pytest
from freezegun import freeze_time
from sqlalchemy import insert

from app.core.errors import InvalidInput
from app.identity.models import Account, Group
from app.operations.context import SYSTEM, Context, Plane
from app.services.tables.drift import find_drift
from app.services.tables.fields import Option, Settings
from app.services.tables.models import FieldKind
from app.services.tables.operations.exporting import ExportRecords, export_records
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
from app.services.tables.operations.tables import CreateTable, create_table
from app.services.tables.outdated import Outdated, remove_some
from app.services.tables.preview import ColumnPlan
from app.services.tables.selection import Comparison, Conditions, Filter, Sort

COLOURS = tuple(Option(id=0, name=name) for name in ("赤", "青", "白"))


def plan(kind: FieldKind, scale: int = 0, name: str = "", **settings) -> ColumnPlan:
    return ColumnPlan(
        name=name or kind.value, kind=kind, scale=scale, settings=Settings(**settings)
    )


@pytest.fixture
def people(office):
    """Two people and a group."""
    now = 0
    accounts = [
        {"id": "a1", "login_id": "aoi", "name": "東野 葵", "time_zone": "Asia/Tokyo"},
        {"id": "b2", "login_id": "ito", "name": "伊藤", "time_zone": "Europe/Berlin"},
        {"id": "c3", "login_id": "ito2", "name": "伊藤", "time_zone": "Asia/Tokyo"},
    ]
    with office.appliance.database.write() as session:
        session.connection().execute(
            insert(Account), [{**one, "created_at": now, "changed_at": now} for one in accounts]
        )
        group = {"id": "g1", "name": "営業部", "created_at": now}
        session.connection().execute(insert(Group).values(**group))
    return office


def cells(page):
    return [record.cells for record in page.records]


def texts(download) -> str:
    return b"".join(download.chunks).decode("utf-8-sig")


EVERYTHING = [
    (plan(FieldKind.TEXT), "霞が関", "霞が関"),
    (plan(FieldKind.LONG_TEXT), "一\n二", "一\n二"),
    (plan(FieldKind.INTEGER), "▲１，０００", -1000),
    (plan(FieldKind.DECIMAL, 2), "0.25", "0.25"),
    (plan(FieldKind.MONEY, currency="JPY"), "¥1,200", "1200"),
    (plan(FieldKind.PERCENT, 1), "１２．５％", "12.5"),
    (plan(FieldKind.DATE), "令和8年1月2日", "2026-01-02"),
    (plan(FieldKind.DATE_TIME), "2026-11-21 14:30", "2026-11-21T05:30:00Z"),
    (plan(FieldKind.DURATION), "1時間30分", 5400),
    (plan(FieldKind.CHECKBOX), "○", True),
    (plan(FieldKind.SELECT, options=COLOURS), "青", "青"),
    (plan(FieldKind.MULTI_SELECT, options=COLOURS), ["白", "赤"], ["白", "赤"]),
    (plan(FieldKind.PERSON), "AOI", "a1"),
    (plan(FieldKind.GROUP), "営業部", "g1"),
    (plan(FieldKind.EMAIL), "aoi＠Example.co.jp", "aoi@example.co.jp"),
    (plan(FieldKind.PHONE), "０３（１２３４）５６７８", "03-1234-5678"),
    (plan(FieldKind.URL), "example.co.jp", "https://example.co.jp"),
    (plan(FieldKind.POSTAL_CODE), "〒1000013", "100-0013"),
    (plan(FieldKind.ADDRESS), "東京都　千代田区", "東京都 千代田区"),
]


def test_every_type_keeps_finds_and_hands_out_what_was_typed_F14_METI_8(people):
    table = people.table("全部", *(one for one, _, _ in EVERYTHING))
    with freeze_time("2026-11-21 00:00:00"):
        (made,) = people.fill(table, [[typed for _, typed, _ in EVERYTHING]])
    shown = [value for _, _, value in EVERYTHING]
    assert made.cells == shown
    found = get_record(people.context, GetRecord(table=table.id, record=made.id))
    assert msgspec.structs.replace(found, texts=[]) == made
    assert dict(zip((one.kind.value for one in table.fields), found.words, strict=True)) == {
        "text": "霞が関",
        "long_text": "一\n二",
        "integer": "-1000",
        "decimal": "0.25",
        "money": "¥1,200",
        "percent": "12.5%",
        "date": "Fri 2 Jan 2026",
        "date_time": "Sat 21 Nov 2026, 14:30",
        "duration": "1:30",
        "checkbox": "yes",
        "select": "青",
        "multi_select": "白, 赤",
        "person": "東野 葵",
        "group": "営業部",
        "email": "aoi@example.co.jp",
        "phone": "03-1234-5678",
        "url": "https://example.co.jp",
        "postal_code": "100-0013",
        "address": "東京都 千代田区",
    }
    typed = ["1:30" if value == 5400 else value for value in shown]
    for field, value in zip(table.fields, typed, strict=True):
        many = field.kind is FieldKind.MULTI_SELECT
        test, text = (Comparison.HAS, "赤") if many else (Comparison.EQUALS, str(value))
        chosen = (Filter(field=field.id, test=test, value=text),)
        assert (
            list_records(
                people.context, ListRecords(table=table.id, where=Conditions(filters=chosen))
            ).total
            == 1
        )
        for test, number in ((Comparison.FILLED, 1), (Comparison.EMPTY, 0)):
            chosen = (Filter(field=field.id, test=test),)
            page = list_records(
                people.context, ListRecords(table=table.id, where=Conditions(filters=chosen))
            )
            assert page.total == number
        if not many:
            wanted = ListRecords(table=table.id, sorts=(Sort(field=field.id),))
            assert cells(list_records(people.context, wanted)) == [shown]
    for text in ("東野", "営業", "霞", "03-1234", "白; 赤", "2026-11-21 14:30"):
        assert list_records(people.context, ListRecords(table=table.id, search=text)).total == 1
    assert find_drift(people.appliance.database) == []


def test_what_is_exported_is_read_back_by_the_import_as_it_was(people, imported):
    table = people.table("全部", *(one for one, _, _ in EVERYTHING))
    people.fill(table, [[typed for _, typed, _ in EVERYTHING], [None] * len(EVERYTHING)])
    file = texts(export_records(people.context, ExportRecords(table=table.id)))
    plans = [one for one, _, _ in EVERYTHING]
    started, job = imported(file.encode(), columns=plans, header=True)
    assert (job.numbers["rows"], job.numbers["rejected"]) == (2, 0)
    again = list_records(people.context, ListRecords(table=started.table))
    assert cells(again) == cells(list_records(people.context, ListRecords(table=table.id)))
    assert texts(export_records(people.context, ExportRecords(table=started.table))) == file


def test_rows_of_a_file_that_miss_or_repeat_a_value_are_kept_apart_with_the_reason(
    office, imported
):
    plans = [
        plan(FieldKind.TEXT, name="番号", unique=True),
        plan(FieldKind.MONEY, name="金額", required=True),
        plan(FieldKind.MULTI_SELECT, name="色", options=COLOURS),
    ]
    data = "番号,金額,色\nA,1,赤\nB,,青\nA,3,白\nC,4,黒\n,5,\n,6,赤;白\n"
    started, job = imported(data.encode(), columns=plans, header=True)
    assert (job.numbers["rows"], job.numbers["rejected"]) == (3, 3)
    page = list_records(office.context, ListRecords(table=started.table))
    assert cells(page) == [["A", "1", ["赤"]], [None, "5", None], [None, "6", ["赤", "白"]]]
    assert [record.id for record in page.records] == [1, 2, 3]


def test_an_import_makes_the_choices_that_its_file_names(office, imported):
    plans = [plan(FieldKind.SELECT, name="色"), plan(FieldKind.MULTI_SELECT, name="札")]
    started, job = imported("色,札\n赤,a;b\n青,b\n赤,\n".encode(), columns=plans, header=True)
    assert (job.numbers["rows"], job.numbers["rejected"]) == (3, 0)
    page = list_records(office.context, ListRecords(table=started.table))
    assert cells(page) == [["赤", ["a", "b"]], ["青", ["b"]], ["赤", None]]
    assert [one.name for one in page.table.fields[0].settings.options] == ["赤", "青"]
    assert [one.name for one in page.table.fields[1].settings.options] == ["a", "b"]


def test_what_two_people_write_at_the_same_moment_is_held_by_the_database(office, monkeypatch):
    table = office.table("台帳", plan(FieldKind.TEXT, name="番号", unique=True))
    office.fill(table, [["A"]])
    monkeypatch.setattr("app.services.tables.writing.check_unique", lambda *_: None)
    with pytest.raises(InvalidInput) as refused:
        office.fill(table, [["A"]])
    assert refused.value.parameters["field"] == "番号"
    assert list_records(office.context, ListRecords(table=table.id)).total == 1


def test_a_value_that_occurs_once_is_refused_where_another_record_holds_it(office):
    table = office.table("台帳", plan(FieldKind.TEXT, name="番号", unique=True))
    first, _second = office.fill(table, [["A"], ["B"]])
    (number,) = (one.id for one in table.fields)
    with pytest.raises(InvalidInput) as refused:
        office.fill(table, [["A"]])
    assert refused.value.parameters["field"] == "番号"
    same = UpdateRecord(table=table.id, record=first.id, rev=1, values={number: "A"})
    assert update_record(office.context, same).rev == 2
    with pytest.raises(InvalidInput):
        update_record(
            office.context,
            UpdateRecord(table=table.id, record=first.id, rev=2, values={number: "B"}),
        )
    delete_record(office.context, DeleteRecord(table=table.id, record=first.id, rev=2))
    office.fill(table, [["A"], [None], [None]])  # it is free again; empty is no value
    assert list_records(office.context, ListRecords(table=table.id)).total == 4


def test_what_must_be_filled_is_filled_and_defaults_stand_where_nothing_was_said(people):
    table = people.table(
        "依頼",
        plan(FieldKind.TEXT, name="件名", required=True),
        plan(FieldKind.SELECT, name="状態", options=COLOURS, default="白", required=True),
        plan(FieldKind.DATE, name="受付", default="today"),
        plan(FieldKind.PERSON, name="担当", default="me"),
    )
    subject, state, _day, person = (one.id for one in table.fields)
    with pytest.raises(InvalidInput) as refused:
        create_record(people.context, CreateRecord(table=table.id, values={}))
    assert refused.value.parameters["field"] == "件名"
    with freeze_time("2026-11-20 16:00:00"):  # already the 21st in Tokyo
        made = create_record(people.context, CreateRecord(table=table.id, values={subject: "修理"}))
    assert made.cells == ["修理", "白", "2026-11-21", "a1"]
    told = create_record(
        people.context, CreateRecord(table=table.id, values={subject: "x", person: None})
    )
    assert told.cells[3] is None
    machine = Context(people.appliance, actor=SYSTEM, plane=Plane.WORKSPACE)
    made_there = create_record(machine, CreateRecord(table=table.id, values={subject: "x"}))
    assert made_there.cells[3] is None
    with pytest.raises(InvalidInput):
        update_record(
            people.context,
            UpdateRecord(table=table.id, record=made.id, rev=1, values={state: None}),
        )


def test_links_lead_to_records_that_the_person_may_see_F4(office):
    customers = office.table("顧客", plan(FieldKind.TEXT, name="名前"))
    office.fill(customers, [["東京海運"], ["檜商店"], ["檜商店"]])
    orders = office.table(
        "注文",
        plan(FieldKind.LINK, name="顧客", target=customers.id),
        plan(FieldKind.LINKS, name="関係先", target=customers.id),
    )
    (made,) = office.fill(orders, [["東京海運", [3, 1]]])
    assert made.cells == [1, [3, 1]]
    assert made.words == ["東京海運", "檜商店, 東京海運"]
    for value in ("檜商店", 99, "無い"):  # two of that name, none of that number or name
        with pytest.raises(InvalidInput) as refused:
            office.fill(orders, [[value, None]])
        assert refused.value.parameters["field"] == "顧客"
    many = orders.fields[1].id
    has = (Filter(field=many, test=Comparison.HAS, value="1"),)
    assert (
        list_records(
            office.context, ListRecords(table=orders.id, where=Conditions(filters=has))
        ).total
        == 1
    )
    whole = (Filter(field=many, test=Comparison.EQUALS, value="1"),)
    assert (
        list_records(
            office.context, ListRecords(table=orders.id, where=Conditions(filters=whole))
        ).total
        == 0
    )
    for test in (Comparison.FROM, Comparison.TO):
        with pytest.raises(InvalidInput):
            unordered = (Filter(field=many, test=test, value="1"),)
            list_records(
                office.context, ListRecords(table=orders.id, where=Conditions(filters=unordered))
            )
    with pytest.raises(InvalidInput):
        list_records(office.context, ListRecords(table=orders.id, sorts=(Sort(field=many),)))
    with pytest.raises(InvalidInput):
        one = (Filter(field=orders.fields[0].id, test=Comparison.HAS, value="1"),)
        list_records(office.context, ListRecords(table=orders.id, where=Conditions(filters=one)))
    stranger = office.as_person("b2", ("records.view", f"tables/{orders.id}"))
    seen = get_record(stranger, GetRecord(table=orders.id, record=made.id))
    assert seen.cells == [1, [3, 1]]
    assert seen.words == ["Not visible", "Not visible, Not visible"]
    changed = update_record(
        office.context, UpdateRecord(table=orders.id, record=made.id, rev=1, values={many: [2]})
    )
    assert changed.cells == [1, [2]]
    emptied = update_record(
        office.context, UpdateRecord(table=orders.id, record=made.id, rev=2, values={many: []})
    )
    assert emptied.cells == [1, None]


def test_a_table_links_only_to_what_its_designer_may_see(office):
    secret = office.table("給与", plan(FieldKind.TEXT, name="名前"))
    stranger = office.as_person("b2", ("tables.design", "tables"))
    link = plan(FieldKind.LINK, name="人", target=secret.id)
    for target in (link, plan(FieldKind.LINK, name="人", target=999)):
        with pytest.raises(InvalidInput) as refused:
            create_table(stranger, CreateTable(name="x", columns=[target]))
        assert refused.value.parameters["field"] == "settings.target"


def test_running_numbers_have_no_gaps_and_begin_anew_with_the_year(office):
    table = office.table(
        "請求",
        plan(FieldKind.AUTONUMBER, name="番号", pattern="R-{yyyy}-{000}", restart="year"),
        plan(FieldKind.INTEGER, name="額"),
    )
    number, amount = (one.id for one in table.fields)

    def add(value: object) -> str:
        made = create_record(office.context, CreateRecord(table=table.id, values={amount: value}))
        return made.cells[0]

    with freeze_time("2026-12-31 14:00:00"):
        assert [add(1), add(2)] == ["R-2026-001", "R-2026-002"]
        with pytest.raises(InvalidInput):
            add("viel")
        assert add(3) == "R-2026-003"  # nothing was counted for what was refused
    with freeze_time("2026-12-31 15:30:00"):  # new year in Tokyo
        assert add(4) == "R-2027-001"
    with pytest.raises(InvalidInput):
        create_record(office.context, CreateRecord(table=table.id, values={number: "R-1"}))
    found = list_records(office.context, ListRecords(table=table.id, search="2027-001"))
    assert cells(found) == [["R-2027-001", 4]]


def test_who_and_when_are_told_by_the_row_itself(people):
    table = people.table(
        "メモ",
        plan(FieldKind.TEXT),
        plan(FieldKind.CREATED_AT),
        plan(FieldKind.CREATED_BY),
        plan(FieldKind.UPDATED_AT),
        plan(FieldKind.UPDATED_BY),
    )
    text = table.fields[0].id
    with freeze_time("2026-11-21 05:30:00"):
        made = create_record(people.context, CreateRecord(table=table.id, values={text: "a"}))
    first = "2026-11-21T05:30:00Z"
    assert made.cells == ["a", first, "a1", first, "a1"]
    with freeze_time("2026-11-22 05:30:00"):
        change = UpdateRecord(table=table.id, record=made.id, rev=1, values={text: "b"})
        changed = update_record(people.context, change)
    assert changed.cells == ["b", first, "a1", "2026-11-22T05:30:00Z", "a1"]
    seen = get_record(people.context, GetRecord(table=table.id, record=made.id))
    assert msgspec.structs.replace(seen, texts=[]) == changed
    assert changed.words[1:3] == ["Sat 21 Nov 2026, 14:30", "東野 葵"]
    by = Filter(field=table.fields[2].id, test=Comparison.EQUALS, value="aoi")
    since = Filter(field=table.fields[3].id, test=Comparison.FROM, value="2026-11-22")
    page = list_records(
        people.context, ListRecords(table=table.id, where=Conditions(filters=(by, since)))
    )
    assert page.total == 1
    order = Sort(field=table.fields[3].id, descending=True)
    paged = ListRecords(table=table.id, sorts=(order,), limit=1)
    people.fill(people.table("x", plan(FieldKind.TEXT)), [["y"]])
    create_record(people.context, CreateRecord(table=table.id, values={text: "c"}))
    page = list_records(people.context, paged)
    again = ListRecords(table=table.id, sorts=(order,), limit=1, after=page.after)
    rest = list_records(people.context, again)
    assert {cells(page)[0][0], cells(rest)[0][0]} == {"b", "c"}


def test_everybody_sees_a_moment_in_a_zone_of_their_own(people):
    table = people.table("会議", plan(FieldKind.DATE_TIME, name="開始"))
    (made,) = people.fill(table, [["2026-11-21 14:30"]])
    berlin = people.as_person("b2", ("records.view", "tables"), ("records.export", "tables"))
    seen = get_record(berlin, GetRecord(table=table.id, record=made.id))
    assert seen.cells == made.cells == ["2026-11-21T05:30:00Z"]
    assert seen.words == ["Sat 21 Nov 2026, 06:30"]
    assert "2026-11-21 06:30" in texts(export_records(berlin, ExportRecords(table=table.id)))


def test_two_people_of_one_name_are_told_apart_by_their_login_id(people):
    table = people.table("担当", plan(FieldKind.PERSON, name="人"))
    (made,) = people.fill(table, [["ito2"]])
    assert made.words == ["伊藤 (ito2)"]
    with pytest.raises(InvalidInput):
        people.fill(table, [["伊藤"]])
    assert people.fill(table, [["伊藤 (ito)"]])[0].cells == ["b2"]


def test_what_a_deleted_record_had_goes_with_it_for_good(office):
    table = office.table("札", plan(FieldKind.MULTI_SELECT, options=COLOURS))
    (made,) = office.fill(table, [[["赤", "白"]]])
    delete_record(office.context, DeleteRecord(table=table.id, record=made.id, rev=1))
    later = int(dt.datetime(2100, 1, 1, tzinfo=dt.UTC).timestamp()) * 1000
    with office.appliance.database.write() as session:
        assert remove_some(session, Outdated.DELETED, later) == 1
        left = session.connection().exec_driver_sql(f"SELECT count(*) FROM j{table.fields[0].id}")
        assert left.scalar_one() == 0
