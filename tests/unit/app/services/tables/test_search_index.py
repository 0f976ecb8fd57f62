"""The index of the search: exact at any time, whatever is built, changed, deleted or hidden."""

import random

import pytest
from sqlalchemy import delete, func, insert, select, update

from app.core import clock
from app.core.errors import NotFound
from app.jobs.lease import Lease, jobs
from app.jobs.models import JobState
from app.operations.context import SYSTEM, Context
from app.services.tables import (
    catalogue,
    search_building,
    search_finding,
    search_job,
    search_marks,
)
from app.services.tables.bulk_writing import insert_many
from app.services.tables.drift import Drift, find_drift
from app.services.tables.fields import Option, Settings
from app.services.tables.folding import fold
from app.services.tables.grams import SIZE
from app.services.tables.models import FieldKind
from app.services.tables.operations.fields import ChangeField, OneField, change_field, delete_field
from app.services.tables.operations.records import (
    CreateRecord,
    DeleteRecord,
    ListRecords,
    UpdateRecord,
    create_record,
    delete_record,
    list_records,
    update_record,
)
from app.services.tables.operations.search_steps import (
    SEARCH,
    Built,
    RenewSearch,
    SearchStep,
    renew_search,
    search_step,
)
from app.services.tables.operations.searching import SearchEverywhere, search_everywhere
from app.services.tables.operations.tables import GetTable, get_table
from app.services.tables.outdated import Outdated, remove_some
from app.services.tables.personal_data import forget
from app.services.tables.preview import ColumnPlan
from app.services.tables.query import Rows
from app.services.tables.reach import Reach
from app.services.tables.search_building import ENOUGH_LATE, Block
from app.services.tables.selection import Comparison, Conditions, Filter, Selection, Sort
from app.services.tables.writing import text_of_row

NAME, NOTE = ColumnPlan(name="名前"), ColumnPlan(name="備考")


def build(office, table):
    """Build all blocks of a table, as the job does."""
    database = office.appliance.database
    with database.write() as session:
        found = catalogue.find_table(session, table.id)
        for number in {0, *search_building.pending(session, found)}:
            block = search_building.read_block(session, found, number)
            assert search_building.write_block(session, found, block)


def rows_of(session, table, **reach):
    return Rows(session, catalogue.find_table(session, table.id), Reach(**reach))


def hits(office, table, search, **reach):
    """Return the rows that the index gives, and see that walking along the table gives them too."""
    with office.appliance.database.read() as session:
        rows = rows_of(session, table, **reach)
        chosen = Selection(search=search)
        found = [row.id for row in rows.page(chosen, after="", before="", limit=10_000).rows]
        assert rows.count(chosen) == len(found)
        walking = rows_of(session, table, **reach)
        walking._searching.found[fold(search)] = None  # as where nothing is built
        seen = walking.page(chosen, after="", before="", limit=10_000).rows
        assert [row.id for row in seen] == found
        return found


def grams(office, table):
    c = search_marks.grams.c
    with office.appliance.database.read() as session:
        count = select(func.count()).where(c.table_id == table.id)
        return session.connection().execute(count).scalar_one()


@pytest.fixture
def places(office):
    table = office.table("住所", NAME, NOTE)
    office.fill(
        table,
        [
            ["東京都千代田区霞が関", "ガス工事"],
            ["京都市東山区", None],
            ["京都の東京", "東京都"],
            ["ABC㈱", "霞"],
            ["が関", "ｶﾞｽ"],
        ],
    )
    return table


@pytest.mark.parametrize("built", [False, True])
def test_a_search_finds_one_two_and_more_characters_whatever_width_and_kana(office, places, built):
    if built:
        build(office, places)
        assert grams(office, places) > 0
    wanted = {
        "東京都": [1, 3], "京都": [1, 2, 3], "東": [1, 2, 3], "都": [1, 2, 3], "霞が関": [1],
        "が": [1, 5], "ガス": [1, 5], "gas": [], "ａｂｃ": [4], "(株)": [4], "京都の東京": [3],
        "無": [],
    }  # fmt: skip
    assert {needle: hits(office, places, needle) for needle in wanted} == wanted


