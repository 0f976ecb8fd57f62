"""Groups on the console: several people, the same rights (F4)."""

from app.identity.operations import accounts, group_members, groups
from app.operations.context import SYSTEM, Appliance, Context
from tests.faces import Browser, Owner
from tests.integration.app.web.confirming import confirm


def here(appliance: Appliance) -> Context:
    return Context(appliance, actor=SYSTEM)


def make(appliance: Appliance, name: str = "経理") -> str:
    return groups.create_group(here(appliance), groups.NewGroup(name=name)).id


def details(appliance: Appliance, group: str) -> groups.GroupDetails:
    return groups.get_group(here(appliance), groups.GroupRef(group=group))


def test_a_group_is_made_after_a_fresh_code_and_listed_F4(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    assert "グループはまだありません" in admin.get("/groups").text
    made = confirm(admin, owner, admin.post("/groups", {"name": "経理"}))
    assert "経理" in admin.get(made.headers["location"]).text
    assert "経理" in admin.get("/groups").text
    assert 'href="/groups"' in admin.get("/accounts").text


def test_a_name_that_is_taken_is_told_at_its_field(admin: Browser, appliance: Appliance) -> None:
    make(appliance)
    asked = admin.post("/groups", {"name": "\x07"})
    assert asked.status_code == 422
    assert 'href="#field-name"' in asked.text


def test_a_member_comes_and_goes_by_login_id_F4(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    group = make(appliance)
    added = confirm(admin, owner, admin.post(f"/groups/{group}/members", {"login_id": "HANAKO"}))
    assert added.headers["location"] == f"/groups/{group}?notice=changed"
    assert [one.login_id for one in details(appliance, group).members] == ["hanako"]
    assert f"/groups/{group}" in admin.get(f"/accounts/{owner.account}").text
    gone = admin.post(f"/groups/{group}/members/{owner.account}/remove")
    confirm(admin, owner, gone, step=1)
    assert details(appliance, group).members == []


def test_a_login_id_that_nobody_has_is_told_at_its_field(
    admin: Browser, appliance: Appliance
) -> None:
    group = make(appliance)
    answer = admin.post(f"/groups/{group}/members", {"login_id": "nobody"})
    assert answer.status_code == 404
    assert 'href="#field-login_id"' in answer.text
    assert 'value="nobody"' in answer.text


def test_a_group_holds_a_right_until_it_is_taken_F4(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    group = make(appliance)
    right = {"right": "permission:records.view", "scope": "tables/12"}
    given = confirm(admin, owner, admin.post(f"/groups/{group}/grants", right))
    assert given.headers["location"] == f"/groups/{group}?notice=changed"
    (grant,) = details(appliance, group).grants
    assert (grant.permission, grant.role, grant.scope) == ("records.view", "", "tables/12")
    assert "レコードの閲覧" in admin.get(f"/groups/{group}").text
    taken = admin.post(f"/groups/{group}/grants/{grant.id}/take")
    confirm(admin, owner, taken, step=1)
    assert details(appliance, group).grants == []


def test_a_scope_that_is_none_is_told_at_its_field_and_stays(
    admin: Browser, appliance: Appliance
) -> None:
    group = make(appliance)
    right = {"right": "role:staff", "scope": "Tables 12"}
    answer = admin.post(f"/groups/{group}/grants", right)
    assert answer.status_code == 422
    assert 'href="#field-scope"' in answer.text
    assert 'value="Tables 12"' in answer.text


def test_an_empty_group_is_renamed_and_deleted_a_full_one_offers_no_button(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    group = make(appliance)
    confirm(admin, owner, admin.post(f"/groups/{group}/rename", {"rev": "1", "name": "財務"}))
    assert details(appliance, group).group.name == "財務"
    assert f'action="/groups/{group}/delete"' in admin.get(f"/groups/{group}").text
    gone = confirm(admin, owner, admin.post(f"/groups/{group}/delete"), step=1)
    assert gone.headers["location"] == "/groups?notice=deleted"
    assert groups.list_groups(here(appliance), groups.GroupFilter()).items == []
    full = make(appliance, "総務")
    member = group_members.Member(group=full, account=owner.account)
    group_members.add_member(here(appliance), member)
    assert f'action="/groups/{full}/delete"' not in admin.get(f"/groups/{full}").text


def test_the_groups_are_counted_searched_and_sorted_F4(
    admin: Browser, appliance: Appliance
) -> None:
    make(appliance, "総務")
    make(appliance, "経理")
    shown = admin.get("/groups?sort=-path").text
    assert ">2グループ<" in shown
    assert shown.index(">総務<") < shown.index(">経理<")
    assert ">1グループ<" in admin.get("/groups?q=総").text
    assert "この検索に合うグループはありません" in admin.get("/groups?q=nothing").text


def test_a_role_that_is_given_to_a_person_leads_back_to_the_person(
    admin: Browser, owner: Owner, appliance: Appliance
) -> None:
    new = accounts.NewAccount(login_id="jiro", name="佐藤 次郎")
    person = accounts.create_account(here(appliance), new).account.id
    given = confirm(admin, owner, admin.post(f"/accounts/{person}/grants", {"role": "viewer"}))
    assert given.headers["location"] == f"/accounts/{person}?notice=changed"
