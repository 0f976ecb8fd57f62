"""V16: what stands hidden in a form is checked like everything else."""

import re
import time

import pytest

from app.core.identifiers import new_identifier
from app.operations.context import Appliance, Plane
from tests.faces import PASSWORD, Browser, Owner
from tests.security.conftest import Seat, new_account
from tests.security.walk import Page, make_table

AWAY = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "http:evil.example",
    "/\t/evil.example",
    "/\r\nset-cookie: a=1",
    " //evil.example",
    "evil.example",
    "",
    "///evil.example",
    "data:text/html,x",
    "/%0d%0aa:b",
    "/\u2028x",
    "@evil.example",
    "https:/evil.example",
    "/.//evil.example",
)


def is_ours(location: str) -> bool:
    """Tell whether a browser that goes there stays with this appliance (WHATWG URL)."""
    plain = re.sub(r"[\t\r\n]", "", location).strip().replace("\\", "/")
    return plain.startswith("/") and not plain.startswith("//")


def test_an_open_redirect_is_found_by_this_check() -> None:
    for location in ("https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil"):
        assert not is_ours(location)
    assert is_ours("/accounts?q=//x")


@pytest.mark.parametrize("back", AWAY)
def test_after_signing_in_nobody_is_sent_elsewhere_V16(
    stranger: Browser, owner: Owner, back: str
) -> None:
    shown = stranger.get("/sign-in", params={"back": back})
    if shown.status_code == 200:
        hidden = [each["value"] for each in Page(shown.text).all("input") if each["name"] == "back"]
        assert all(is_ours(value) for value in hidden)
    first = stranger.post("/sign-in", {"login_id": "hanako", "password": PASSWORD, "back": back})
    assert is_ours(first.headers["location"])
    done = stranger.post(
        "/sign-in/step", {"step": "totp", "answer": owner.phone.now(), "back": back}
    )
    assert done.status_code == 303
    assert is_ours(done.headers["location"]), done.headers["location"]
    assert "a" not in stranger.cookies
    again = stranger.get("/sign-in", params={"back": back})
    assert again.status_code == 400 or is_ours(again.headers["location"])


@pytest.mark.parametrize("back", AWAY)
def test_choosing_a_language_sends_nobody_elsewhere_V16(stranger: Browser, back: str) -> None:
    answer = stranger.post("/language", {"language": "en", "back": back})
    assert is_ours(answer.headers["location"])
    unknown = stranger.post("/language", {"language": "../../etc", "back": "/"})
    assert "set-cookie" not in unknown.headers


@pytest.mark.parametrize("rev", ["-1", "99", "", "x", "1.5", "9" * 30, "0; --", "null"])
def test_a_forged_revision_changes_nothing_V16(
    admin: Browser, owner: Owner, appliance: Appliance, rev: str
) -> None:
    account = new_account(appliance, "viewer", name="Before")
    asked = admin.post(f"/accounts/{account}/update", {"name": "After", "rev": rev})
    if asked.status_code == 303:
        asked = admin.post(asked.headers["location"], {"code": owner.phone.now()})
        assert asked.status_code == 409
    assert asked.status_code in (409, 422)
    assert admin.get(f"/api/v1/accounts/{account}").json()["account"]["name"] == "Before"


