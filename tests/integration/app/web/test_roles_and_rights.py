"""Own roles, single grants, why, who could, two people side by side, on the console (METI-45)."""

import datetime as dt

import pytest

from app.core import clock
from app.identity.operations import accounts, grants, roles
from app.operations.context import SYSTEM, Appliance, Context
from tests.faces import Browser, Owner
from tests.integration.app.web.confirming import confirm


def here(appliance: Appliance) -> Context:
    return Context(appliance, actor=SYSTEM)


@pytest.fixture
def jiro(appliance: Appliance) -> str:
    new = accounts.NewAccount(login_id="jiro", name="佐藤 次郎", role="viewer")
    return accounts.create_account(here(appliance), new).account.id


def own_role(appliance: Appliance) -> roles.RoleRow:
    new = roles.NewRole(name="受付", permissions=["jobs.view"])
    return roles.create_role(here(appliance), new)


def grants_of(appliance: Appliance, account: str) -> list[grants.GrantRow]:
    return accounts.get_account(here(appliance), accounts.AccountRef(account)).grants


def test_a_role_is_copied_made_previewed_changed_and_deleted_METI_45(
    admin: Browser, owner: Owner, appliance: Appliance, jiro: str
) -> None:
    assert 'value="jobs.view" checked' in admin.get("/roles/new?like=viewer").text
    form = {"name": "受付", "description": "来客", "permissions": ["jobs.view", "records.view"]}
    made = confirm(admin, owner, admin.post("/roles/new", form)).headers["location"]
    role = made.split("?")[0].rpartition("/")[2]
    assert "受付" in admin.get(made).text
    assert "受付" in admin.get("/roles").text
    asked = admin.post(f"/accounts/{jiro}/grants", {"right": f"role:{role}", "scope": "jobs"})
    assert "受付" in admin.get(asked.headers["location"]).text, "a name, no identifier"
    grants.give(here(appliance), grants.NewGrant(holder=jiro, role=role))
    change = {"rev": "1", "name": "受付", "permissions": "audit.view"}
    shown = admin.post(f"/roles/{role}/preview", change).text
    assert "佐藤 次郎" in shown
    assert "履歴の閲覧" in shown
    assert "受付" in admin.post(f"/roles/{role}/preview", change | {"step": "edit"}).text
    confirm(admin, owner, admin.post(f"/roles/{role}/update", change), step=1)
    now = roles.get_role(here(appliance), roles.RoleRef(role))
    assert (now.permissions, now.rev) == (["audit.view"], 2)
    assert "佐藤 次郎" in admin.get(f"/roles/{role}/delete").text


def test_an_own_role_is_deleted_with_the_grants_that_were_shown(
    admin: Browser, owner: Owner, appliance: Appliance, jiro: str
) -> None:
    role = own_role(appliance).role
    grants.give(here(appliance), grants.NewGrant(holder=jiro, role=role))
    gone = confirm(admin, owner, admin.post(f"/roles/{role}/delete", {"rev": "1"}))
    assert gone.headers["location"] == "/roles?notice=deleted"
    assert "役割を削除しました" in admin.get("/roles?notice=deleted").text
    assert [one.role for one in grants_of(appliance, jiro)] == ["viewer"]


def test_what_does_not_fit_a_role_is_told_at_its_field_and_stays(
    admin: Browser, appliance: Appliance
) -> None:
    role = own_role(appliance).role
    for path in ("/roles/new", f"/roles/{role}/preview", f"/roles/{role}/update"):
        form = {"rev": "1", "name": "\x07", "description": "残る", "permissions": "jobs.view"}
        answer = admin.post(path, form)
        assert answer.status_code == 422, path
        assert 'href="#field-name"' in answer.text
        assert 'value="残る"' in answer.text


def test_the_product_s_roles_are_shown_and_not_changed(admin: Browser) -> None:
    shown = admin.get("/roles/owner").text
    assert "所有者" in shown
    assert 'action="/roles/owner' not in shown
    assert admin.get("/roles/owner/delete").status_code == 404
    assert admin.get("/roles/nothing").status_code == 404


def test_a_right_is_taken_from_one_person_until_a_day_is_over_METI_45(
    admin: Browser, owner: Owner, appliance: Appliance, jiro: str
) -> None:
    day = dt.datetime.fromtimestamp(clock.now() / 1000 + 3 * 86400, dt.UTC).date().isoformat()
    form = {"right": "permission:jobs.view", "way": "take", "scope": "", "until": day}
    confirm(admin, owner, admin.post(f"/accounts/{jiro}/grants", form))
    taken = next(one for one in grants_of(appliance, jiro) if one.taken)
    assert taken.until > clock.now() + 2 * clock.DAY
    assert "取り上げ" in admin.get(f"/accounts/{jiro}").text
    why = admin.get(f"/accounts/{jiro}/why?permission=jobs.view").text
    assert "いいえ" in why
    assert "取り上げているもの" in why


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"right": "permission:jobs.view", "until": "2026-13-77"}, "until"),
        ({"right": "permission:jobs.view", "until": "2020-01-01"}, "until"),
        ({"right": "permission:jobs.view", "scope": "Tables 12"}, "scope"),
        ({"right": "nonsense"}, "right"),
    ],
)
def test_a_wrong_right_is_told_at_its_field_before_a_code_is_spent(
    admin: Browser, jiro: str, form: dict[str, str], field: str
) -> None:
    answer = admin.post(f"/accounts/{jiro}/grants", form)
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text


def test_why_and_who_are_answered_for_today_and_for_a_past_day_METI_45(
    admin: Browser, jiro: str
) -> None:
    assert "はい" in admin.get(f"/accounts/{jiro}/why?permission=jobs.view").text
    then = admin.get(f"/accounts/{jiro}/why?permission=jobs.view&day=2020-01-01").text
    assert "まだ作成されていなかった" in then
    assert "佐藤 次郎" in admin.get("/rights?permission=jobs.view").text
    assert "該当者なし" in admin.get("/rights?permission=jobs.view&day=2020-01-01").text
    for path in (f"/accounts/{jiro}/why", "/rights"):
        assert admin.get(path).status_code == 200
        for day in ("2999-01-01", "nonsense"):
            answer = admin.get(f"{path}?permission=jobs.view&day={day}")
            assert answer.status_code == 422
            assert 'href="#field-day"' in answer.text


def test_who_could_is_downloaded_METI_45(admin: Browser, jiro: str) -> None:
    answer = admin.post("/rights/export", {"permission": "jobs.view"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert "jiro" in answer.text


def test_two_people_stand_side_by_side_METI_45(admin: Browser, owner: Owner, jiro: str) -> None:
    assert "比べる相手" in admin.get(f"/accounts/{jiro}/compare").text
    beside = f"/accounts/{jiro}/compare?with={owner.account}"
    differing, everything = admin.get(beside).text, admin.get(beside + "&all=yes").text
    assert "ジョブ" in everything
    assert everything.count("<tr") > differing.count("<tr")
