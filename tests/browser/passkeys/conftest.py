"""A copy under a host name, a browser that trusts its authority, and authenticators in software."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from app.core import clock
from app.core.secret import Secret
from app.identity import account_rows, factors, policies
from app.identity.models import Account
from app.identity.operations import accounts, grants, setup
from app.operations.context import Plane
from tests.browser.conftest import ARGUMENTS
from tests.browser.pages.scenes import at_the_machine
from tests.running import Copy, start_copy

NAME = "tenshu.home.arpa"
"""A name that never leaves a house (RFC 8375)."""
PASSWORD = "mado no soto wa haru desu"


@dataclass
class House:
    """One copy, called by its name."""

    copy: Copy
    browser: Browser
    """Trusts the copy's authority."""

    def address(self, plane: Plane) -> str:
        base = self.copy.console if plane is Plane.CONSOLE else self.copy.workspace
        return f"https://{NAME}:{urlsplit(base).port}"

    def person(self, login_id: str, role: Any = "", *, phone: bool = False) -> pyotp.TOTP:
        """Make somebody who has chosen a password, with an authenticator app if wanted."""
        secret = pyotp.random_base32()
        with at_the_machine(self.copy) as local:
            made = accounts.create_account(
                local, accounts.NewAccount(login_id=login_id, name=login_id.title(), language="en")
            )
            if role:
                grants.give(local, grants.NewGrant(holder=made.account.id, role=role))
            with local.appliance.database.write() as session:
                account_rows.put_password(
                    session,
                    made.account.id,
                    Secret(PASSWORD),
                    policies.load(session).password,
                    now=clock.now(),
                )
                if phone:
                    holder = factors.Holder(
                        session, local.appliance.keyring, Plane.CONSOLE, made.account.id
                    )
                    factors.add_totp(
                        holder, "phone", Secret(secret), clock.now(), state=factors.ACTIVE
                    )
                    account = session.get(Account, made.account.id)
                    assert account is not None
                    account.may_enrol = False
        return pyotp.TOTP(secret)


@pytest.fixture(scope="module")
def house(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("passkeys")
    with start_copy(folder, TENSHU_HOST_NAMES=NAME) as copy:
        with at_the_machine(copy) as local:
            setup.create_first(
                local,
                setup.FirstPerson(login_id="first", name="First", password=Secret(PASSWORD)),
            )
        trust = f"--ignore-certificate-errors-spki-list={fingerprint(copy.authority)}"
        chromium = launch(playwright, trust)
        yield House(copy, chromium)
        chromium.close()


def launch(playwright: Playwright, *more: str) -> Browser:
    """A browser that finds the copy by its name."""
    arguments = [*ARGUMENTS, f"--host-resolver-rules=MAP {NAME} 127.0.0.1", *more]
    return playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)


def fingerprint(authority: Path) -> str:
    """What Chromium trusts in the place of an installed authority: the hash of its key."""
    key = x509.load_pem_x509_certificate(authority.read_bytes()).public_key()
    told = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(told).digest()).decode()


@pytest.fixture
def context(house: House) -> Iterator[BrowserContext]:
    opened = house.browser.new_context(
        locale="en-GB",
        viewport={"width": 1280, "height": 800},
        reduced_motion="reduce",  # colours change at once
    )
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    return opened


def plug_in(page: Page, **options: Any) -> tuple[Any, str]:
    """Give the page an authenticator. Return what speaks to it, and its identifier."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    wanted = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        **options,
    }
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": wanted})
    return devtools, str(made["authenticatorId"])
