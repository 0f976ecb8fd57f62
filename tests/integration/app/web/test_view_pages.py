"""Views of a table on the workspace's pages, without any script: arranged, saved, shared."""

import html
import json
import re

import pytest

from app.operations.context import Appliance
from app.services.tables.fields import Option, Settings
from app.services.tables.models import FieldKind
from app.services.tables.operations import fields, records, saved_views
from app.services.tables.preview import ColumnPlan
from app.services.tables.saved_views import Shared
from app.services.tables.views import TableView
from tests.faces import Browser
from tests.integration.app.web.test_field_pages import here, make

STATES = Settings(options=(Option(id=1, name="未"), Option(id=2, name="済")))
PLANS = [
    ColumnPlan(name="品名"),
    ColumnPlan(name="金額", kind=FieldKind.MONEY),
    ColumnPlan(name="状態", kind=FieldKind.SELECT, settings=STATES),
    ColumnPlan(name="納期", kind=FieldKind.DATE),
    ColumnPlan(name="担当", kind=FieldKind.PERSON),
]
ROWS = (("檜", 100, "済"), ("杉", 300, "未"), ("松", 200, "未"))


@pytest.fixture
def table(appliance: Appliance) -> TableView:
    made = make(appliance, "注文", PLANS)
    for row in ROWS:
        values = dict(zip((one.id for one in made.fields), row, strict=False))
        wanted = records.CreateRecord(table=made.id, values=values)
        records.create_record(here(appliance), wanted)
    return made


