"""A table shared with a group that sees its own rows only and not what anybody earns."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.identity.operations import grants, group_members, groups
from app.operations.context import Plane
from app.services.tables.models import FieldKind
from app.services.tables.operations import records, tables
from app.services.tables.preview import ColumnPlan
from app.web.cookies import session_cookie_name
from tests.browser.pages.conftest import open_page, speak
from tests.browser.pages.scenes import at_the_machine, person
from tests.browser.tables.conftest import Desk, begin

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

VERBS = ("view", "create", "edit", "delete", "import", "export")
PLANS = (
    ColumnPlan(name="氏名"),
    ColumnPlan(name="給与", kind=FieldKind.MONEY),
    ColumnPlan(name="本人", kind=FieldKind.PERSON),
    ColumnPlan(name="内線"),
)
STAFF = (("三浦 和紗", "312000", "kazusa", "101"), ("大野 泰成", "298000", "taisei", "102"))


@pytest.fixture(scope="module")
def staff(browser: Browser, desk: Desk) -> Page:
    """One of two people of a group that may work with all tables, at the workspace."""
    with at_the_machine(desk.copy) as local:
        group = groups.create_group(local, groups.NewGroup(name="販売係")).id
        for login, name in (("kazusa", "三浦 和紗"), ("taisei", "大野 泰成")):
            account = person(local, login, name, "")
            group_members.add_member(local, group_members.Member(group=group, account=account))
            if login == "kazusa":
                token = begin(local, account)
        for verb in VERBS:
            right = grants.NewGrant(holder=group, permission=f"records.{verb}", scope="tables")
            grants.give(local, right)
        asked = tables.CreateTable(name="社員", columns=list(PLANS))
        made = tables.create_table(local, asked)
        desk.numbers.update({one.name: one.id for one in made.fields}, 社員=made.id)
        for row in STAFF:
            values = dict(zip((one.id for one in made.fields), row, strict=True))
            records.create_record(local, records.CreateRecord(table=made.id, values=values))
    page = open_page(browser)
    cookie = {"name": session_cookie_name(Plane.WORKSPACE), "value": token}
    page.context.add_cookies([{**cookie, "url": desk.copy.workspace, "secure": True}])
    return page


def share(desk: Desk) -> None:
    """Let the group see its own rows without what anybody earns, and only see the extension."""
    page, numbers = desk.page, desk.numbers
    page.goto(f"{desk.copy.workspace}/tables/{numbers['社員']}/settings")
    page.get_by_role("link", name="この表の権限").click()
    expect(page.locator("main")).to_contain_text("表を使う全員が利用できます")
    page.get_by_role("link", name="ルールを追加").click()
    page.get_by_label("グループ", exact=True).first.check()
    page.locator("#field-holder-group").select_option(label="販売係")
    for name in ("レコードの追加", "レコードの変更", "レコードの書き出し"):
        page.get_by_label(name).check()
    page.get_by_label("本人のレコード").check()
    page.locator("#field-by").select_option(label="本人")
    page.get_by_label("給与: 非表示").focus()
    page.keyboard.press("Space")
    page.get_by_label("内線: 閲覧のみ").check()
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".banner.success")).to_contain_text("ルールを追加しました")
    row = page.locator("#rules tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("販売係")
    expect(row).to_contain_text("非表示：給与")


def test_a_group_sees_only_its_own_rows_and_not_the_salary_F4(desk: Desk, staff: Page) -> None:
    speak(desk.page.context, desk.copy.workspace, "ja")
    speak(staff.context, desk.copy.workspace, "ja")
    numbers = desk.numbers
    base = f"{desk.copy.workspace}/tables/{numbers['社員']}"
    staff.goto(base)
    expect(staff.locator("main")).to_contain_text("312,000")  # open to all until there is a rule
    share(desk)

    staff.goto(base)
    expect(staff.locator("main")).to_contain_text("三浦 和紗")
    for secret in ("大野", "給与", "312,000", "298,000"):
        expect(staff.locator("body")).not_to_contain_text(secret)
    expect(staff.get_by_role("link", name="設定", exact=True)).to_have_count(0)
    for address in (f"{base}?q=大野", f"{base}?q=298000", f"{base}?group={numbers['本人']}"):
        staff.goto(address)
        expect(staff.locator("main")).not_to_contain_text("大野")
        expect(staff.locator("main")).not_to_contain_text("298,000")
    for address in (f"{base}?sort={numbers['給与']}", f"{base}?group={numbers['給与']}"):
        answer = staff.goto(address)
        assert answer
        assert answer.status == 422
        expect(staff.locator("body")).not_to_contain_text("給与")
    answer = staff.goto(f"{base}/records/2")
    assert answer
    assert answer.status == 404
    answer = staff.goto(f"{base}/rights")
    assert answer
    assert answer.status == 403

    staff.goto(f"{base}/records/1")
    expect(staff.locator("main")).to_contain_text("101")
    expect(staff.locator(f"#field-f{numbers['内線']}")).to_have_count(0)
    expect(staff.locator("main")).not_to_contain_text("給与")
    staff.locator(f"#field-f{numbers['氏名']}").fill("三浦 和沙")
    staff.get_by_role("button", name="保存").click()
    expect(staff.locator("main")).to_contain_text("三浦 和沙")

    staff.locator("a[href*='/export']").first.click()
    with staff.expect_download() as waiting:
        staff.locator("#export button.primary").click()
    told = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    assert told.splitlines() == ["氏名,本人,内線", "三浦 和沙,三浦 和紗,101"]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_who_designs_sees_what_somebody_reaches_and_every_page_is_accessible_METI_45(
    desk: Desk, staff: Page, language: str
) -> None:
    base = f"{desk.copy.workspace}/tables/{desk.numbers['社員']}"
    speak(desk.page.context, desk.copy.workspace, language)
    desk.eyes.findings.clear()
    desk.look(
        {
            "rights": f"{base}/rights",
            "right new": f"{base}/rights/new",
            "right": f"{base}/rights/0",
            "rights as": f"{base}/rights?person=kazusa",
            "rights as nobody": f"{base}/rights?person=nobody-of-that-name",
            "rights open": f"{desk.orders}/rights",
            "table settings": f"{base}/settings",
        },
        refused=("rights as nobody",),
    )
    desk.page.goto(f"{base}/rights?person=kazusa")
    rows = desk.page.locator("#seen tbody tr")
    expect(rows).to_have_count(7)
    expect(rows.first).to_contain_text("給与")
    expect(rows.first).to_contain_text("販売係")
    expect(rows.first).to_contain_text("1")
    speak(staff.context, desk.copy.workspace, language)
    for name, address in (("list", base), ("record", f"{base}/records/1")):
        staff.goto(address)
        desk.eyes.look(staff, f"tables {name} within reach")
    assert desk.eyes.findings == {}