def test_two_administrators_who_change_the_same_account_do_not_overwrite_each_other_V16(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    account = new_account(appliance, "viewer", name="Before")
    rev = admin.get(f"/api/v1/accounts/{account}").json()["account"]["rev"]
    page = f"/accounts/{account}/update"
    first = admin.post(page, {"name": "First", "rev": str(rev)}).headers["location"]
    second = admin.post(page, {"name": "Second", "rev": str(rev)}).headers["location"]
    assert admin.post(first, {"code": owner.phone.now()}).status_code == 303
    late = admin.post(second, {"code": owner.phone.at(time.time() + 30)})
    assert late.status_code == 409
    assert admin.get(f"/api/v1/accounts/{account}").json()["account"]["name"] == "First"


@pytest.mark.parametrize(
    "role",
    ["root", "OWNER", "owner ", "staff,owner", "__class__", "0", "../owner", "administrator"],
)
def test_a_role_that_no_form_offers_is_refused_V16(
    admin: Browser, appliance: Appliance, role: str
) -> None:
    made = admin.post("/accounts/new", {"name": "M", "login_id": "mallory", "role": role})
    assert made.status_code == 422
    account = new_account(appliance, "")
    given = admin.post(f"/accounts/{account}/grants", {"role": role})
    if given.status_code == 303:
        assert given.headers["location"].startswith("/confirm/")
    assert admin.get(f"/api/v1/accounts/{account}").json()["grants"] == []


def test_fields_that_a_form_does_not_have_give_nothing_V16(
    seat: Seat, admin: Browser, appliance: Appliance
) -> None:
    account = new_account(appliance, "viewer")
    extra = {
        "is_owner": "true",
        "rights": '[["accounts.manage",""]]',
        "state": "active",
        "kind": "service",
        "scope": "",
        "permission": "accounts.manage",
        "account": "x",
        "confirmed": "1",
        "approved_by": "system",
        "id": new_identifier(),
    }
    asked = admin.post(f"/accounts/{account}/update", {"name": "N", "rev": "0", **extra})
    assert asked.status_code == 303, "a change of the name waits for its code"
    waiting = admin.get(asked.headers["location"]).text
    for word in ("is_owner", "approved_by", "accounts.manage"):
        assert word not in waiting
    assert account in waiting or "viewer person" in waiting, "the address's account, not the form's"


def test_nobody_gives_themselves_a_role_V16(seat: Seat) -> None:
    for role in ("viewer", "auditor", "operator"):
        person = seat(role)
        for asked in ("owner", "security_administrator", role):
            path = f"/accounts/{person.account}/grants"  # type: ignore[attr-defined]
            assert person.post(path, {"role": asked}).status_code == 403
            body = {"holder": person.account, "role": asked}  # type: ignore[attr-defined]
            assert person.post("/api/v1/grants", json=body).status_code in (403, 404, 405)


def test_a_security_administrator_makes_no_owner_V16(seat: Seat, owner: Owner) -> None:
    """Who gives what they lack would have it."""
    person = seat("security_administrator")
    asked = person.post(f"/accounts/{person.account}/grants", {"role": "owner"})  # type: ignore[attr-defined]
    assert asked.status_code == 303, "asks for a fresh factor first"
    assert person.post(asked.headers["location"], {"code": "000000"}).status_code in (401, 403)
    mine = person.get(f"/api/v1/accounts/{person.account}").json()  # type: ignore[attr-defined]
    assert [grant["role"] for grant in mine["grants"]] == ["security_administrator"]


def test_a_step_that_the_page_did_not_offer_is_not_taken_V16(
    stranger: Browser, owner: Owner
) -> None:
    """The hidden name of a step: no way around the second factor."""
    for step in ("enrol", "new_password", "password", "", "__init__", "totp,enrol", "TOTP"):
        stranger.cookies = {}
        stranger.post("/sign-in", {"login_id": "hanako", "password": PASSWORD})
        answer = stranger.post("/sign-in/step", {"step": step, "answer": PASSWORD})
        assert answer.status_code in (401, 409), step
        assert stranger.get("/account").status_code == 303


def test_the_hidden_number_of_a_request_is_another_s_and_closed_V16(
    seat: Seat, admin: Browser
) -> None:
    asked = admin.post("/accounts/new", {"name": "M", "login_id": "mallory"}).headers["location"]
    for role in ("viewer", "auditor"):
        other = seat(role)
        assert other.get(asked).status_code == 404
        assert other.post(asked, {"code": "123456"}).status_code == 404
        number = asked.rpartition("/")[2]
        assert other.post(f"/requests/{number}/decline").status_code in (403, 409)
    assert admin.get(asked).status_code == 200


def test_hidden_search_and_order_of_an_export_are_checked_V16(
    seat: Seat, appliance: Appliance
) -> None:
    table = make_table(appliance)
    staff = seat("staff", Plane.WORKSPACE)
    for sort in ("-", "x", "99", "-99", "1; --", "9" * 30):
        answer = staff.post(f"/tables/{table}/export", {"sort": sort, "q": "山田"})
        assert answer.status_code in (200, 422), sort
        assert "佐藤" not in answer.text
