"""The bar on top: health, running jobs, and the search that goes anywhere (interface.md, Frame)."""

import time
from typing import Literal

import pytest

from app.audit.event import Source
from app.console.attention import Attention
from app.console.health import summary
from app.core import clock
from app.core.database_errors import DatabaseBusy
from app.identity import policies, session_rows
from app.identity.operations import accounts, groups
from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.services.tables.models import FieldKind
from app.services.tables.operations import records, tables
from app.services.tables.preview import ColumnPlan
from app.services.tables.types.base import Value
from app.web import standing
from app.web.cookies import session_cookie_name
from app.web.search_page import Place, fitting
from app.web.standing import Memory
from tests.faces import PASSWORD, Browser

NEEDS_SOMEBODY = 'class="top-health warning"'
WELL = 'class="top-health success"'


def viewer_at_console(
    appliance: Appliance, admin: Browser, role: Literal["staff", "viewer"]
) -> Browser:
    """A second person, signed in to the console with this role."""
    local = Context(appliance, actor=SYSTEM)
    made = accounts.create_account(
        local, accounts.NewAccount(login_id="second", name="二人目", role=role)
    )
    with appliance.database.write() as session:
        token, _ = session_rows.begin(
            session,
            policies.load(session),
            plane=Plane.CONSOLE,
            account=made.account.id,
            source=Source(peer="127.0.0.1"),
            factors="password totp",
            now=clock.now(),
        )
    cookie = session_cookie_name(Plane.CONSOLE)
    return Browser(admin.application, {cookie: token.reveal()})


def imported(appliance: Appliance) -> int:
    """Make a table with more records of one town than the search shows."""
    local = Context(appliance, actor=SYSTEM, plane=Plane.WORKSPACE)
    columns = [
        ColumnPlan(name="町", kind=FieldKind.TEXT),
        ColumnPlan(name="数", kind=FieldKind.INTEGER),
    ]
    made = tables.create_table(local, tables.CreateTable(name="町名", columns=columns))
    town, number = (field.id for field in made.fields)
    for count in range(5):
        values: dict[int, Value] = {town: "東京" if count else "", number: count}
        records.create_record(local, records.CreateRecord(table=made.id, values=values))
    return made.id


def test_the_bar_says_on_every_page_that_somebody_is_needed(admin: Browser) -> None:
    for page in ("/accounts", "/settings"):
        assert NEEDS_SOMEBODY in admin.get(page).text  # there is no backup yet
    assert WELL not in admin.get("/").text


def test_who_does_not_see_all_that_it_is_made_of_is_told_no_health(
    appliance: Appliance, admin: Browser
) -> None:
    assert "top-health" in admin.get("/account").text
    staff = viewer_at_console(appliance, admin, "staff")
    assert "top-health" not in staff.get("/account").text


def test_health_that_cannot_be_asked_for_is_danger(
    admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise DatabaseBusy(seconds=1)

    monkeypatch.setattr("app.console.health.needs_attention", fail)
    assert 'class="top-health danger"' in admin.get("/account").text


def test_health_is_the_worst_of_what_needs_somebody() -> None:
    def one(kind: str) -> Attention:
        return Attention(kind=kind, title="", text="", href="/", action="")

    assert summary([]) == ("success", 0)
    assert summary([one("warning")]) == ("warning", 1)
    assert summary([one("warning"), one("danger")]) == ("danger", 2)


def test_an_answer_is_remembered_for_its_time_and_not_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = Memory[int](3)
    at = time.monotonic()
    monkeypatch.setattr("app.web.standing.time.monotonic", lambda: at)
    assert memory.get("a", lambda: 1) == 1
    assert memory.get("a", lambda: 2) == 1
    assert memory.get("b", lambda: 3) == 3
    monkeypatch.setattr("app.web.standing.time.monotonic", lambda: at + 3)
    assert memory.get("a", lambda: 4) == 4
    monkeypatch.setattr(standing, "MOST_KEPT", 1)
    memory.put("c", 5)
    assert memory.get("a", lambda: 6) == 6


def test_the_console_finds_its_pages_people_groups_and_the_history(
    admin: Browser, appliance: Appliance
) -> None:
    local = Context(appliance, actor=SYSTEM)
    groups.create_group(local, groups.NewGroup(name="監査室"))
    accounts.create_account(local, accounts.NewAccount(login_id="kansa", name="監査 太郎"))
    page = admin.get("/search?q=監査").text
    assert "監査室" in page
    assert "監査 太郎" in page
    assert 'href="/history?q=' in page
    assert 'href="/settings/permissions"' in admin.get("/search?q=権限").text


def test_a_name_that_is_typed_whole_leads_there_at_once(admin: Browser) -> None:
    answer = admin.get("/search?q=ストレージ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/storage")


def test_nobody_finds_what_they_may_not_see(appliance: Appliance, admin: Browser) -> None:
    viewer = viewer_at_console(appliance, admin, "viewer")
    page = viewer.get("/search?q=hanako").text
    assert "山田 花子" not in page.split("</header>")[1]
    assert 'href="/history' not in page.split('id="main"')[1]
    assert 'href="/settings/sign-in"' in viewer.get("/search?q=規則").text


def test_an_empty_search_and_one_without_a_find_say_what_to_do(admin: Browser) -> None:
    assert "Ctrl+K" in admin.get("/search").text


def test_the_workspace_finds_tables_pages_and_records(
    worker: Browser, appliance: Appliance
) -> None:
    table = imported(appliance)
    page = worker.get("/search?q=東京").text
    assert page.count(f'href="/tables/{table}/records/') == 3
    assert f'href="/tables/{table}?q=%E6%9D%B1%E4%BA%AC"' in page
    assert "4件すべてを見る" in page
    assert f"/tables/{table}" in worker.get("/search?q=町名").headers["location"]
    numbered = worker.get("/search?q=0").text
    assert "レコード1" in numbered
    assert 'href="/account/tokens"' in worker.get("/search?q=トークン").text
    assert "見つかりませんでした" in worker.get("/search?q=nothing+like+it").text


def test_places_fit_by_name_or_note_whatever_their_case() -> None:
    place = Place("/accounts/1", "Hanako Yamada", "user", "yamada.hanako")
    assert fitting("HANAKO", [place]) == [place]
    assert fitting("da.ha", [place]) == [place]
    assert fitting("jiro", [place]) == []


def test_a_refusal_names_the_right_as_people_know_it_F4(
    appliance: Appliance, admin: Browser
) -> None:
    viewer = viewer_at_console(appliance, admin, "viewer")
    refused = viewer.get("/accounts/new")
    assert refused.status_code == 403
    assert "権限「アカウントの管理」がありません" in refused.text


def test_a_step_of_a_sign_in_that_is_looked_at_again_is_no_news(
    admin: Browser, stranger: Browser
) -> None:
    stranger.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
    stranger.get("/sign-in")
    assert "サインインの現在の手順" not in admin.get("/").text
    assert "サインインの現在の手順" in admin.get("/history").text
