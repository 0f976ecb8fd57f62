"""A certificate's whole life in real browsers, through the real edge (F3)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from app.audit.event import Source
from app.core import clock
from app.core.secret import Secret
from app.identity import account_rows, factors, policies, session_rows
from app.identity.models import Account
from app.identity.operations import accounts
from app.operations.context import Plane
from app.web.cookies import session_cookie_name
from tests.browser.pages.conftest import DESK, Eyes, Phone, speak
from tests.faces import PASSWORD
from tests.integration.edge import Edge, before, short_root
from tests.running import start_copy
from tests.security.clients import house_of

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
"""Slow: a copy, its edge, two browsers, and axe-core on thirteen pages."""


@dataclass
class Office:
    """A console behind its edge, and its owner, who is signed in."""

    edge: Edge
    browser: Browser
    owner: str
    session: str
    phone: Phone

    @property
    def origin(self) -> str:
        return self.edge.base("console", "127.0.0.1")  # sessions hold to IPv4

    def open(self, **options) -> Page:
        context = self.browser.new_context(
            ignore_https_errors=True, locale="ja-JP", reduced_motion="reduce",
            viewport={"width": DESK, "height": 800}, **options,
        )  # fmt: skip
        context.add_init_script("localStorage.setItem('theme', 'light')")
        page = context.new_page()
        page.set_default_timeout(30_000)
        return page

    def as_owner(self) -> Page:
        page = self.open()
        name = session_cookie_name(Plane.CONSOLE)
        page.context.add_cookies(
            [{"name": name, "value": self.session, "url": self.origin, "secure": True}]
        )
        return page

    def confirm(self, page: Page) -> None:
        page.locator("#field-code").fill(self.phone.code())
        page.get_by_role("button", name="確認").click()


@pytest.fixture(scope="module")
def office(browser: Browser) -> Iterator[Office]:
    with (
        short_root() as root,
        start_copy(root / "copy", TENSHU_EDGE="1") as copy,
        before(copy, root / "edge") as edge,
        house_of(copy) as local,
    ):
        new = accounts.NewAccount(login_id="hanako", name="山田 花子", role="owner")
        owner = accounts.create_account(local, new).account.id
        secret, now = pyotp.random_base32(), clock.now()
        with local.appliance.database.write() as session:
            rules = policies.load(session)
            account_rows.put_password(session, owner, Secret(PASSWORD), rules.password, now=now)
            session.get_one(Account, owner).may_enrol = False
            holder = factors.Holder(session, local.appliance.keyring, Plane.CONSOLE, owner)
            factors.add_totp(holder, "phone", Secret(secret), now, state=factors.ACTIVE)
            token, _ = session_rows.begin(
                session, rules, plane=Plane.CONSOLE, account=owner,
                source=Source(peer="127.0.0.1"), factors="password totp", now=now,
            )  # fmt: skip
        yield Office(edge, browser, owner, token.reveal(), Phone(secret))


def sign_in(office: Office, page: Page) -> None:
    page.goto(office.origin + "/sign-in")
    page.locator("#field-login_id").fill("hanako")
    page.locator("#field-password").fill(PASSWORD)
    page.locator("main button[type=submit]").first.click()
    page.locator("#field-answer").fill(office.phone.code())
    page.locator("main button[type=submit]").first.click()


def test_a_certificate_is_issued_used_asked_for_and_revoked_F3(
    office: Office, tmp_path: Path
) -> None:
    eyes, admin = Eyes(), office.as_owner()
    admin.goto(office.origin + "/client-certificates/new?account=hanako")
    admin.locator("#field-device").fill("管理用ノートPC")
    eyes.look(admin, "certificate new")
    admin.get_by_role("button", name="発行", exact=True).click()
    office.confirm(admin)
    expect(admin.locator("h1")).to_have_text("証明書を発行しました")
    eyes.look(admin, "certificate made")
    password = re.search(r"(?:[0-9a-z]{4}-){4}[0-9a-z]{4}", admin.locator("main").inner_text())
    assert password
    with admin.expect_download() as given:
        admin.get_by_role("button", name="ファイルをダウンロード").click()
    file = tmp_path / "device.p12"
    given.value.save_as(file)
    assert given.value.suggested_filename == "管理用ノートPC.p12"

    shown = {"origin": office.origin, "pfxPath": str(file), "passphrase": password[0]}
    device = office.open(client_certificates=[shown])
    sign_in(office, device)
    expect(device.locator("h1")).to_have_text("概要")
    device.goto(office.origin + "/access-rules/area/console")
    expect(device.get_by_text("あなたは今、証明書を使って接続しています。")).to_be_visible()
    eyes.look(device, "access rule of the console")
    device.locator("#field-certificate").check()
    device.get_by_role("button", name="保存").click()
    office.confirm(device)
    expect(device.get_by_text("変更を保存しました")).to_be_visible()
    eyes.look(device, "access rules")
    device.goto(office.origin + "/client-certificates")
    eyes.look(device, "certificates")
    device.locator("tbody a").first.click()
    eyes.look(device, "certificate")

    admin.goto(office.origin + "/accounts")
    expect(admin.locator("h1")).to_contain_text("クライアント証明書が必要です")
    eyes.look(admin, "certificate needed")
    device.goto(f"{office.origin}/accounts/{office.owner}")
    expect(device.locator("#ways-in")).to_contain_text("管理用ノートPC")
    eyes.look(device, "account with certificate")
    speak(device.context, office.origin, "en")
    for path in english_pages(office, device):
        device.goto(office.origin + path)
        eyes.look(device, path)
    assert eyes.findings == {}
    for page in (admin, device):
        page.context.close()


def english_pages(office: Office, device: Page) -> list[str]:
    device.goto(office.origin + "/client-certificates")
    one = device.locator("tbody a").first.get_attribute("href")
    rule = f"/access-rules/account/{office.owner}"
    return ["/client-certificates", one or "", "/access-rules", rule, f"/accounts/{office.owner}"]
