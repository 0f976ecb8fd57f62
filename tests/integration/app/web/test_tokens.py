"""API tokens on one's own account: made, shown once, used, revoked (F4)."""

import re

import pytest

from app.core.clock import DAY, now
from app.identity.operations import tokens
from app.operations.context import Actor, Appliance, Context, Plane
from app.operations.operation import NoRequest
from tests.faces import Browser, Owner

WANTED = {"name": "在庫表", "days": "7", "which": "chosen", "rights": "settings.view"}


def rows(appliance: Appliance, owner: Owner) -> list[tokens.TokenRow]:
    context = Context(appliance, plane=Plane.CONSOLE, actor=Actor(account=owner.account))
    return tokens.list_tokens(context, NoRequest()).items


def shown(text: str) -> str:
    found = re.search(r'<code id="token"[^>]*>([^<]+)</code>', text)
    assert found
    return found[1]


def ask(browser: Browser, token: str, path: str) -> int:
    headers = {"authorization": f"Bearer {token}"}
    return Browser(browser.application, {}).get(path, headers=headers).status_code


def test_a_token_is_shown_once_and_does_what_was_chosen_and_nothing_else_F4(
    admin: Browser, appliance: Appliance, owner: Owner
) -> None:
    made = admin.post("/account/tokens", WANTED)
    assert made.status_code == 200
    token = shown(made.text)
    assert 'data-copies="token"' in made.text
    listed = admin.get("/account/tokens").text
    assert "在庫表" in listed
    assert token not in listed
    assert ask(admin, token, "/api/v1/storage") == 200
    assert ask(admin, token, "/api/v1/accounts") == 403
    (row,) = rows(appliance, owner)
    assert row.rights == [("settings.view", "")]
    assert 6 * DAY < row.expires_at - now() <= 7 * DAY


def test_a_revoked_token_works_no_more_F4(
    admin: Browser, appliance: Appliance, owner: Owner
) -> None:
    token = shown(admin.post("/account/tokens", WANTED).text)
    (row,) = rows(appliance, owner)
    ended = admin.post(f"/account/tokens/{row.id}/revoke")
    assert ended.headers["location"] == "/account/tokens?notice=revoked"
    assert "無効" in admin.get(ended.headers["location"]).text
    assert ask(admin, token, "/api/v1/storage") == 401


def test_all_of_ones_rights_or_several_chosen_ones_go_into_a_token_F4(
    admin: Browser, appliance: Appliance, owner: Owner
) -> None:
    admin.post("/account/tokens", {**WANTED, "which": "all"})
    body = "name=two&days=30&which=chosen&rights=jobs.view&rights=audit.view"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert admin.post("/account/tokens", content=body, headers=headers).status_code == 200
    two, everything = rows(appliance, owner)
    assert two.rights == [("audit.view", ""), ("jobs.view", "")]
    assert ("grants.manage", "") in everything.rights


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rights": ""}, "field-rights"),
        ({"rights": "everything"}, "field-rights"),
        ({"name": " "}, "field-name"),
        ({"days": "5000"}, "field-days"),
    ],
)
def test_an_error_stands_at_its_field_and_what_was_typed_stays(
    admin: Browser, appliance: Appliance, owner: Owner, change: dict[str, str], field: str
) -> None:
    answer = admin.post("/account/tokens", {**WANTED, **change})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    if "name" not in change:
        assert 'value="在庫表"' in answer.text
    assert rows(appliance, owner) == []
