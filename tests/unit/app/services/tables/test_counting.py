"""Counts and lists that take long: left out, or broken off with the remedy."""

import msgspec
import pytest
from sqlalchemy import select, text

from app.core.database_errors import TookTooLong
from app.services.tables.counting import Count
from app.services.tables.operations.records import ListRecords, list_records
from app.services.tables.preview import ColumnPlan
from app.services.tables.query import Rows
from app.services.tables.selection import Comparison, Conditions, Filter, Sort

TEXT = ColumnPlan(name="名")
SLOW = text(
    "1 = (WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 90000000)"
    " SELECT min(x) FROM n)"
)


def slowly(rows, count, *asked):
    rows._session.connection().execute(select(text("1")).where(SLOW)).all()
    return count(rows, *asked)


def test_a_count_that_takes_time_is_left_out_until_somebody_asks_METI_20(office, monkeypatch):
    table = office.table("台帳", TEXT)
    office.fill(table, [["a"], ["ab"], ["b"]])
    filtered = Conditions(
        filters=(Filter(field=table.fields[0].id, test=Comparison.CONTAINS, value="a"),)
    )
    ask = ListRecords(table=table.id, limit=1, where=filtered)
    assert list_records(office.context, ask).total == 2
    monkeypatch.setattr("app.services.tables.counting.SMALL", 2)
    assert list_records(office.context, ask).total is None
    exact = msgspec.structs.replace(ask, count=Count.EXACT)
    assert list_records(office.context, exact).total == 2
    monkeypatch.setattr("app.services.tables.counting.LONGEST", 100)
    count = Rows.count
    monkeypatch.setattr(Rows, "count", lambda rows, *asked: slowly(rows, count, *asked))
    with pytest.raises(TookTooLong):
        list_records(office.context, exact)


def test_a_list_that_no_index_helps_is_broken_off_with_the_remedy_METI_20(office, monkeypatch):
    monkeypatch.setattr("app.services.tables.operations.records.LONGEST", 50)
    table = office.table("台帳", TEXT)
    office.fill(table, [["a"], ["b"]])
    page = Rows.page
    monkeypatch.setattr(
        Rows, "page", lambda rows, *asked, **named: slowly(rows, page, *asked) if named else None
    )
    sorts = (Sort(field=table.fields[0].id),)
    with pytest.raises(TookTooLong) as told:
        list_records(office.context, ListRecords(table=table.id, sorts=sorts))
    assert "view" in told.value.hint
