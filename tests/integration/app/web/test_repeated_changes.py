"""The API makes a change once for each key of its caller's."""

import pytest

from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.services.tables.models import FieldKind
from app.services.tables.operations import records, tables
from app.services.tables.preview import ColumnPlan
from app.services.tables.views import TableView
from app.web.openapi import document
from tests.faces import Browser


def here(appliance: Appliance) -> Context:
    return Context(appliance, actor=SYSTEM, plane=Plane.WORKSPACE)


@pytest.fixture
def table(appliance: Appliance) -> TableView:
    columns = [ColumnPlan(name="品名", kind=FieldKind.TEXT)]
    return tables.create_table(here(appliance), tables.CreateTable(name="在庫", columns=columns))


def send(worker: Browser, table: TableView, text: str, key: str):
    field = table.fields[0].id
    return worker.post(
        f"/api/v1/tables/{table.id}/records",
        json={"values": {str(field): text}},
        headers={"Idempotency-Key": key},
    )


def count(appliance: Appliance, table: TableView) -> int | None:
    listed = records.list_records(here(appliance), records.ListRecords(table=table.id))
    return listed.total


def test_a_record_is_made_once_and_answered_as_before_METI_23(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    first, again = (send(worker, table, "箱", key) for key in ("order-1", '"order-1"'))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert count(appliance, table) == 1
    made = first.json()
    path = f"/api/v1/tables/{table.id}/records/{made['id']}/delete"
    for _ in range(2):
        gone = worker.post(path, json={"rev": 1}, headers={"Idempotency-Key": "order-1-away"})
        assert (gone.status_code, gone.json()) == (200, None)
    assert count(appliance, table) == 0


@pytest.mark.parametrize(
    ("key", "text", "status", "code"),
    [
        ("order-1", "椀", 422, "repeat.other_request"),
        ("ключ", "箱", 422, "invalid_input"),
        ("x" * 65, "箱", 422, "invalid_input"),
        ('"', "箱", 422, "invalid_input"),
    ],
)
def test_a_key_that_does_not_fit_is_told(
    worker: Browser, appliance: Appliance, table: TableView, key: str, text: str, status: int, code
) -> None:
    send(worker, table, "箱", "order-1")
    answer = send(worker, table, text, key.encode("utf-8"))  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert count(appliance, table) == 1


def test_a_call_that_would_be_made_twice_refuses_the_key(worker: Browser) -> None:
    columns = [{"name": "品名", "kind": "text"}]
    answer = worker.post(
        "/api/v1/tables", json={"name": "x", "columns": columns}, headers={"Idempotency-Key": "a"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "repeat.not_taken")


def test_the_document_says_which_calls_take_a_key() -> None:
    paths = document(Plane.WORKSPACE)["paths"]
    made = paths["/api/v1/tables/{table}/records"]["post"]["parameters"]
    assert [one["name"] for one in made if one["in"] == "header"] == ["Idempotency-Key"]
    listed = paths["/api/v1/tables/{table}/records/search"]["post"]["parameters"]
    assert [one for one in listed if one["in"] == "header"] == []
