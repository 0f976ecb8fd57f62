"""Tables and single records on the workspace's pages: change, delete, undo, conflicts."""

import html
import re

import pytest

from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.services.tables.models import FieldKind
from app.services.tables.operations import records, tables
from app.services.tables.preview import ColumnPlan
from app.services.tables.views import RecordView, TableView
from tests.faces import Browser

KINDS = (
    ("品名", FieldKind.TEXT), ("数", FieldKind.INTEGER), ("日", FieldKind.DATE),
    ("済", FieldKind.CHECKBOX),
)  # fmt: skip


def here(appliance: Appliance) -> Context:
    return Context(appliance, actor=SYSTEM, plane=Plane.WORKSPACE)


@pytest.fixture
def table(appliance: Appliance) -> TableView:
    columns = [ColumnPlan(name=name, kind=kind) for name, kind in KINDS]
    return tables.create_table(here(appliance), tables.CreateTable(name="在庫", columns=columns))


def add(appliance: Appliance, table: TableView, *values: object) -> RecordView:
    numbers = [field.id for field in table.fields]
    given = dict(zip(numbers, values, strict=True))
    return records.create_record(
        here(appliance),
        records.CreateRecord(table=table.id, values=given),  # type: ignore[arg-type]
    )


def read(appliance: Appliance, table: TableView, record: int = 1) -> RecordView:
    wanted = records.GetRecord(table=table.id, record=record)
    return records.get_record(here(appliance), wanted)


