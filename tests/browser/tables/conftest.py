"""A running copy with a table that has a field of every type, and somebody who designs tables."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect

from app.audit.event import Source
from app.core import clock
from app.identity import policies, session_rows
from app.operations.context import Context, Plane
from app.services.tables.fields import Option, Settings
from app.services.tables.models import FieldKind
from app.services.tables.operations import records, tables
from app.services.tables.preview import ColumnPlan
from app.web.cookies import session_cookie_name
from tests.browser.pages.conftest import Eyes, open_page
from tests.browser.pages.scenes import at_the_machine, person
from tests.running import Copy, start_copy

STATES = tuple(Option(id=0, name=name) for name in ("見積中", "受注", "出荷済み", "請求済み"))
CUSTOMERS = ("東京海運株式会社", "檜木材商店", "霞が関計算機サービス株式会社")
PLANS = (
    ColumnPlan(name="件名", settings=Settings(required=True, help="お客様に見える名前です。")),
    ColumnPlan(
        name="注文番号",
        kind=FieldKind.AUTONUMBER,
        settings=Settings(pattern="R-{yyyy}-{0000}", restart="year"),
    ),
    ColumnPlan(name="顧客", kind=FieldKind.LINK, settings=Settings(target=1)),
    ColumnPlan(
        name="状態", kind=FieldKind.SELECT, settings=Settings(options=STATES, default="見積中")
    ),
    ColumnPlan(name="札", kind=FieldKind.MULTI_SELECT, settings=Settings(options=STATES)),
    ColumnPlan(name="金額", kind=FieldKind.MONEY),
    ColumnPlan(name="数量", kind=FieldKind.INTEGER, settings=Settings(least="1", most="999")),
    ColumnPlan(name="消費税率", kind=FieldKind.PERCENT, scale=1),
    ColumnPlan(name="納期", kind=FieldKind.DATE),
    ColumnPlan(name="打ち合わせ", kind=FieldKind.DATE_TIME),
    ColumnPlan(name="作業時間", kind=FieldKind.DURATION),
    ColumnPlan(name="検品", kind=FieldKind.CHECKBOX),
    ColumnPlan(name="担当", kind=FieldKind.PERSON, settings=Settings(default="me")),
    ColumnPlan(name="部署", kind=FieldKind.GROUP),
    ColumnPlan(name="メール", kind=FieldKind.EMAIL),
    ColumnPlan(name="電話", kind=FieldKind.PHONE),
    ColumnPlan(name="サイト", kind=FieldKind.URL),
    ColumnPlan(name="郵便番号", kind=FieldKind.POSTAL_CODE),
    ColumnPlan(name="住所", kind=FieldKind.ADDRESS),
    ColumnPlan(name="関係先", kind=FieldKind.LINKS, settings=Settings(target=1)),
    ColumnPlan(name="備考", kind=FieldKind.LONG_TEXT),
    ColumnPlan(name="旧番号", settings=Settings(hidden=True)),
    ColumnPlan(name="作成日時", kind=FieldKind.CREATED_AT),
    ColumnPlan(name="更新者", kind=FieldKind.UPDATED_BY),
)
ROWS = (
    {
        "件名": "檜の箱 200個", "顧客": 1, "状態": "受注", "札": ["見積中", "出荷済み"],
        "金額": "1,234,567", "数量": 200, "消費税率": "10", "納期": "R8.12.1",
        "打ち合わせ": "2026-12-01 14:30", "作業時間": "1時間30分", "検品": True, "担当": "mitsuko",
        "メール": "aoi@example.co.jp", "電話": "0312345678", "サイト": "https://example.co.jp/在庫",
        "郵便番号": "1000013", "住所": "東京都千代田区霞が関1-2-3 霞が関ビルディング12階",
        "関係先": [2, 3], "備考": "納品は正門から。\n受付で名前を伝える。", "旧番号": "十二",
    },
    {"件名": "棚の修理", "顧客": 3, "金額": "▲1,000", "検品": False, "旧番号": "13"},
)  # fmt: skip


@dataclass
class Desk:
    """The copy, somebody's page, and what is in it."""

    copy: Copy
    page: Page
    eyes: Eyes = field(default_factory=Eyes)
    numbers: dict[str, int] = field(default_factory=dict)
    """Number of each field of the orders, by its name."""

    def look(self, places: dict[str, str], refused: tuple[str, ...] = ()) -> None:
        """Look at pages, of which these are asked for with what makes no sense."""
        for name, address in places.items():
            answer = self.page.goto(address)
            assert answer
            assert answer.status == (422 if name in refused else 200), address
            expect(self.page.locator("h1")).to_be_visible()
            self.eyes.look(self.page, f"tables {name}")

    @property
    def orders(self) -> str:
        """Address of the table with every type."""
        return f"{self.copy.workspace}/tables/2"


def fill(local: Context) -> dict[str, int]:
    """Make customers, and orders that link to them."""
    plan = [ColumnPlan(name="名称")]
    customers = tables.create_table(local, tables.CreateTable(name="顧客", columns=plan))
    for name in CUSTOMERS:
        values = {customers.fields[0].id: name}
        records.create_record(local, records.CreateRecord(table=customers.id, values=values))
    orders = tables.create_table(local, tables.CreateTable(name="注文", columns=list(PLANS)))
    numbers = {one.name: one.id for one in orders.fields}
    for row in ROWS:
        values = {numbers[name]: value for name, value in row.items()}
        records.create_record(local, records.CreateRecord(table=orders.id, values=values))
    return numbers


def begin(local: Context, account: str) -> str:
    """Return the token of a session at the workspace."""
    with local.appliance.database.write() as session:
        token, _ = session_rows.begin(
            session,
            policies.load(session),
            plane=Plane.WORKSPACE,
            account=account,
            source=Source(peer="127.0.0.1"),
            factors="password",
            now=clock.now(),
        )
        return token.reveal()


@pytest.fixture(scope="module")
def desk(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with start_copy(tmp_path_factory.mktemp("tables") / "copy") as copy:
        with at_the_machine(copy) as local:
            account = person(local, "mitsuko", "高橋 光子", "owner")
            numbers = fill(local)
            token = begin(local, account)
        page = open_page(browser)
        cookie = {"name": session_cookie_name(Plane.WORKSPACE), "value": token}
        page.context.add_cookies([{**cookie, "url": copy.workspace, "secure": True}])
        yield Desk(copy, page, numbers=numbers)
        page.context.close()