def test_random_rows_are_found_by_index_and_by_walking_alike(office):
    chance = random.Random(6)
    table = office.table("台帳", NAME, NOTE)

    def text():
        return "".join(chance.choices("東京都市あアaＡ1 ", k=chance.randint(0, 14))) or None

    office.fill(table, [[text(), text()] for _ in range(150)])
    build(office, table)
    for _ in range(10):  # and some that changed since
        record = chance.randint(1, 150)
        with office.appliance.database.read() as session:
            rev = rows_of(session, table).get(record).rev
        change = UpdateRecord(
            table=table.id, record=record, rev=rev, values={table.fields[0].id: text()}
        )
        update_record(office.context, change)
    hidden = frozenset({table.fields[1].id})
    for length in (1, 1, 2, 2, 2, 3, 3, 3, 4, 5, 6):
        needle = "".join(chance.choices("東京都市あa1", k=length))
        hits(office, table, needle)
        hits(office, table, needle, hidden=hidden)


def test_what_changes_is_found_at_once_and_what_is_gone_is_not(office, places):
    build(office, places)
    name = places.fields[0].id
    made = create_record(office.context, CreateRecord(table=places.id, values={name: "霞町"}))
    assert hits(office, places, "霞町") == [made.id]
    change = UpdateRecord(table=places.id, record=1, rev=1, values={name: "大阪"})
    update_record(office.context, change)
    assert (hits(office, places, "霞が関"), hits(office, places, "大阪")) == ([], [1])
    delete_record(office.context, DeleteRecord(table=places.id, record=3, rev=1))
    assert hits(office, places, "京都") == [2]
    build(office, places)
    assert (hits(office, places, "霞が関"), hits(office, places, "京都")) == ([], [2])
    assert hits(office, places, "霞") == [4, made.id]


def test_what_one_may_not_see_is_neither_found_nor_counted_F4(office, places):
    build(office, places)
    name, note = (one.id for one in places.fields)
    assert hits(office, places, "ガス", hidden=frozenset({note})) == []
    assert hits(office, places, "東京", hidden=frozenset({note})) == [1, 3]
    assert hits(office, places, "東京都", hidden=frozenset({name})) == [3]
    scoped = hits(office, places, "東京", rows=lambda rows: rows.c.id > 1)
    assert scoped == [3]


def test_a_deleted_field_is_not_searched_and_is_again_when_it_comes_back(office, places):
    build(office, places)
    note = places.fields[1].id
    delete_field(office.context, OneField(table=places.id, rev=places.rev, field=note))
    assert hits(office, places, "ガス") == []
    assert hits(office, places, "東京都") == [1]


def test_pages_of_a_search_go_on_in_both_directions_and_in_any_order(office):
    table = office.table("台帳", NAME)
    office.fill(table, [[f"札{number % 7}"] for number in range(60)])
    build(office, table)
    name = table.fields[0].id
    for sorts in ((), (Sort(descending=True),), (Sort(field=name),)):
        seen, after = [], ""
        while True:
            asked = ListRecords(table=table.id, search="札", sorts=sorts, after=after, limit=13)
            page = list_records(office.context, asked)
            seen += [one.id for one in page.records]
            assert page.total == 60
            after = page.after
            if not after:
                break
        assert len(seen) == len(set(seen)) == 60
        asked = ListRecords(table=table.id, search="札", sorts=sorts, before=page.before, limit=13)
        back = list_records(office.context, asked)
        assert [one.id for one in back.records] == seen[-8 - 13 : -8]
    where = Conditions(filters=(Filter(field=name, test=Comparison.EQUALS, value="札3"),))
    asked = ListRecords(table=table.id, search="札", where=where)
    assert list_records(office.context, asked).total == 9


def test_blocks_of_many_rows_and_rows_without_a_block_make_one_answer(office):
    table = office.table("台帳", NAME)
    with office.appliance.database.write() as session:
        context = Context(office.appliance, actor=SYSTEM).reading(session)
        found = catalogue.find_table(session, table.id)
        for first in (SIZE - 2, 3 * SIZE):
            texts = [[f"檜{number}"] for number in range(4)]
            rows = [(text_of_row(found.fields, one), *one) for one in texts]
            insert_many(context, found, first, rows)
        assert search_building.pending(session, found) == [0, 1, 3]
        block = search_building.read_block(session, found, 1)
        assert search_building.write_block(session, found, block)
    wanted = [SIZE - 2, SIZE - 1, SIZE, SIZE + 1, *range(3 * SIZE, 3 * SIZE + 4)]
    assert hits(office, table, "檜") == wanted
    build(office, table)
    assert hits(office, table, "檜") == wanted
    assert hits(office, table, "檜3") == [SIZE + 1, 3 * SIZE + 3]


