"""The OpenAPI document of one table (METI-23)."""

import msgspec
import pytest

from app.services.tables.fields import Option, Settings
from app.services.tables.models import FieldKind, TableState
from app.services.tables.views import FieldView, TableView
from app.workspace.table_document import VALUE_OF, document_of, value_schema


def field(number: int, name: str, kind: FieldKind, **settings: object) -> FieldView:
    return FieldView(id=number, name=name, kind=kind, scale=0, settings=Settings(**settings))  # type: ignore[arg-type]


def table(*fields: FieldView) -> TableView:
    return TableView(
        id=12, name="在庫", state=TableState.READY, rev=1, source="", created_at=0, created_by="",
        deleted_at=0, fields=list(fields),
    )  # fmt: skip


STOCK = table(
    field(3, "品名", FieldKind.TEXT, required=True, help="型番も"),
    field(4, "数量", FieldKind.INTEGER),
    field(7, "状態", FieldKind.SELECT, options=(Option(1, "未"), Option(2, "旧", gone=True))),
    field(8, "更新", FieldKind.UPDATED_AT),
)


def body(path: str, method: str) -> dict:
    call = document_of(STOCK)["paths"][f"/api/v1/tables/12{path}"][method]
    return call["requestBody"]["content"]["application/json"]["schema"]["properties"]["values"]


def test_a_new_record_names_the_tables_own_fields_by_number_METI_23():
    values = body("/records", "post")
    assert list(values["properties"]) == ["3", "4", "7"], "what the appliance writes is not given"
    assert values["required"] == ["3"]
    assert values["properties"]["3"] == {
        "type": "string", "title": "品名", "description": "型番も",
    }  # fmt: skip
    assert values["properties"]["4"]["type"] == ["integer", "string", "null"]
    assert values["properties"]["7"]["enum"] == ["未", None]


def test_a_field_that_one_only_sees_is_not_given_F4():
    seen = msgspec.structs.replace(STOCK.fields[1], read_only=True)
    found = document_of(table(STOCK.fields[0], seen))
    call = found["paths"]["/api/v1/tables/12/records"]["post"]["requestBody"]["content"]
    values = call["application/json"]["schema"]["properties"]["values"]
    assert list(values["properties"]) == ["3"]


def test_a_change_need_not_name_them_all():
    assert "required" not in body("/records/{record}", "patch")


def test_only_the_calls_of_this_table_are_left_and_the_workspaces_own_stays_whole():
    found = document_of(STOCK)
    assert found["info"]["title"] == "在庫"
    assert "- 4: 数量 (integer)" in found["info"]["description"]
    for path, calls in found["paths"].items():
        assert path.startswith("/api/v1/tables/12/"), path
        for call in calls.values():
            assert "table" not in {one["name"] for one in call["parameters"]}
    again = document_of(table(field(1, "名", FieldKind.TEXT)))
    values = again["paths"]["/api/v1/tables/12/records"]["post"]["requestBody"]["content"]
    assert "1" in values["application/json"]["schema"]["properties"]["values"]["properties"]


@pytest.mark.parametrize("kind", list(FieldKind))
def test_each_type_says_what_it_takes(kind):
    assert kind in VALUE_OF
    schema = value_schema(field(1, "x", kind))
    assert "null" in schema["type"]
