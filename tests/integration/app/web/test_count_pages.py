"""Counts that take time on the page of a table: offered, asked for, broken off."""

import re

import pytest

from app.core.database_errors import TookTooLong
from app.operations.context import Appliance
from app.services.tables import counting
from app.services.tables.counting import UNKNOWN, Count, Total
from app.services.tables.operations import records
from app.services.tables.preview import ColumnPlan
from app.services.tables.views import TableView
from tests.faces import Browser
from tests.integration.app.web.test_field_pages import here, make


@pytest.fixture
def table(appliance: Appliance) -> TableView:
    made = make(appliance, "注文", [ColumnPlan(name="品名")])
    for number in range(60):
        wanted = records.CreateRecord(table=made.id, values={made.fields[0].id: f"箱{number}"})
        records.create_record(here(appliance), wanted)
    return made


def test_a_count_that_takes_time_is_offered_and_made_when_somebody_asks_METI_20(
    worker: Browser, table: TableView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(session, rows, selection, wanted: Count) -> Total:
        exact = wanted is Count.EXACT
        return counting.total_of(session, rows, selection, wanted) if exact else UNKNOWN

    monkeypatch.setattr(records, "total_of", slow)
    shown = worker.get(f"/tables/{table.id}?sort=-{table.fields[0].id}")
    assert shown.status_code == 200
    (address,) = re.findall(r'hx-get="([^"]+count=exact[^"]*)"', shown.text)
    counted = worker.get(address.replace("&amp;", "&"))
    assert re.search(r'id="count">\s*60件', counted.text)
    assert "箱59" in counted.text
    assert 'hx-trigger="load"' not in counted.text


def test_a_list_that_is_broken_off_says_so_and_names_the_remedy_METI_20(
    worker: Browser, table: TableView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> Total:
        raise TookTooLong

    monkeypatch.setattr(records, "total_of", never)
    shown = worker.get(f"/tables/{table.id}?count=exact")
    assert shown.status_code == 422
    assert "表示できません" in shown.text
    assert "先にビューとして保存" in shown.text