def test_a_block_that_is_written_while_it_is_read_is_not_taken_for_built(office, places):
    database = office.appliance.database
    build(office, places)
    with database.read() as session:
        table = catalogue.find_table(session, places.id)
        block = search_building.read_block(session, table, 0)
    change = UpdateRecord(table=places.id, record=1, rev=1, values={places.fields[0].id: "大阪"})
    update_record(office.context, change)  # after the reading, before the writing
    with database.write() as session:
        assert search_building.write_block(session, table, block)
    assert (hits(office, places, "霞が関"), hits(office, places, "大阪")) == ([], [1])
    with database.read() as session:
        block = search_building.read_block(session, table, 0)
    with database.write() as session:
        search_marks.many_changed(session, table, [1])
    with database.write() as session:
        assert not search_building.write_block(session, table, block)
        assert search_building.pending(session, table) == [0]


def test_the_worker_builds_what_an_import_wrote_and_asks_once(office, imported, monkeypatch):
    monkeypatch.setattr(search_job, "REST", -1)
    started, _ = imported("名前,備考\n霞が関,ガス\n大阪,\n".encode())
    table = get_table(office.context, GetTable(table=started.table))
    assert hits(office, table, "霞が") == [1]
    for _ in range(2):
        search_job.look_for_work(office.appliance, lambda: False)
    assert office.worker().work_once()
    assert not office.worker().work_once()
    assert grams(office, table) > 0
    assert hits(office, table, "霞が") == [1]
    search_job.look_for_work(office.appliance, lambda: False)
    assert not office.worker().work_once()


def test_rows_that_changed_one_by_one_are_taken_into_the_index_when_they_are_many(
    office, places, monkeypatch
):
    monkeypatch.setattr(search_building, "ENOUGH_LATE", 5)
    assert ENOUGH_LATE > 5
    search_job.look_for_work(office.appliance, lambda: False)
    worker = office.worker()
    assert worker.work_once()
    with office.appliance.database.read() as session:
        left = session.connection().execute(select(func.count()).select_from(search_marks.late))
        assert left.scalar_one() == 0
    assert hits(office, places, "東京都") == [1, 3]


def test_a_choice_with_another_name_is_found_by_it_after_the_index_was_built(office):
    options = (Option(id=0, name="受注"), Option(id=0, name="出荷"))
    plan = ColumnPlan(name="状態", kind=FieldKind.SELECT, settings=Settings(options=options))
    table = office.table("注文", plan)
    office.fill(table, [["受注"], ["出荷"]])
    build(office, table)
    first, second = table.fields[0].settings.options
    changed = Settings(options=(Option(id=first.id, name="受付"), second))
    change_field(
        office.context,
        ChangeField(
            table=table.id, rev=table.rev, field=table.fields[0].id, name="状態", settings=changed
        ),
    )
    assert (hits(office, table, "受付"), hits(office, table, "受注")) == ([1], [])
    build(office, table)
    assert (hits(office, table, "受付"), hits(office, table, "受注")) == ([1], [])


@pytest.mark.parametrize("way", ["forgotten", "outdated"])
def test_nothing_of_an_erased_row_stays_in_the_index_METI_31(office, places, way):
    build(office, places)
    held = grams(office, places)
    if way == "outdated":
        delete_record(office.context, DeleteRecord(table=places.id, record=1, rev=1))
    with office.appliance.database.write() as session:
        context = Context(office.appliance, actor=SYSTEM).reading(session)
        if way == "forgotten":
            assert forget(context, f"tables/{places.id}/records/1") == 1
        else:
            assert remove_some(session, Outdated.DELETED, 2**60) == 1
    assert grams(office, places) == 0
    assert hits(office, places, "東京") == [3]
    build(office, places)
    assert 0 < grams(office, places) < held
    assert hits(office, places, "霞が関") == []


