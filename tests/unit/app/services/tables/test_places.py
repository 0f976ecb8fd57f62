"""Places in a list: where a page can begin, for whom, and when they are written down anew."""

import pytest

from app.core import clock
from app.services.tables import catalogue, places
from app.services.tables.definition import Definition
from app.services.tables.models import FieldKind
from app.services.tables.operations.cell_requests import ListBegins
from app.services.tables.operations.cells import list_places
from app.services.tables.operations.choosing import RowsAsked
from app.services.tables.operations.records import (
    CreateRecord,
    DeleteRecord,
    ListRecords,
    create_record,
    delete_record,
    list_records,
)
from app.services.tables.operations.saved_views import CreateView, create_view
from app.services.tables.preview import ColumnPlan
from app.services.tables.selection import (
    Comparison,
    Conditions,
    Filter,
    Owned,
    Scope,
    Selection,
    Sort,
)

ROWS = 23


@pytest.fixture
def ledger(office, monkeypatch):
    """A table, long for the steps of this test; every seventh row has no price."""
    monkeypatch.setattr(places, "STEP", 5)
    monkeypatch.setattr(places, "FEWEST", 10)
    table = office.table(
        "台帳",
        ColumnPlan(name="名前"),
        ColumnPlan(name="金額", kind=FieldKind.INTEGER),
        ColumnPlan(name="担当", kind=FieldKind.PERSON),
    )
    rows = [[f"n{n:02}", None if n % 7 == 0 else n * 37 % 11, None] for n in range(ROWS)]
    office.fill(table, rows)
    return table


def keep(office):
    return places.keep(office.appliance, lambda: False)


def begins(context, table, **asked) -> ListBegins:
    return list_places(context, RowsAsked(table=table.id, **asked))


def view(office, table, **says):
    wanted = CreateView(table=table.id, name="v", definition=Definition(**says))
    return create_view(office.context, wanted).id


def test_a_page_begins_at_any_place_as_if_one_had_read_up_to_it(office, ledger):
    name, price, _who = (one.id for one in ledger.fields)
    sorts = (Sort(field=price, descending=True), Sort(field=name))
    dear = Conditions(filters=(Filter(field=name, test=Comparison.NOT_EQUALS, value="n03"),))
    sorted_view = view(office, ledger, sorts=sorts, where=dear)
    assert keep(office) == 2
    for asked, count in (({}, ROWS), ({"view": sorted_view}, ROWS - 1)):
        whole = list_records(office.context, ListRecords(table=ledger.id, limit=500, **asked))
        numbers = [one.id for one in whole.records]
        found = begins(office.context, ledger, **asked)
        assert (found.every, found.rows, len(found.marks)) == (5, count, count // 5)
        for place, mark in enumerate(found.marks, 1):
            page = ListRecords(table=ledger.id, after=mark, limit=500, **asked)
            assert [one.id for one in list_records(office.context, page).records] == (
                numbers[place * 5 :]
            )


def test_places_hold_no_value_of_a_record(office, ledger):
    view(office, ledger, sorts=(Sort(field=ledger.fields[0].id),))
    keep(office)
    with office.appliance.database.read() as session:
        rows = session.connection().execute(places.places.select()).mappings().all()
    assert len(rows) == 2
    assert "n0" not in str([dict(row) for row in rows])


def test_a_list_that_depends_on_its_reader_has_no_places_F4(office, ledger):
    name, price, who = (one.id for one in ledger.fields)
    mine = Conditions(filters=(Filter(field=who, test=Comparison.MINE),))
    for says in (
        {"where": mine},
        {"scope": Scope(owned=Owned.OWN)},
        {"where": Conditions(filters=(Filter(field=who, test=Comparison.EMPTY),))},
    ):
        view(office, ledger, **says)
    assert keep(office) == 1, "the table's own order"
    assert begins(office.context, ledger).rows == ROWS
    assert begins(office.context, ledger, view=1).marks == []
    assert begins(office.context, ledger, search="n").marks == []
    narrow = Selection(sorts=(Sort(field=price), Sort(field=name)))
    assert places.shape_of(_info(office, ledger), narrow)


def _info(office, table):
    with office.appliance.database.read() as session:
        return catalogue.find_table(session, table.id)


def test_places_are_written_anew_when_the_table_changed_and_some_time_passed(
    office, ledger, monkeypatch
):
    name = ledger.fields[0].id
    assert keep(office) == 1
    assert keep(office) == 0
    create_record(office.context, CreateRecord(table=ledger.id, values={name: "x"}))
    assert keep(office) == 0, "not with each change"
    now = clock.now()
    monkeypatch.setattr(places.clock, "now", lambda: now + places.OLD + 1)
    assert keep(office) == 1
    assert begins(office.context, ledger).rows == ROWS + 1


def test_a_place_holds_though_its_record_is_deleted(office, ledger):
    keep(office)
    mark = begins(office.context, ledger).marks[0]
    page = ListRecords(table=ledger.id, after=mark, limit=3)
    before = [one.id for one in list_records(office.context, page).records]
    delete_record(office.context, DeleteRecord(table=ledger.id, record=5, rev=1))
    assert [one.id for one in list_records(office.context, page).records] == before
    assert before == [6, 7, 8]


def test_a_short_list_and_a_view_that_is_gone_have_no_places(office, ledger, monkeypatch):
    view(office, ledger, sorts=(Sort(field=ledger.fields[0].id),))
    assert keep(office) == 2
    monkeypatch.setattr(places, "FEWEST", ROWS + 1)
    assert keep(office) == 0
    found = begins(office.context, ledger)
    assert (found.marks, found.rows) == ([], 0)
