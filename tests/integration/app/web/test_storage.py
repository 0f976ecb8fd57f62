"""Storage on the console: what takes space, cleaning, a full disk, tables that differ."""

import os

import pytest

from app.core import reserve
from app.core.clock import HOUR, SECOND, now
from app.files import spool
from app.history.operations import SearchEvents, search_events
from app.operations.context import SYSTEM, Appliance, Context
from app.operations.operation import NoRequest
from app.services.tables.drift import report_drift
from app.services.tables.models import FieldKind, TableState
from app.services.tables.operations import tables
from app.services.tables.preview import ColumnPlan
from app.storage import operations as storage
from app.storage.measuring import size_of
from tests.faces import Browser


def here(appliance: Appliance) -> Context:
    return Context(appliance, actor=SYSTEM)


def upload(appliance: Appliance, hours_old: int) -> str:
    folder = appliance.settings.spool
    with spool.receive(folder, "somebody", "a.csv") as incoming:
        incoming.write(b"a,b\n" * 100_000)
        taken = incoming.finish()
    then = (now() - hours_old * HOUR) / SECOND
    os.utime(folder / taken.id, (then, then))
    os.utime(folder / f"{taken.id}.json", (then, then))
    return taken.id


def test_the_page_says_what_takes_the_space_and_what_to_do(
    admin: Browser, appliance: Appliance
) -> None:
    upload(appliance, 0)
    state = storage.show_storage(here(appliance), NoRequest())
    sizes = {one.part: one.bytes or 0 for one in state.parts}
    assert sizes["database"] > 0
    assert sizes["spool"] >= 400_000
    assert 0 < state.free < state.total
    shown = admin.get("/storage").text
    for words in ("データベース", "アップロード", "今すぐ整理", str(appliance.settings.data)):
        assert words in shown


def test_cleaning_removes_what_nobody_imported_tells_it_and_stands_in_the_history(
    admin: Browser, appliance: Appliance
) -> None:
    old, new = upload(appliance, 2), upload(appliance, 0)
    answer = admin.post("/storage/clean")
    assert answer.headers["location"].startswith("/storage?files=1&freed=")
    assert "アップロードを1件削除し" in admin.get(answer.headers["location"]).text
    left = {path.name for path in appliance.settings.spool.iterdir()}
    assert left == {new, f"{new}.json"}
    assert old not in left
    found = search_events(here(appliance), SearchEvents(verb="storage.clean")).rows
    assert [row.outcome.value for row in found] == ["done"]


def test_a_full_disk_is_told_on_storage_and_overview(
    admin: Browser, appliance: Appliance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for state, words in (("released", "空きができるまで"), ("spent", "予備領域も使い切りました")):
        found = reserve.ReserveState(state=reserve.State(state), free=1, size=1)
        monkeypatch.setattr(reserve, "state", lambda _settings, found=found: found)
        assert words in admin.get("/storage").text
        overview = admin.get("/").text
        assert 'href="/storage"' in overview
        assert "ディスクの空きがありません" in overview


def test_links_are_not_followed_and_what_may_not_be_seen_is_not_guessed(tmp_path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link").symlink_to("/")
    assert (size_of(tmp_path / "inside") or 0) < 100_000
    assert size_of(tmp_path / "gone") == 0


def test_a_table_that_somebody_changed_behind_the_appliance_is_reported_and_shown(
    admin: Browser, appliance: Appliance, caplog: pytest.LogCaptureFixture
) -> None:
    plan = ColumnPlan(name="品名", kind=FieldKind.TEXT)
    made = tables.create_table(
        here(appliance), tables.CreateTable(name="在庫", columns=[plan, ColumnPlan(name="数")])
    )
    assert made.state is TableState.READY
    report_drift(appliance.database)
    assert caplog.records == []
    column = f"c{made.fields[1].id}"
    with appliance.database.write() as session:
        session.connection().exec_driver_sql(f"ALTER TABLE u{made.id} RENAME {column} TO lost")
    report_drift(appliance.database)
    (record,) = caplog.records
    assert record.getMessage() == (
        f"table u{made.id} is not as it was defined: missing {column}, unknown lost"
    )
    overview = admin.get("/").text
    assert f"データベースの表 u{made.id} が定義と一致しません" in overview
    assert f"不足：{column}、不明：lost" in overview