def test_rows_that_no_search_would_find_are_told_at_the_start(office, places):
    build(office, places)
    database, kept = office.appliance.database, search_marks.blocks
    assert find_drift(database) == []
    with database.write() as session:
        connection = session.connection()
        connection.execute(delete(kept))
        stray = {"table_id": 99, "block": 0, "built": True, "stamp": "x", "at": 0}
        connection.execute(insert(kept).values(**stray))
    assert find_drift(database) == [
        Drift(table="tables_search_block", missing=("u1 0",)),
        Drift(table="tables_search_block", unknown=("u99",)),
    ]


def test_more_rows_that_changed_than_are_listed_are_found_all_the_same(office, places, monkeypatch):
    monkeypatch.setattr(search_finding, "MOST_LATE", 0)
    build(office, places)
    made = CreateRecord(table=places.id, values={places.fields[0].id: "東京湾"})
    create_record(office.context, made)
    assert hits(office, places, "東京") == [1, 3, 6]


def test_the_worker_waits_for_who_writes_to_the_table_and_after_a_job_that_failed(
    office, places, monkeypatch
):
    monkeypatch.setattr(search_building, "ENOUGH_LATE", 1)
    database = office.appliance.database

    def asked() -> int:
        search_job.look_for_work(office.appliance, lambda: False)
        with database.read() as session:
            mine = select(func.count()).where(jobs.c.kind == SEARCH)
            return session.connection().execute(mine).scalar_one()

    assert asked() == 1
    for values in (
        {"state": JobState.FAILED, "updated_at": clock.now()},
        {"kind": "tables.merge", "state": JobState.RUNNING},
    ):
        with database.write() as session:
            session.connection().execute(update(jobs).values(values))
        assert asked() == (1 if "kind" not in values else 0)
    with database.write() as session:
        done = {"kind": SEARCH, "state": JobState.FAILED, "updated_at": 0}
        session.connection().execute(update(jobs).values(done))
    assert asked() == 2


def test_a_search_everywhere_tells_table_count_field_and_place(office, places):
    amount = ColumnPlan(name="額", kind=FieldKind.INTEGER)
    other = office.table("顧客", ColumnPlan(name="名称"), amount)
    office.fill(other, [["ﾄｳｷｮｳ海運", 12], ["東京ガス", 1200]])
    build(office, places)
    found = search_everywhere(office.context, SearchEverywhere(search="ガス", each=1))
    assert found.total == 3
    assert [(one.name, one.total) for one in found.tables] == [("住所", 2), ("顧客", 1)]
    hit = found.tables[0].records[0]
    assert (hit.record, hit.field_name) == (1, "備考")
    assert hit.title == "東京都千代田区霞が関 · ガス工事"
    assert (hit.text.before, hit.text.hit, hit.text.after) == ("", "ガス", "工事")
    assert search_everywhere(office.context, SearchEverywhere(search=" ")).tables == []
    numbers = search_everywhere(office.context, SearchEverywhere(search="12"))
    assert [(one.name, one.total) for one in numbers.tables] == [("顧客", 2)]


def test_a_search_everywhere_looks_only_where_one_may_look_F4(office, places):
    other = office.table("顧客", NAME)
    office.fill(other, [["東京"]])
    guest = office.as_person("a2", ("records.view", f"tables/{other.id}"))
    found = search_everywhere(guest, SearchEverywhere(search="東京"))
    assert [(one.table, one.total) for one in found.tables] == [(other.id, 1)]
    nobody = office.as_person("a3")
    assert search_everywhere(nobody, SearchEverywhere(search="東京")).total == 0


def test_the_job_of_a_table_that_is_gone_ends_and_its_step_is_refused(office):
    local = Context(office.appliance, actor=SYSTEM)
    renew_search(local, RenewSearch(table=99))
    with office.appliance.database.read() as session:
        job = session.connection().execute(select(jobs.c.id)).scalar_one()
    assert office.worker().work_once()
    assert office.job(job).state is JobState.DONE
    block = Block(number=0, stamp="", seen=[], rows=0, found=[])
    step = SearchStep(lease=Lease("x", "y"), table=99, stood=Built(), block=block)
    with pytest.raises(NotFound):
        search_step(local, step)
