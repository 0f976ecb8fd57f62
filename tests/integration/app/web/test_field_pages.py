"""Fields of a table on the workspace's pages, and records whose fields have every type."""

import html
import re
from collections.abc import Callable

import pytest

import app.services.tables.jobs  # noqa: F401 - registers the handlers
from app.audit.event import Source
from app.core import clock
from app.identity import policies, session_rows
from app.identity.models import Account
from app.jobs.worker import Worker
from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.services.tables.fields import Option, Settings
from app.services.tables.models import FieldKind
from app.services.tables.operations import records, tables
from app.services.tables.preview import ColumnPlan
from app.services.tables.views import FieldView, RecordView, TableView
from tests.faces import Browser
from tests.integration.postgresql import WORKSPACE

COLOURS = Settings(options=(Option(id=1, name="赤"), Option(id=2, name="青")))
PLANS = [
    ColumnPlan(name="品名", settings=Settings(required=True, help="略さずに")),
    ColumnPlan(name="色", kind=FieldKind.SELECT, settings=COLOURS),
    ColumnPlan(name="札", kind=FieldKind.MULTI_SELECT, settings=COLOURS),
    ColumnPlan(name="値段", kind=FieldKind.MONEY),
    ColumnPlan(name="日時", kind=FieldKind.DATE_TIME),
    ColumnPlan(name="頁", kind=FieldKind.URL),
    ColumnPlan(name="担当", kind=FieldKind.PERSON),
    ColumnPlan(name="番号", kind=FieldKind.AUTONUMBER, settings=Settings(pattern="N{000}")),
    ColumnPlan(name="隠れ", settings=Settings(hidden=True, default="初め")),
]

MANY = (FieldKind.MULTI_SELECT, FieldKind.LINKS)


def here(appliance: Appliance) -> Context:
    return Context(appliance, actor=SYSTEM, plane=Plane.WORKSPACE)


def now(appliance: Appliance, table: TableView) -> TableView:
    return tables.get_table(here(appliance), tables.GetTable(table=table.id))


def named(appliance: Appliance, table: TableView, name: str) -> FieldView:
    return next(one for one in now(appliance, table).fields if one.name == name)


def read(appliance: Appliance, table: TableView, record: int = 1) -> RecordView:
    wanted = records.GetRecord(table=table.id, record=record)
    return records.get_record(here(appliance), wanted)


def make(appliance: Appliance, name: str, columns: list[ColumnPlan]) -> TableView:
    """Make a table that belongs to the workspace's role, as one that was made at a page does."""
    made = tables.create_table(here(appliance), tables.CreateTable(name=name, columns=columns))
    if appliance.database.engine.dialect.name == "postgresql":
        with appliance.database.write() as session:
            many = [f"j{one.id}" for one in made.fields if one.kind in MANY]
            for name in (f"u{made.id}", *many):  # as each start does, with the roles of a copy
                session.connection().exec_driver_sql(f"ALTER TABLE {name} OWNER TO {WORKSPACE}")
    return made


@pytest.fixture
def table(appliance: Appliance) -> TableView:
    return make(appliance, "在庫", PLANS)


