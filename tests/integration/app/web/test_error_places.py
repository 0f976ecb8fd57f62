"""An error stands at the answer that it is about, and in the summary that leads there."""

import re

import pytest

from app.identity.operations import accounts, setup
from app.operations.context import SYSTEM, Appliance, Context
from app.operations.operation import NoRequest
from tests.faces import PASSWORD, Browser, Owner
from tests.integration.app.web.confirming import confirm

pytestmark = pytest.mark.once
WEAK = "password1234567890"


def at_field(page: str, field: str) -> bool:
    """Tell whether the summary leads to a field that is there, and the field says what is wrong."""
    return (
        f'<a href="#field-{field}">' in page
        and len(re.findall(f'id="field-{field}"', page)) == 1
        and f'id="field-{field}-error"' in page
    )


def test_a_wrong_claim_code_is_told_at_its_field(appliance: Appliance, stranger: Browser) -> None:
    setup.new_claim_code(Context(appliance, actor=SYSTEM), NoRequest())
    answer = stranger.post("/setup/claim", {"code": "WRONG-CODE"})
    assert at_field(answer.text, "code")


def test_a_wrong_code_of_a_sign_in_is_told_at_its_field(owner: Owner, stranger: Browser) -> None:
    stranger.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
    for step, wrong in (("totp", "000000"), ("recovery_code", "0000-0000-0000-0000")):
        answer = stranger.post("/sign-in/step", {"step": step, "answer": wrong})
        assert at_field(answer.text, "answer"), step


@pytest.mark.parametrize(
    ("path", "form", "field"),
    [
        ("/account/password", {"current": "not mine", "new": WEAK, "again": WEAK}, "current"),
        ("/account/password", {"current": PASSWORD, "new": WEAK, "again": WEAK}, "new"),
        ("/account/factors", {"name": "Two", "password": "not mine"}, "factor-password"),
        ("/account/factors", {"name": "", "password": "x"}, "factor-name"),
        ("/account/recovery-codes", {"code": "000000"}, "recovery-code"),
    ],
)
def test_each_form_of_ones_account_tells_its_own_errors_and_opens_F8(
    admin: Browser, path: str, form: dict[str, str], field: str
) -> None:
    page = admin.post(path, form).text
    assert at_field(page, field)
    inside = r"<details(?: open)?><summary>[^<]*</summary>(?:(?!</details>).)*-error"
    folded = re.search(inside, page, re.DOTALL)
    assert folded is None or folded[0].startswith("<details open>")


def test_a_wrong_code_that_would_remove_an_authenticator_is_told_beside_it_F8(
    admin: Browser,
) -> None:
    (factor,) = re.findall(r"/account/factors/(\w+)/remove", admin.get("/account").text)
    page = admin.post(f"/account/factors/{factor}/remove", {"code": "000000"}).text
    assert at_field(page, f"remove-{factor}-code")


def test_a_taken_login_id_is_told_at_its_field_F4(admin: Browser) -> None:
    page = admin.post("/accounts/new", {"name": "二人目", "login_id": "HANAKO"}).text
    assert at_field(page, "login_id")
    assert 'value="二人目"' in page


def test_a_login_id_that_is_none_or_anothers_is_told_before_a_code_is_spent_F4(
    admin: Browser, appliance: Appliance
) -> None:
    new = accounts.NewAccount(login_id="jiro", name="佐藤 次郎")
    made = accounts.create_account(Context(appliance, actor=SYSTEM), new).account
    for wrong in ("hanako", "two words"):
        form = {"rev": str(made.rev), "name": made.name, "login_id": wrong}
        assert at_field(admin.post(f"/accounts/{made.id}/update", form).text, "login_id"), wrong
    form = {"rev": str(made.rev), "name": made.name, "login_id": "jiro"}
    asked = admin.post(f"/accounts/{made.id}/update", form)
    assert asked.headers["location"].startswith("/confirm/")


def test_a_wrong_code_of_a_confirmation_is_told_at_its_field_F4(admin: Browser) -> None:
    asked = admin.post("/accounts/new", {"name": "佐藤 次郎", "login_id": "jiro"})
    page = admin.post(asked.headers["location"], {"code": "000000"}).text
    assert at_field(page, "code")


def test_what_was_done_to_an_account_is_said_on_its_page_F4(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    new = accounts.NewAccount(login_id="jiro", name="佐藤 次郎", role="staff")
    made = accounts.create_account(Context(appliance, actor=SYSTEM), new).account
    page = f"/accounts/{made.id}"
    ended = admin.post(f"{page}/end-sessions")
    assert ended.headers["location"] == f"{page}?notice=sessions"
    given = confirm(admin, owner, admin.post(f"{page}/reset-password"))
    assert "佐藤 次郎" in given.text
    assert f'href="{page}"' in given.text
    freed = confirm(admin, owner, admin.post(f"{page}/reset-factor"), step=1)
    assert freed.headers["location"] == f"{page}?notice=factor"
    assert "二要素認証を解除しました" in admin.get(freed.headers["location"]).text


@pytest.mark.parametrize("page", ["/settings/permissions", "/settings/events"])
def test_the_long_lists_of_operations_are_searched_in_the_readers_words(
    admin: Browser, page: str
) -> None:
    every = admin.get(page).text
    found = admin.get(f"{page}?q=仮パスワードを発行").text
    assert every.count("<code") > 50
    assert "accounts.reset_password" in found
    assert "tables.rename" not in found
    assert "条件に合う操作はありません" in admin.get(f"{page}?q=nothing+like+it").text
