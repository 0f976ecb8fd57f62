"""One's own account page: preferences, rights, factors, and the notes of a confirmation."""

import html
import re
import time

import pyotp
import pytest

from app.core.messages import translate
from app.history import own
from app.identity.operations import own_preferences
from app.operations.context import Actor, Appliance, Context, Plane
from tests.faces import PASSWORD, Browser, Owner
from tests.integration.app.web.test_history_pages import seal

CHOSEN = {"language": "en", "time_zone": "Europe/Berlin", "theme": "dark"}


@pytest.fixture(params=["console", "workspace"])
def seat(request: pytest.FixtureRequest, admin: Browser, worker: Browser) -> Browser:
    """The owner on either plane."""
    return admin if request.param == "console" else worker


def test_language_zone_and_theme_are_kept_on_the_account(seat: Browser) -> None:
    assert "data-theme=" not in seat.get("/account").text.partition("<body")[0]
    done = seat.post("/account/preferences", CHOSEN)
    assert done.headers["location"] == "/account/preferences?notice=changed"
    shown = seat.get("/account/preferences?notice=changed").text
    assert 'data-theme="dark"' in shown.partition("<body")[0], "no flash: the server says it"
    assert "data-theme-kept" in shown
    assert re.search(r'value="Europe/Berlin"[^>]* selected', shown)


@pytest.mark.parametrize(
    ("field", "value"),
    [("time_zone", "Europe/Nowhere"), ("theme", "pink"), ("language", "fr")],
)
def test_a_choice_that_does_not_exist_is_told_at_its_field(
    seat: Browser, field: str, value: str
) -> None:
    answer = seat.post("/account/preferences", {**CHOSEN, field: value})
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text


def test_ones_rights_stand_there_in_words(admin: Browser) -> None:
    shown = html.unescape(admin.get("/account/rights").text)
    assert "アカウント" in shown
    assert "すべて" in shown
    assert "本人に付与 ← 役割「所有者」" in " ".join(shown.split())


def test_ones_own_history_is_paged_searched_and_holds_nobody_elses_METI_18(
    seat: Browser, stranger: Browser, appliance: Appliance, owner: Owner
) -> None:
    for theme in ("dark", "light"):
        seat.post("/account/preferences", {**CHOSEN, "language": "ja", "theme": theme})
    stranger.post("/sign-in", {"login_id": "nobody", "password": "x" * 12})
    seal(appliance)
    shown = seat.get("/account/history").text
    changed = translate("ja", own_preferences.change_preferences.summary)
    assert shown.count(changed) == 2
    assert changed not in seat.get("/account/history?kind=sign_ins").text
    assert changed in seat.get("/account/history?q=dark&kind=changes").text
    assert "見つかりません" in seat.get("/account/history?q=nothing-of-this").text
    context = Context(appliance, actor=Actor(account=owner.account), plane=Plane.WORKSPACE)
    first = own.list_own_events(context, own.OwnEvents(limit=1))
    second = own.list_own_events(context, own.OwnEvents(limit=1, after=first.next))
    assert (len(first.rows), len(second.rows)) == (1, 1)
    assert first.rows[0].id > second.rows[0].id
    last = own.list_own_events(context, own.OwnEvents(limit=200))
    assert last.next == ""
    assert {row.actor for row in last.rows} == {owner.account}


def test_before_anything_is_sealed_ones_history_is_empty(seat: Browser) -> None:
    answer = seat.get("/account/history")
    assert answer.status_code == 200
    assert "見つかりません" in answer.text


def test_a_mistyped_first_code_keeps_the_qr_page_F11(seat: Browser, owner: Owner) -> None:
    code = owner.phone.at(time.time() + 30)
    begun = seat.post("/account/factors", {"name": "tablet", "password": PASSWORD, "code": code})
    assert begun.status_code == 200, begun.text
    action = re.search(r'action="(/account/factors/[^"]+/confirm)"', begun.text)
    secret = re.search(r'id="totp-secret"[^>]*>\s*([A-Z2-7]+)', begun.text)
    assert action
    assert secret
    again = seat.post(action[1], {"code": "000000"})
    assert again.status_code == 401
    assert secret[1] in again.text, "the same code to scan"
    assert 'href="#field-code"' in again.text
    done = seat.post(action[1], {"code": pyotp.TOTP(secret[1]).now()})
    assert done.status_code in (200, 303)
    lost = seat.post(action[1], {"code": "000000"})
    assert lost.status_code == 401
    assert secret[1] not in lost.text


def test_without_a_host_name_the_page_says_why_there_are_no_passkeys_F11(seat: Browser) -> None:
    assert "TENSHU_HOST_NAMES" in seat.get("/account").text
    answer = seat.post("/account/passkeys/question", {"request": ""})
    assert answer.status_code == 409
    assert "ホスト名" in answer.json()["error"]
    begun = seat.post("/account/passkeys", {"password": PASSWORD})
    assert begun.status_code == 409
    made = seat.post("/account/passkeys/add", {"name": "x", "passkey": "{}"})
    assert made.status_code == 401


def test_a_factor_is_renamed_and_an_empty_name_is_refused_F11(admin: Browser) -> None:
    shown = admin.get("/account").text
    action = re.search(r'action="(/account/factors/[^"]+)/name"', shown)
    assert action
    assert admin.post(f"{action[1]}/name", {"name": "会社の電話"}).status_code == 303
    assert "会社の電話" in admin.get("/account").text
    assert admin.post(f"{action[1]}/name", {"name": ""}).status_code == 422


def test_the_rules_show_their_effect_before_they_hold_F11(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    form = {"rev": "0", "step": "preview", "idle_minutes": "1"}
    shown = html.unescape(admin.post("/settings/sign-in", form).text)
    assert "この規則の影響" in shown
    assert 'name="step" value="apply"' in shown
    filled = admin.post("/settings/sign-in", {"rev": "0", "step": "preset-legacy"})
    assert filled.status_code == 200
    assert re.search(r'name="maximum"[^>]* value="20"', filled.text)
    wrong = admin.post("/settings/sign-in", {**form, "rp_id": "elsewhere.example.com"})
    assert wrong.status_code == 422
    assert 'href="#field-rp_id"' in wrong.text