def form_of(page: str) -> dict[str, object]:
    """Return what a browser would send of the form that arranges the list."""
    form = page.split('id="arrange"')[1].split("</form>", maxsplit=1)[0]
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        name = re.search(r' name="([^"]+)"', tag)
        kind = re.search(r' type="([^"]+)"', tag)
        value = re.search(r' value="([^"]*)"', tag)
        if not name or (kind and kind[1] in ("checkbox", "radio") and " checked" not in tag):
            continue
        found.setdefault(name[1], []).append(html.unescape(value[1]) if value else "")
    for name, inside in re.findall(
        r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        options = re.findall(r'<option value="([^"]*)"( selected)?>', inside)
        chosen = [value for value, selected in options if selected] or [options[0][0]]
        found.setdefault(name, []).append(html.unescape(chosen[0]))
    for name, text in re.findall(
        r'<textarea [^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL
    ):
        found.setdefault(name, []).append(html.unescape(text))
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


def rows_of(page: str) -> list[str]:
    """Return what stands in the first cell of each row."""
    return re.findall(r'<td[^>]*><a href="/tables/\d+/records/\d+">([^<]+)</a>', page)


def press(worker: Browser, table: TableView, page: str, do: str, **more: object) -> str:
    """Press a button of the form, and return the page that comes back."""
    answer = worker.post(f"/tables/{table.id}/arrange", {**form_of(page), **more, "do": do})
    if answer.status_code == 303:
        return worker.get(answer.headers["location"]).text
    return answer.text


def test_a_person_filters_sorts_groups_and_saves_without_a_script_F14(
    worker: Browser, table: TableView
) -> None:
    name, price, state, *_ = (one.id for one in table.fields)
    page = worker.get(f"/tables/{table.id}/arrange").text
    page = press(worker, table, page, "add:w")
    assert "条件1" in page
    page = press(worker, table, page, "refresh", **{"w-0-field": str(price)})
    assert '<option value="between"' in page, "what fits the type of the field"
    page = press(worker, table, page, "group:w", **{"w-0-test": "above", "w-0-value": "150"})
    filled = {"w-g0-0-field": str(state), "w-g0-0-test": "equals"}
    page = press(worker, table, page, "refresh", **filled)
    assert '<option value="未"' in page, "the choices of the field"
    more = {"w-g0-0-value": "未", "sort-0": str(price), "sort-0-way": "down"}
    shown = press(worker, table, page, "show", **more)
    assert rows_of(shown) == ["杉", "松"]
    assert "金額が150より大きい" in shown
    assert "2件" in shown
    grouped = press(worker, table, page, "show", **more, group=str(state), sums=f"{price}.sum")
    assert '<details class="rows-group" open>' in grouped
    assert "¥500" in grouped
    only = re.search(r'href="([^"]*alone=1[^"]*)"', grouped)
    assert only
    groups = worker.get(html.unescape(only[1])).text
    assert "1グループ" in groups
    within = re.search(r'<td[^>]*><a href="([^"]+)">未</a>', groups)
    assert within
    assert rows_of(worker.get(html.unescape(within[1])).text) == ["杉", "松"]
    saved = press(
        worker, table, page, "copy", **more, name="大口", group=str(state),
        shown=[str(name), str(price)],
    )  # fmt: skip
    assert "ビューを保存しました" in saved
    assert ">大口</a>" in saved.replace("\n", "").replace("      ", "")
    assert rows_of(saved) == ["杉", "松"]
    assert "納期" not in saved.split("<thead")[1].split("</thead>")[0]


def test_the_address_keeps_the_state_and_the_view_takes_what_it_does_not_say_F14(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    name, price, *_ = (one.id for one in table.fields)
    where = {"filters": [{"field": price, "test": "above", "value": "150"}]}
    query = {"where": json.dumps(where), "sort": f"-{price}", "cols": f"{price},{name}"}
    page = worker.get(f"/tables/{table.id}", params=query).text
    assert rows_of(page) == ["¥300", "¥200"]
    assert 'aria-sort="descending"' in page
    body = {"name": "v", "definition": {"where": where, "sorts": [{"field": price}]}}
    made = worker.post(f"/api/v1/tables/{table.id}/views", json=body).json()
    view = {"view": made["id"]}
    assert rows_of(worker.get(f"/tables/{table.id}", params=view).text) == ["松", "杉"]
    changed = worker.get(f"/tables/{table.id}", params={**view, "sort": f"-{price}"}).text
    assert rows_of(changed) == ["杉", "松"]
    assert "ビューの内容に戻す" in changed
    whole = worker.get(f"/tables/{table.id}", params={**view, "where": "{}"}).text
    assert len(rows_of(whole)) == 3
    sent = worker.post(f"/tables/{table.id}/export", {"view": made["id"]})
    assert sent.text.splitlines()[1:] == ["松,200,未,,", "杉,300,未,,"]


@pytest.mark.parametrize(
    "where",
    [
        "x", "{", "[]", '{"filters":[{"field":0,"test":"equals"}]}', '{"groups":' * 90,
        '{"filters":[{"field":999,"test":"filled"}]}', '{"filters":[{"field":1,"test":"like"}]}',
        '{"filters":[{"field":1,"test":"contains","value":"\\u0000"}]}',
        '{"groups":[{"groups":[{"groups":[{"groups":[]}]}]}]}',
    ],
)  # fmt: skip
def test_conditions_that_make_no_sense_show_no_row_and_say_so_METI_38(
    worker: Browser, table: TableView, where: str
) -> None:
    answer = worker.get(f"/tables/{table.id}", params={"where": where})
    assert answer.status_code == 422
    assert rows_of(answer.text) == []
    assert "何も表示していません" in answer.text
    assert worker.get(f"/tables/{table.id}/arrange", params={"where": where}).status_code == 200
    assert worker.post(f"/tables/{table.id}/export", {"where": where}).status_code == 422


def test_two_people_who_change_one_view_are_told_and_nothing_typed_is_lost_F14(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    wanted = saved_views.CreateView(table=table.id, name="共有", shared=Shared.ALL)
    made = saved_views.create_view(here(appliance), wanted)
    page = worker.get(f"/tables/{table.id}/arrange?view={made.id}").text
    other = saved_views.ChangeView(
        table=table.id, view=made.id, rev=1, name="先に", shared=Shared.ALL
    )
    saved_views.change_view(here(appliance), other)
    sent = {**form_of(page), "name": "後で", "do": "save"}
    late = worker.post(f"/tables/{table.id}/arrange", sent)
    assert late.status_code == 409
    assert 'value="後で"' in late.text
    again = press(worker, table, late.text, "save")
    assert "ビューを保存しました" in again
    assert "後で" in again


def test_a_view_that_does_not_fit_says_so_and_is_corrected_on_its_page_F14(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    *_, person = (one.id for one in table.fields)
    price = table.fields[1].id
    body = {
        "name": "私の",
        "definition": {
            "where": {"filters": [{"field": price, "test": "above", "value": "1"}]},
            "scope": {"owned": "own", "field": person},
        },
    }
    made = worker.post(f"/api/v1/tables/{table.id}/views", json=body).json()
    gone = fields.OneField(table=table.id, rev=1, field=person)
    fields.delete_field(here(appliance), gone)
    page = worker.get(f"/tables/{table.id}?view={made['id']}").text
    assert rows_of(page) == []
    assert "「担当」では" not in page
    assert "誰のレコードか判断できない" in page
    assert "担当" in page
    arrange = worker.get(f"/tables/{table.id}/arrange?view={made['id']}").text
    assert "合わなくなった設定" in arrange, "the scope is not dropped by saving something else"
    assert "項目が削除されました" in press(worker, table, arrange, "save")
    fixed = press(worker, table, arrange, "save", scope="")
    assert len(rows_of(fixed)) == 3


def test_colours_are_shown_with_what_they_say_and_deleted_views_come_back_F14(
    worker: Browser, table: TableView
) -> None:
    price = table.fields[1].id
    page = worker.get(f"/tables/{table.id}/arrange").text
    page = press(worker, table, page, "add:colour")
    page = press(worker, table, page, "refresh", **{"colour-0-field": str(price)})
    more = {"colour-0-test": "above", "colour-0-value": "250", "colour-0-colour": "red"}
    saved = press(worker, table, page, "copy", **more, name="色")
    assert saved.count('<td data-colour="red"') == 1
    assert "金額が250より大きい" in saved.split('class="legend"')[1]
    view = re.search(r"view=(\d+)", saved)
    assert view
    gone = worker.post(f"/tables/{table.id}/views/{view[1]}/delete", {"rev": "1"})
    listed = worker.get(gone.headers["location"]).text
    assert "ビューを削除しました" in listed
    back = worker.post(f"/tables/{table.id}/views/{view[1]}/restore", {"rev": "2"})
    assert "ビューを元に戻しました" in worker.get(back.headers["location"]).text


def test_conditions_too_long_for_an_address_are_kept_by_a_view_F14(
    worker: Browser, table: TableView
) -> None:
    page = press(worker, table, worker.get(f"/tables/{table.id}/arrange").text, "add:w")
    long = {"w-0-value": "長" * 900, "name": "長い"}
    answer = worker.post(f"/tables/{table.id}/arrange", {**form_of(page), **long, "do": "show"})
    assert answer.status_code == 422
    assert "長すぎて" in answer.text
    assert "長" * 900 in answer.text
    assert "条件に合うレコードはありません" in press(worker, table, answer.text, "copy")
    longer = {**form_of(page), **long, "w-0-value": "長" * 1001, "do": "copy"}
    refused = worker.post(f"/tables/{table.id}/arrange", longer)
    assert refused.status_code == 422, "a view holds no more than the API takes"
    assert "長" * 1001 in refused.text


def test_the_api_lists_groups_and_refuses_what_is_too_deep_F14(
    worker: Browser, table: TableView
) -> None:
    price, state = table.fields[1].id, table.fields[2].id
    path = f"/api/v1/tables/{table.id}/records/groups"
    found = worker.post(path, json={"by": state, "sums": [{"field": price, "how": "average"}]})
    told = [(one["words"], one["count"], one["figures"][0]) for one in found.json()["groups"]]
    assert [(words, count, figure["words"]) for words, count, figure in told] == [
        ("未", 2, "¥250.00"), ("済", 1, "¥100.00"),
    ]  # fmt: skip
    for depth in (4, 400, 20_000):
        body = '{"where":' + '{"groups":[' * depth + "]}" * depth + "}"
        headers = {"content-type": "application/json"}
        answer = worker.post(path, content=body.encode(), headers=headers)
        assert answer.status_code in (400, 422), depth


def test_another_field_begins_with_its_own_comparison_where_a_script_draws_anew_F14(
    worker: Browser, table: TableView
) -> None:
    price, state = table.fields[1].id, table.fields[2].id
    page = press(worker, table, worker.get(f"/tables/{table.id}/arrange").text, "add:w")
    typed = {"w-0-field": str(state), "w-0-value": "x"}
    drawn = form_of(press(worker, table, page, "redraw", **typed))
    assert (drawn["w-0-test"], drawn["w-0-was"]) == ("equals", str(state))
    kept = {"w-0-field": str(price), "w-0-test": "below", "w-0-value": "150"}
    assert rows_of(press(worker, table, page, "show", **kept)) == ["檜"], "without one, all at once"
