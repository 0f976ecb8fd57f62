"""The first page of the sign-in where passkeys are possible, and where they are not."""

import json
from dataclasses import replace

import cbor2
import httpx
import msgspec
import pytest

from app.identity import factors, passkey_factors, passkeys, policies
from app.operations.context import Appliance, Plane
from tests.authenticator import Authenticator
from tests.faces import Browser, Owner

NAME = "tenshu.example.jp"
THERE = {"host": NAME, "origin": f"https://{NAME}"}


@pytest.fixture
def appliance(appliance: Appliance) -> Appliance:
    """The appliance under a host name."""
    settings = msgspec.structs.replace(appliance.settings, host_names=(NAME,))
    return replace(appliance, settings=settings)


@pytest.fixture
def key(owner: Owner, appliance: Appliance) -> Authenticator:
    """A passkey of the owner, added on the console."""
    made = Authenticator(THERE["origin"], handle="eA")
    passkey = passkeys.Passkey(
        credential=passkeys.encode(made.credential),
        public_key=cbor2.dumps(made.algorithm.public()),
        handle=made.handle,
        rp_id=NAME,
    )
    with appliance.database.write() as session:
        holder = factors.Holder(session, appliance.keyring, Plane.CONSOLE, owner.account)
        passkey_factors.add(holder, "laptop", passkey, 0, 1)
    return made


def first_page(browser: Browser) -> httpx.Response:
    return browser.get("/sign-in", headers=THERE)


def ask(browser: Browser) -> str:
    """Press the button: what the page's script is told."""
    return json.dumps(browser.post("/sign-in/passkey", headers=THERE).json()["options"])


def give(browser: Browser, answer: str) -> httpx.Response:
    form = {"answer": answer, "back": "/accounts"}
    return browser.post("/sign-in/by-passkey", form, headers=THERE)


def test_a_passkey_alone_opens_the_console_at_its_host_name_F1_F11(
    stranger: Browser, key: Authenticator
) -> None:
    assert 'id="by-passkey"' in first_page(stranger).text
    first = ask(stranger)
    assert 'id="by-passkey"' in first_page(stranger).text, "who gave no answer may choose anew"
    ask(stranger)
    late = give(stranger, key.get(first).reveal())
    assert late.status_code == 401
    assert "パスキーを確認できませんでした。" in late.text
    done = give(stranger, key.get(ask(stranger)).reveal())
    assert (done.status_code, done.headers["location"]) == (303, "/accounts")
    assert stranger.get("/accounts", headers=THERE).status_code == 200


def test_at_an_address_no_passkey_is_offered_and_the_reason_is_told_F11(
    stranger: Browser, key: Authenticator
) -> None:
    assert 'id="by-passkey"' not in stranger.get("/sign-in").text
    refused = stranger.post("/sign-in/passkey")
    assert refused.status_code == 409
    assert NAME in refused.json()["error"]
    unasked = stranger.post("/sign-in/by-passkey", {"answer": "{}"})
    assert unasked.status_code == 401
    assert key.counter == 0


@pytest.mark.parametrize(
    ("accepted", "told", "form"),
    [
        ("passkeys_only", "ここで使えるのはパスキーだけです", 'id="add-passkey"'),
        ("apps_only", "ここで使えるのは認証アプリだけです", 'id="add-factor"'),
    ],
)
def test_ones_own_page_offers_the_kinds_that_are_accepted_and_tells_of_the_others_F11(
    admin: Browser, key: Authenticator, appliance: Appliance, accepted: str, told: str, form: str
) -> None:
    with appliance.database.write() as session:
        rules = msgspec.convert({"console_factors": accepted}, policies.IdentityPolicy)
        policies.store(session, rules, 0)
    shown = admin.get("/account", headers=THERE).text
    assert told in shown
    assert form in shown
    assert shown.count('id="add-') == 1
    assert shown.count("サインインの規則により、ここでは使えなくなりました。") == 1
    assert key.counter == 0
