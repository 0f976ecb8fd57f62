"""Pages tell what the program keeps as short names and identifiers in words that people know."""

from zoneinfo import available_timezones

import pytest

from app.core.secret import Secret
from app.identity.operations import accounts, grants
from app.operations.context import SYSTEM, Appliance, Context
from app.web.cookies import LANGUAGE
from app.web.zones import ZONES, zones
from tests.faces import Browser, Owner

pytestmark = pytest.mark.once


@pytest.fixture
def jiro(appliance: Appliance, owner: Owner) -> accounts.CreatedAccount:
    """A second person with a role, made on the machine itself."""
    return accounts.create_account(
        Context(appliance, actor=SYSTEM),
        accounts.NewAccount(
            login_id="jiro", name="佐藤 次郎", role="operator",
            initial_password=Secret("machi no akari ga tomoru"),
        ),
    )  # fmt: skip


def test_what_is_asked_back_names_the_person_not_an_identifier_F4(
    admin: Browser, jiro: accounts.CreatedAccount
) -> None:
    account = jiro.account
    asked = admin.post(f"/accounts/{account.id}/suspend", {"rev": str(account.rev)})
    page = admin.get(asked.headers["location"]).text
    assert "アカウントを停止します" in page
    assert "佐藤 次郎" in page
    assert account.id not in page
    waiting = admin.get("/requests").text
    assert "佐藤 次郎" in waiting
    assert account.id not in waiting


def test_a_right_that_is_taken_is_asked_back_with_its_holder_and_its_role_F4(
    admin: Browser, appliance: Appliance, jiro: accounts.CreatedAccount
) -> None:
    found = accounts.get_account(
        Context(appliance, actor=SYSTEM), accounts.AccountRef(jiro.account.id)
    )
    (grant,) = found.grants
    assert isinstance(grant, grants.GrantRow)
    asked = admin.post(f"/accounts/{jiro.account.id}/grants/{grant.id}/take")
    page = admin.get(asked.headers["location"]).text
    assert "佐藤 次郎" in page
    assert "運用担当者" in page
    assert grant.id not in page


def test_a_refusal_stands_in_the_history_with_its_reason_in_words_METI_37(
    admin: Browser, stranger: Browser
) -> None:
    stranger.post("/sign-in", {"login_id": "nobody", "password": "not this one at all"})
    page = admin.get("/history").text
    assert "ログインIDまたはパスワードが正しくありません。" in page
    assert "ログインIDとパスワードを確認します。" in page


def test_the_overview_tells_what_happened_lately_and_leaves_out_the_steps_of_the_machinery(
    admin: Browser,
) -> None:
    admin.cookies[LANGUAGE] = "en"
    page = admin.get("/").text
    assert "What happened lately" in page
    assert "Make the owner with the first valid code" in page
    assert "Make a new claim code" not in page


def test_a_history_that_cannot_be_read_is_what_the_overview_says_first_METI_37(
    admin: Browser, appliance: Appliance
) -> None:
    store = appliance.settings.sealed_store / "sealed.sqlite"
    store.parent.mkdir(parents=True, exist_ok=True)
    store.write_bytes(b"no database at all, but long enough to be taken for one" * 200)
    page = admin.get("/")
    assert page.status_code == 200
    assert str(appliance.settings.sealed_store) in page.text


def test_the_time_zone_of_a_person_is_chosen_by_its_place(
    admin: Browser, jiro: accounts.CreatedAccount
) -> None:
    page = admin.get(f"/accounts/{jiro.account.id}").text
    assert '<option value="Asia/Tokyo" selected>日本 (Asia/Tokyo)</option>' in page
    assert "ニューヨーク (America/New_York)" in admin.get("/accounts/new").text


def test_a_time_zone_that_is_not_offered_stays_chosen() -> None:
    assert zones("en", "Pacific/Auckland")[-1] == ("Pacific/Auckland", "Pacific/Auckland")
    assert ("UTC", "Coordinated universal time (UTC)") in zones("en", "UTC")
    assert len(zones("ja")) == len(zones("ja", "UTC"))


def test_every_offered_time_zone_is_known_to_the_machine() -> None:
    assert set(ZONES) <= available_timezones()
