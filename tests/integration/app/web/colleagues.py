"""Another administrator, for what a second person must approve."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pyotp
import pytest

from app.audit.event import Source
from app.core import clock
from app.core.secret import Secret
from app.identity import factors, policies, session_rows
from app.identity.models import Account
from app.identity.operations import accounts, grants
from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.web.cookies import session_cookie_name
from app.web.gate import AsgiApplication
from tests.faces import Browser, Owner


@dataclass
class Second:
    """Another administrator, at a browser of their own, with an authenticator of their own."""

    browser: Browser
    account: str
    phone: pyotp.TOTP

    def code(self) -> str:
        return self.phone.at(time.time())


@pytest.fixture
def second(
    appliance: Appliance, console_application: AsgiApplication, owner: Owner
) -> Callable[[str], Second]:
    """Make a colleague with a role."""

    def make(role: str) -> Second:
        new = accounts.NewAccount(login_id=role, name=f"佐藤 {role}")
        account = accounts.create_account(Context(appliance, actor=SYSTEM), new).account.id
        grants.give(Context(appliance, actor=SYSTEM), grants.NewGrant(holder=account, role=role))
        phone = pyotp.TOTP(pyotp.random_base32())
        with appliance.database.write() as session:
            session.get_one(Account, account).may_enrol = False
            holder = factors.Holder(session, appliance.keyring, Plane.CONSOLE, account)
            factors.add_totp(
                holder, "phone", Secret(phone.secret), clock.now(), state=factors.ACTIVE
            )
            token, _ = session_rows.begin(
                session,
                policies.load(session),
                plane=Plane.CONSOLE,
                account=account,
                source=Source(peer="127.0.0.1"),
                factors="password totp",
                now=clock.now(),
            )
        cookie = {session_cookie_name(Plane.CONSOLE): token.reveal()}
        return Second(Browser(console_application, cookie), account, phone)

    return make