def form_of(text: str) -> dict[str, str]:
    """Return what a browser would send of the record's form as it stands."""
    (form,) = re.findall(r'<form[^>]*id="record".*?</form>', text, re.DOTALL)
    found = {
        html.unescape(name): html.unescape(value)
        for tag in re.findall(r"<input[^>]*>", form)
        for name in re.findall(r'name="([^"]*)"', tag)
        for value in re.findall(r'value="([^"]*)"', tag)
    }
    for name, body in re.findall(
        r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        chosen = re.findall(r'value="([^"]*)" selected', body)
        found[name] = chosen[0] if chosen else ""
    for name, body in re.findall(
        r'<textarea[^>]*name="([^"]*)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL
    ):
        found[name] = html.unescape(body)
    return {name: text.replace("\n", "\r\n") for name, text in found.items()}


def test_a_table_is_renamed_and_a_late_name_stays_in_the_form(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    path = f"/tables/{table.id}/rename"
    renamed = worker.post(path, {"rev": "1", "name": "在庫表"})
    assert "表の名前を変更しました" in worker.get(renamed.headers["location"]).text
    late = worker.post(path, {"rev": "1", "name": "棚卸し"})
    assert late.status_code == 409
    assert 'value="棚卸し"' in late.text
    assert "現在の名前：在庫表" in late.text
    assert 'name="rev" value="2"' in late.text
    empty = worker.post(path, {"rev": "2", "name": " "})
    assert empty.status_code == 422
    assert 'href="#field-name"' in empty.text


def test_a_deleted_table_comes_back_at_once_or_later(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    stale = worker.post(f"/tables/{table.id}/delete", {"rev": "9"})
    assert stale.status_code == 409
    gone = worker.post(f"/tables/{table.id}/delete", {"rev": "1"})
    home = worker.get(gone.headers["location"]).text
    assert "在庫を削除しました" in home
    assert f'action="/tables/{table.id}/restore"' in home
    assert worker.get(f"/tables/{table.id}").status_code == 404
    assert "在庫" in worker.get("/tables/deleted").text
    back = worker.post(f"/tables/{table.id}/restore", {"rev": "2"})
    assert "表を元に戻しました" in worker.get(back.headers["location"]).text
    assert "削除した表はありません" in worker.get("/tables/deleted").text


def test_a_record_is_added_changed_and_deleted_by_forms(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    base = f"/tables/{table.id}/records"
    first, second, third, fourth = (f"f{field.id}" for field in table.fields)
    assert worker.get(f"{base}/new").status_code == 200
    added = worker.post(
        f"{base}/new", {first: "りんご", second: "3", third: "2026-11-21", fourth: "true"}
    )
    shown = worker.get(added.headers["location"]).text
    assert "レコード1を追加しました" in shown
    assert f'href="{base}/1"' in shown
    assert read(appliance, table).cells == ["りんご", 3, "2026-11-21", True]
    form = form_of(worker.get(f"{base}/1").text)
    worker.post(f"{base}/1", {**form, second: "5", fourth: ""})
    changed = read(appliance, table)
    assert changed.cells == ["りんご", 5, "2026-11-21", None]
    assert changed.rev == 2
    worker.post(f"{base}/1", form_of(worker.get(f"{base}/1").text))
    assert read(appliance, table).rev == 2  # nothing was changed, nothing was written
    late = worker.post(f"{base}/1/delete", {"rev": "1"})
    assert late.status_code == 409
    gone = worker.post(f"{base}/1/delete", {"rev": "2"})
    assert "レコード1を削除しました" in worker.get(gone.headers["location"]).text
    assert worker.get(f"{base}/1").status_code == 404
    assert worker.post(f"{base}/1", {**form, second: "9"}).status_code == 404


def test_a_value_that_does_not_fit_is_told_at_its_field_and_stays(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    base = f"/tables/{table.id}/records"
    second = f"f{table.fields[1].id}"
    answer = worker.post(f"{base}/new", {second: "三つ"})
    assert answer.status_code == 422
    assert f'href="#field-{second}"' in answer.text
    assert 'value="三つ"' in answer.text


def test_a_conflict_keeps_what_was_typed_beside_the_newest_values(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    made = add(appliance, table, "りんご", 3, None, None)
    path = f"/tables/{table.id}/records/{made.id}"
    first, second, *_ = (field.id for field in table.fields)
    form = form_of(worker.get(path).text)
    records.update_record(
        here(appliance),
        records.UpdateRecord(
            table=table.id, record=made.id, rev=1, values={first: "みかん", second: 7}
        ),
    )
    late = worker.post(path, {**form, f"f{second}": "4"})
    assert late.status_code == 409
    assert "現在の値：7" in late.text
    again = form_of(late.text)
    assert (again[f"f{second}"], again[f"f{first}"]) == ("4", "みかん")
    assert worker.post(path, again).status_code == 303
    assert read(appliance, table, made.id).cells[:2] == ["みかん", 4]


def test_line_breaks_in_a_text_survive_a_form_that_changes_something_else(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    made = add(appliance, table, "一行目\n二行目", 1, None, None)
    path = f"/tables/{table.id}/records/{made.id}"
    form = form_of(worker.get(path).text)
    assert form[f"f{table.fields[0].id}"] == "一行目\r\n二行目"
    worker.post(path, {**form, f"f{table.fields[1].id}": "2"})
    assert read(appliance, table, made.id).cells[:2] == ["一行目\n二行目", 2]


def test_who_may_only_look_gets_no_form_to_change(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    nobody = Browser(worker.application, {})
    for path in (f"/tables/{table.id}/settings", f"/tables/{table.id}/records/new"):
        assert nobody.get(path).headers["location"].startswith("/sign-in")


def test_columns_that_a_person_hides_stay_hidden_while_they_search_and_sort(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    add(appliance, table, "りんご", 3, "2026-11-21", True)
    count = table.fields[1].id
    every = worker.get(f"/tables/{table.id}").text
    assert f"hide={count}" in every
    assert ">3</td>" in every
    page = worker.get(f"/tables/{table.id}?hide={count}&sort=-{table.fields[0].id}").text
    assert ">3</td>" not in page
    assert "2026年11月21日(土)" in page
    assert f'name="hide" value="{count}"' in page
    assert f'name="sort" value="-{table.fields[0].id}"' in page
    first = worker.get(f"/tables/{table.id}?hide={table.fields[0].id}").text
    assert "りんご" in first  # the way to the record is never hidden
