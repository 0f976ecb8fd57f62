"""A table for programs: the page that says how, and the document of its own fields."""

import pytest

from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.services.tables.models import FieldKind
from app.services.tables.operations import tables
from app.services.tables.preview import ColumnPlan
from app.services.tables.views import TableView
from tests.faces import Browser


@pytest.fixture
def table(appliance: Appliance) -> TableView:
    here = Context(appliance, actor=SYSTEM, plane=Plane.WORKSPACE)
    columns = [ColumnPlan(name="品名 <箱>", kind=FieldKind.TEXT)]
    return tables.create_table(here, tables.CreateTable(name="在庫", columns=columns))


def test_the_page_tells_address_and_numbers_of_the_fields_METI_23(
    worker: Browser, table: TableView
) -> None:
    shown = worker.get(f"/tables/{table.id}/api")
    assert shown.status_code == 200
    assert f"/api/v1/tables/{table.id}/records" in shown.text
    assert "品名 &lt;箱&gt;" in shown.text
    assert "openapi.json" in shown.text


def test_the_document_is_handed_out_as_a_file(worker: Browser, table: TableView) -> None:
    answer = worker.get(f"/tables/{table.id}/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert "openapi.json" in answer.headers["content-disposition"]
    body = answer.json()["paths"][f"/api/v1/tables/{table.id}/records"]["post"]["requestBody"]
    values = body["content"]["application/json"]["schema"]["properties"]["values"]
    assert values["properties"][str(table.fields[0].id)]["title"] == "品名 <箱>"


@pytest.mark.parametrize("page", ["api", "openapi.json"])
def test_nobody_learns_the_fields_of_a_table_without_the_right_F4(
    at_workspace, table: TableView, page: str
) -> None:
    answer = at_workspace("").get(f"/tables/{table.id}/{page}")
    assert answer.status_code in (303, 401)
    assert "品名" not in answer.text
