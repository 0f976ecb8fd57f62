"""Views of a table at a browser: filtered, sorted, grouped, saved, shared, and seen by another."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from app.identity.operations import grants, group_members, groups
from app.operations.context import Plane
from app.operations.permissions import Permission
from app.services.tables.operations import records
from app.services.tables.selection import Comparison, Conditions, Filter, Join
from app.web.cookies import session_cookie_name
from app.workspace.table_state import write_where
from tests.browser.pages.conftest import open_page, speak
from tests.browser.pages.scenes import at_the_machine, person
from tests.browser.tables.conftest import Desk, begin

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

MORE = (("鉛筆", "300", "受注", "2026-11-01"), ("消しゴム", "120", "受注", "2026-11-02"),
        ("定規", "450", "見積中", None), ("帳面", "1,800", "出荷済み", "2026-10-15"))  # fmt: skip


@pytest.fixture(scope="module")
def colleague(browser: Browser, desk: Desk) -> Page:
    """Somebody of another department at the workspace; and some more orders."""
    numbers = desk.numbers
    with at_the_machine(desk.copy) as local:
        account = person(local, "kotoha", "森 言葉", "")
        made = groups.create_group(local, groups.NewGroup(name="出荷係")).id
        group_members.add_member(local, group_members.Member(group=made, account=account))
        right = grants.NewGrant(holder=made, permission=Permission.RECORDS_VIEW, scope="tables")
        grants.give(local, right)  # they may look, and design nothing
        for title, price, state, day in MORE:
            values = {numbers["件名"]: title, numbers["金額"]: price, numbers["状態"]: state}
            if day:
                values[numbers["納期"]] = day
            records.create_record(local, records.CreateRecord(table=2, values=values))
        token = begin(local, account)
    page = open_page(browser)
    cookie = {"name": session_cookie_name(Plane.WORKSPACE), "value": token}
    page.context.add_cookies([{**cookie, "url": desk.copy.workspace, "secure": True}])
    return page


def test_a_person_arranges_a_list_saves_it_and_shares_it_with_a_group_F14(
    desk: Desk, colleague: Page
) -> None:
    page, numbers = desk.page, desk.numbers
    price, state = numbers["金額"], numbers["状態"]
    speak(page.context, desk.copy.workspace, "ja")
    page.goto(desk.orders)
    page.get_by_role("link", name="絞り込み条件").click()
    page.get_by_role("button", name="条件を追加").click()
    page.locator("#field-w-0-field").select_option(str(price))
    # the form is drawn anew for the new field, by itself: amounts begin with nothing
    expect(page.locator("#field-w-0-test option[value=begins]")).to_have_count(0)
    page.locator("#field-w-0-test").select_option("between")
    expect(page.locator("#field-w-0-second")).to_be_visible()
    page.locator("#field-w-0-value").fill("100")
    page.locator("#field-w-0-second").fill("2,000")
    page.locator("#field-sort-0").select_option(str(price))
    page.locator("#field-sort-0-way").select_option("down")
    page.locator("#field-group").select_option(str(state))
    page.get_by_label("金額: 合計").check()
    page.get_by_role("button", name="レコードを表示").click()
    expect(page.locator(".filter-set")).to_contain_text("金額が100から2,000まで")
    groups_shown = page.locator("details.rows-group")
    expect(groups_shown).to_have_count(3)
    expect(groups_shown.nth(1).locator("summary").first).to_contain_text("¥420")
    expect(groups_shown.nth(1).get_by_role("link", name="鉛筆")).to_be_visible()
    groups_shown.nth(1).locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(groups_shown.nth(1).get_by_role("link", name="鉛筆")).to_be_hidden()
    address = page.url
    page.goto(desk.orders)
    page.goto(address)  # the link shows the same
    expect(page.locator("details.rows-group")).to_have_count(3)

    page.get_by_role("link", name="ビューとして保存").click()
    page.get_by_role("button", name="色を追加").click()
    page.locator("#field-colour-0-field").select_option(str(state))
    expect(page.locator("#field-colour-0-value option[value=受注]")).to_have_count(1)
    page.locator("#field-colour-0-value").select_option("受注")
    page.locator("#field-colour-0-colour").select_option("green")
    page.locator("#field-name").fill("手ごろな注文")
    page.get_by_label("一部のグループ").check()
    page.get_by_label("出荷係").check()
    page.get_by_role("button", name="ビューとして保存").click()
    expect(page.locator(".banner.success")).to_contain_text("ビューを保存しました")
    expect(page.locator("td[data-colour=green]")).to_have_count(2)

    speak(colleague.context, desk.copy.workspace, "ja")
    colleague.goto(desk.orders)
    colleague.get_by_role("link", name="手ごろな注文").click()
    expect(colleague.locator("details.rows-group")).to_have_count(3)
    expect(colleague.locator("td[data-colour=green]")).to_have_count(2)
    expect(colleague.locator(".legend")).to_contain_text("状態が「受注」")
    colleague.goto(f"{desk.orders}/arrange?view=1")
    expect(colleague.get_by_role("button", name="ビューを保存")).to_have_count(0)
    colleague.get_by_role("button", name="条件1を外す").first.click()
    colleague.locator("#field-name").fill("私の注文")
    colleague.get_by_role("button", name="ビューとして保存").click()
    expect(colleague.locator(".tabs [aria-current]")).to_have_text(re.compile("私の注文"))
    page.goto(desk.orders)
    expect(page.locator(".tabs")).not_to_contain_text("私の注文")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_page_of_views_is_accessible(desk: Desk, colleague: Page, language: str) -> None:
    numbers = desk.numbers
    price, day, state, person, checked = (
        numbers[name] for name in ("金額", "納期", "状態", "担当", "検品")
    )
    tree = Conditions(
        filters=(
            Filter(field=price, test=Comparison.BETWEEN, value="100", second="2,000"),
            Filter(field=day, test=Comparison.WITHIN, value="last_days", second="30"),
        ),
        groups=(
            Conditions(
                join=Join.ANY,
                filters=(
                    Filter(field=state, test=Comparison.ANY_OF, values=("受注", "請求済み")),
                    Filter(field=person, test=Comparison.ANY_OF, values=("高橋 光子",)),
                ),
                groups=(
                    Conditions(
                        filters=(Filter(field=checked, test=Comparison.EQUALS, value="TRUE"),)
                    ),
                ),
            ),
        ),
    )
    where = quote(write_where(tree))
    shape = f"group={numbers['状態']}&sums={numbers['金額']}.sum,{numbers['数量']}.average"
    places = {
        "view": f"{desk.orders}?view=1",
        "view changed": f"{desk.orders}?view=1&sort=-{numbers['数量']}",
        "groups": f"{desk.orders}?{shape}",
        "only groups": f"{desk.orders}?{shape}&alone=1",
        "nothing": f"{desk.orders}?where={where}",
        "wrong": f"{desk.orders}?where=x",
        "arrange": f"{desk.orders}/arrange?where={where}&{shape}",
        "arrange view": f"{desk.orders}/arrange?view=1",
        "views": f"{desk.orders}/views",
        "for programs": f"{desk.orders}/api",
    }
    desk.eyes.findings.clear()
    speak(desk.page.context, desk.copy.workspace, language)
    desk.look(places, refused=("wrong",))
    speak(colleague.context, desk.copy.workspace, language)
    colleague.goto(f"{desk.orders}/arrange?view=1")
    desk.eyes.look(colleague, "tables arrange of a colleague")
    assert desk.eyes.findings == {}