def test_every_type_has_a_control_of_its_own_and_keeps_what_was_typed(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    base = f"/tables/{table.id}/records"
    numbers = {one.name: f"f{one.id}" for one in table.fields}
    blank = worker.get(f"{base}/new").text
    assert "略さずに" in blank
    assert 'value="初め"' in blank
    assert f'name="{numbers["番号"]}"' not in blank
    typed: dict[str, object] = {
        numbers["品名"]: "箱",
        numbers["色"]: "青",
        numbers["札"]: ["青", "赤"],
        numbers["値段"]: "￥１，２００",
        numbers["日時"]: "2026-11-21T14:30",
        numbers["頁"]: "example.co.jp",
        numbers["隠れ"]: "",
    }
    added = worker.post(f"{base}/new", typed)
    assert added.status_code == 303
    seen = read(appliance, table)
    assert seen.cells == [
        "箱", "青", ["青", "赤"], "1200", "2026-11-21T05:30:00Z", "https://example.co.jp", None,
        "N001", None,
    ]  # fmt: skip
    listed = worker.get(added.headers["location"]).text
    assert "¥1,200" in listed
    assert "2026年11月21日(土) 14:30" in listed
    assert 'href="https://example.co.jp" rel="noopener noreferrer"' in listed
    assert "隠れ</" not in listed.split("<tbody")[0].split("<thead")[1]
    assert "隠れ" in worker.get(f"/tables/{table.id}?hide=0").text.split("<thead")[1]
    shown = worker.get(f"{base}/1").text
    assert 'value="2026-11-21T14:30"' in shown
    assert "N001" in shown
    assert len(re.findall(r'type="checkbox"[^>]*checked', shown)) == 2


def test_a_form_that_was_not_touched_changes_nothing(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    base = f"/tables/{table.id}/records"
    numbers = {one.name: one.id for one in table.fields}
    first = {f"f{numbers['品名']}": "箱", f"f{numbers['札']}": ["赤", "青"]}
    worker.post(f"{base}/new", first)
    form = {
        f"{what}{number}": text
        for number, text in zip(numbers.values(), read(appliance, table).texts, strict=True)
        for what in ("f", "was")
    }
    form[f"f{numbers['札']}"] = "青; 赤"  # ticks come in the order of the choices
    assert worker.post(f"{base}/1", {**form, "rev": "1"}).status_code == 303
    assert read(appliance, table).rev == 1
    del form[f"f{numbers['札']}"]  # no tick is sent at all
    worker.post(f"{base}/1", {**form, "rev": "1"})
    assert read(appliance, table).cells[2] is None


def test_what_must_be_filled_or_does_not_fit_is_told_at_its_field(
    worker: Browser, table: TableView
) -> None:
    base = f"/tables/{table.id}/records"
    numbers = {one.name: f"f{one.id}" for one in table.fields}
    empty = worker.post(f"{base}/new", {numbers["品名"]: ""})
    assert empty.status_code == 422
    assert f'href="#field-{numbers["品名"]}"' in empty.text
    assert "必須の項目です" in empty.text
    wrong = worker.post(f"{base}/new", {numbers["品名"]: "箱", numbers["日時"]: "昨日"})
    assert wrong.status_code == 422
    assert 'value="昨日"' in wrong.text


def test_a_field_is_added_changed_moved_deleted_and_brought_back(
    worker: Browser, appliance: Appliance, table: TableView
) -> None:
    base = f"/tables/{table.id}/fields"
    kinds = worker.get(f"{base}/new").text
    assert f"{base}/new?kind=multi_select" in kinds
    assert "郵便番号" in kinds
    assert worker.get(f"{base}/new?kind=select").status_code == 200
    added = worker.post(
        f"{base}/new",
        {"rev": "1", "kind": "select", "name": "状態", "options": "未\n済\n", "default": "未"},
    )
    assert "項目を追加しました" in worker.get(added.headers["location"]).text
    made = named(appliance, table, "状態")
    assert [one.name for one in made.settings.options] == ["未", "済"]
    stale = worker.post(f"{base}/new", {"rev": "1", "kind": "text", "name": "別"})
    assert stale.status_code == 409
    assert 'value="別"' in stale.text
    nameless = worker.post(f"{base}/new", {"rev": "2", "kind": "text", "name": " "})
    assert nameless.status_code == 422
    assert 'href="#field-name"' in nameless.text
    wrong = worker.post(f"{base}/new", {"rev": "2", "kind": "date", "name": "日", "default": "x"})
    assert wrong.status_code == 422
    assert 'href="#field-default"' in wrong.text
    form = worker.get(f"{base}/{made.id}").text
    assert 'name="option-1" type="text" value="未"' in form
    saved = worker.post(
        f"{base}/{made.id}",
        {"rev": "2", "name": "進み", "option-1": "待ち", "option-2": "", "options": "完了"},
    )
    assert "項目を保存しました" in worker.get(saved.headers["location"]).text
    options = named(appliance, table, "進み").settings.options
    assert [(one.id, one.name, one.gone) for one in options] == [
        (1, "待ち", False),
        (3, "完了", False),
        (2, "済", True),
    ]
    worker.post(f"{base}/{made.id}/move", {"rev": "3", "to": "up"})
    assert now(appliance, table).fields[-2].id == made.id
    gone = worker.post(f"{base}/{made.id}/delete", {"rev": "4"})
    listed = worker.get(gone.headers["location"]).text
    assert "項目を削除しました" in listed
    assert "進みを元に戻す" in listed
    assert worker.get(f"{base}/{made.id}").status_code == 404
    back = worker.post(f"{base}/{made.id}/restore", {"rev": "5"})
    assert "項目を元に戻しました" in worker.get(back.headers["location"]).text


@pytest.mark.parametrize("kind", list(FieldKind))
def test_the_form_of_every_type_asks_for_what_the_type_takes(
    worker: Browser, appliance: Appliance, table: TableView, kind: FieldKind
) -> None:
    base = f"/tables/{table.id}/fields"
    assert worker.get(f"{base}/new?kind={kind.value}").status_code == 200
    data = {"rev": "1", "kind": kind.value, "name": "新", "target": str(table.id)}
    added = worker.post(f"{base}/new", data)
    assert added.status_code == 303, html.unescape(added.text)
    made = named(appliance, table, "新")
    assert worker.get(f"{base}/{made.id}").status_code == 200
    assert worker.get(f"/tables/{table.id}/records/new").status_code == 200
    again = worker.post(f"{base}/{made.id}", {"rev": "2", "name": "新", "hidden": "yes"})
    assert again.status_code == 303, html.unescape(again.text)
    assert named(appliance, table, "新").settings.hidden


def test_a_type_is_changed_after_a_look_and_changed_back(
    worker: Browser, appliance: Appliance
) -> None:
    table = make(appliance, "数", [ColumnPlan(name="数")])
    number = table.fields[0].id
    for text in ("1", "▲2", "三"):
        records.create_record(
            here(appliance), records.CreateRecord(table=table.id, values={number: text})
        )
    base = f"/tables/{table.id}/fields/{number}/type"
    assert worker.get(base).status_code == 200
    seen = worker.get(f"{base}?kind=integer").text
    assert "3件のうち1件の値は変換できません" in seen
    assert "三" in seen
    data = {"rev": "1", "kind": "integer", "accepting": "0"}
    assert worker.post(base, data).status_code == 409
    started = worker.post(base, {**data, "accepting": "1"})
    assert "/jobs/" in started.headers["location"]
    assert "種類を変更しています" in worker.get(base).text
    busy = Worker(appliance, lambda _session, _account: SYSTEM)
    assert busy.work_once()
    assert named(appliance, table, "数").kind is FieldKind.INTEGER
    shown = worker.get(base).text
    assert "変更前の種類：文字列" in shown
    undone = worker.post(f"{base}/undo", {"rev": str(now(appliance, table).rev), "accepting": "0"})
    assert "/jobs/" in undone.headers["location"]
    assert busy.work_once()
    assert read(appliance, table, 3).cells == ["三"]
    refused = worker.get(f"{base}?kind=text").text
    assert "すでにこの種類の項目です" in refused


@pytest.fixture
def reader(appliance: Appliance, at_workspace: Callable[[str], Browser]) -> Browser:
    """Somebody who may only look."""
    person = Account(
        id="b2",
        login_id="ito",
        name="伊藤",
        rights='[["records.view", "tables"]]',
        created_at=0,
        changed_at=0,
    )
    with appliance.database.write() as session:
        session.add(person)
        session.flush()
        token, _ = session_rows.begin(
            session,
            policies.load(session),
            plane=Plane.WORKSPACE,
            account="b2",
            source=Source(peer="127.0.0.1"),
            factors="password",
            now=clock.now(),
        )
    return at_workspace(token.reveal())


def test_the_pages_of_fields_are_for_those_who_design_F4(reader: Browser, table: TableView) -> None:
    base = f"/tables/{table.id}/fields"
    number = table.fields[0].id
    for path in (base, f"{base}/new", f"{base}/{number}", f"{base}/{number}/type"):
        assert reader.get(path).status_code == 403
    answer = reader.post(f"{base}/{number}/delete", {"rev": "1"})
    assert answer.status_code == 403
