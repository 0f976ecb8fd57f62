import pytest
from sqlmodel import select

from app.core.errors import Conflict, InvalidInput, NotFound
from app.identity import policies, rights
from app.identity.errors import BeyondYourRights, LastOwner, NameTaken
from app.identity.models import Account, Grant
from app.identity.operations import accounts, grants, group_members, groups, roles
from app.identity.operations import policies as policy_operations
from app.identity.operations.accounts import AccountRef
from app.identity.operations.grants import GrantRef, NewGrant
from app.identity.operations.group_members import Member
from app.identity.operations.groups import GroupChange, GroupRef, NewGroup
from app.operations.operation import NoRequest
from app.operations.permissions import Permission, Rights
from tests.unit.app.identity.test_managing_accounts import confirmed

P = Permission


@pytest.fixture
def owner(house):
    return house.person("owner", "owner")


def held(house, person):
    details = accounts.get_account(house.local, AccountRef(person.id))
    return Rights(details.rights)


def test_a_grant_acts_on_the_very_next_request_F4(house, owner):
    person = house.person("tanaka", "viewer")
    token = house.sign_in(person).token
    assert not house.context_of(token).actor.rights.allows(P.AUDIT_VIEW)
    given = grants.give(house.local, NewGrant(holder=person.id, permission="audit.view"))
    assert house.context_of(token).actor.rights.allows(P.AUDIT_VIEW)
    grants.take(house.local, GrantRef(given.id))
    assert not house.context_of(token).actor.rights.allows(P.AUDIT_VIEW)


def test_seeing_and_downloading_are_granted_apart_and_for_one_table_F4(house):
    person = house.person("tanaka")
    grants.give(
        house.local, NewGrant(holder=person.id, permission="records.view", scope="tables/12")
    )
    found = held(house, person)
    assert found.allows(P.RECORDS_VIEW, "tables/12/views/7")
    assert not found.allows(P.RECORDS_VIEW, "tables/13")
    assert not found.allows(P.RECORDS_EXPORT, "tables/12")


def test_the_same_grant_twice_is_one_grant(house):
    person = house.person("tanaka")
    new = NewGrant(holder=person.id, role="staff", scope="tables/12")
    assert grants.give(house.local, new) == grants.give(house.local, new)


def test_what_two_grants_give_stays_when_one_is_taken(house):
    person = house.person("tanaka", "staff")
    given = grants.give(house.local, NewGrant(holder=person.id, permission="records.view"))
    grants.take(house.local, GrantRef(given.id))
    assert held(house, person).allows(P.RECORDS_VIEW)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"permission": "records.view", "role": "staff"},
        {"permission": "signed_in"},
        {"permission": "nonsense"},
        {"role": "nonsense"},
    ],
)
def test_what_cannot_be_granted_is_refused_V6(house, wrong):
    person = house.person("tanaka")
    with pytest.raises(InvalidInput):
        grants.give(house.local, NewGrant(holder=person.id, **wrong))


def test_grants_of_nobody_and_of_nothing_are_not_found(house):
    with pytest.raises(NotFound):
        grants.give(house.local, NewGrant(holder="x", role="staff"))
    with pytest.raises(NotFound):
        grants.take(house.local, GrantRef("x"))


def test_nobody_gives_or_takes_what_they_do_not_hold_V19(house, owner):
    security = house.person("security", "security_administrator")
    context = house.enter(security)
    for request in (
        NewGrant(holder=security.id, role="owner"),
        NewGrant(holder=security.id, permission="backups.manage"),
    ):
        with pytest.raises(BeyondYourRights):
            confirmed(context, grants.give, request)
    with house.appliance.database.read() as session:
        grant = session.exec(select(Grant).where(Grant.holder == owner.id)).one()
    with pytest.raises(BeyondYourRights):
        confirmed(context, grants.take, GrantRef(grant.id))
    staff = NewGrant(holder=security.id, role="staff")
    assert confirmed(context, grants.give, staff).role == "staff"


def test_the_last_owner_keeps_the_role_F4(house, owner):
    with house.appliance.database.read() as session:
        grant = session.exec(select(Grant).where(Grant.holder == owner.id)).one()
    with pytest.raises(LastOwner):
        grants.take(house.local, GrantRef(grant.id))
    grants.give(house.local, NewGrant(holder=house.person("second").id, role="owner"))
    grants.take(house.local, GrantRef(grant.id))


def test_an_owner_of_one_table_is_not_owner_of_the_appliance_F4(house, owner):
    person = house.person("tanaka")
    grants.give(house.local, NewGrant(holder=person.id, role="owner", scope="tables/1"))
    with pytest.raises(LastOwner):
        accounts.suspend_account(house.local, accounts.SuspendAccount(owner.id, 1))


def test_a_group_gives_its_members_what_it_holds_F4(house):
    person = house.person("tanaka")
    group = groups.create_group(house.local, NewGroup("経理"))
    given = grants.give(house.local, NewGrant(holder=group.id, role="staff"))
    assert group_members.add_member(house.local, Member(group.id, person.id)).done
    assert not group_members.add_member(house.local, Member(group.id, person.id)).done
    assert held(house, person).allows(P.RECORDS_EDIT)
    details = accounts.get_account(house.local, AccountRef(person.id))
    assert [each.name for each in details.groups] == ["経理"]
    shown = groups.get_group(house.local, GroupRef(group.id))
    assert [each.login_id for each in shown.members] == ["tanaka"]
    assert [each.role for each in shown.grants] == ["staff"]
    listed = groups.list_groups(house.local, groups.GroupFilter()).items
    assert [each.members for each in listed] == [1]
    grants.take(house.local, GrantRef(given.id))
    assert not held(house, person).allows(P.RECORDS_EDIT)
    grants.give(house.local, NewGrant(holder=group.id, role="staff"))
    assert group_members.remove_member(house.local, Member(group.id, person.id)).done
    assert not group_members.remove_member(house.local, Member(group.id, person.id)).done
    assert not held(house, person).allows(P.RECORDS_EDIT)


def test_deleting_a_group_takes_what_it_gave_F4(house):
    person = house.person("tanaka")
    group = groups.create_group(house.local, NewGroup("経理"))
    grants.give(house.local, NewGrant(holder=group.id, role="staff"))
    group_members.add_member(house.local, Member(group.id, person.id))
    groups.delete_group(house.local, GroupRef(group.id))
    assert held(house, person).grants() == frozenset()
    with pytest.raises(NotFound):
        groups.get_group(house.local, GroupRef(group.id))


def test_a_group_of_owners_does_not_vanish_with_the_last_one_F4(house):
    group = groups.create_group(house.local, NewGroup("owners"))
    grants.give(house.local, NewGrant(holder=group.id, role="owner"))
    owner = house.person("owner")
    group_members.add_member(house.local, Member(group.id, owner.id))
    with pytest.raises(LastOwner):
        groups.delete_group(house.local, GroupRef(group.id))
    with pytest.raises(LastOwner):
        group_members.remove_member(house.local, Member(group.id, owner.id))


def test_a_group_that_may_more_is_not_entered_emptied_or_deleted_by_who_may_less_V19(house, owner):
    group = groups.create_group(house.local, NewGroup("owners"))
    grants.give(house.local, NewGrant(holder=group.id, role="owner"))
    group_members.add_member(house.local, Member(group.id, owner.id))
    security = house.person("security", "security_administrator")
    context = house.enter(security)
    for operation, request in (
        (group_members.add_member, Member(group.id, security.id)),
        (group_members.remove_member, Member(group.id, owner.id)),
        (groups.delete_group, GroupRef(group.id)),
    ):
        with pytest.raises(BeyondYourRights):
            confirmed(context, operation, request)


def test_groups_have_names_of_their_own_and_are_renamed_in_turn(house):
    one = groups.create_group(house.local, NewGroup("経理"))
    groups.create_group(house.local, NewGroup("総務"))
    with pytest.raises(NameTaken):
        groups.create_group(house.local, NewGroup("経理"))
    with pytest.raises(NameTaken):
        groups.rename_group(house.local, GroupChange(one.id, 1, "総務"))
    assert groups.rename_group(house.local, GroupChange(one.id, 1, "経理")).rev == 2
    assert groups.rename_group(house.local, GroupChange(one.id, 2, "財務")).name == "財務"
    with pytest.raises(Conflict):
        groups.rename_group(house.local, GroupChange(one.id, 1, "x"))


def test_a_role_that_a_release_changes_reaches_who_holds_it(house):
    person = house.person("tanaka", "viewer")
    with house.appliance.database.write() as session:
        session.get(Account, person.id).rights = '[["gone.permission",""],["jobs.view",""]]'
    assert rights.parse('[["gone.permission",""]]').grants() == frozenset()
    with house.appliance.database.write() as session:
        rights.recompile(session)
    assert held(house, person).allows(P.BACKUPS_VIEW)


def test_every_role_is_shown_with_what_it_may_do(house):
    shown = {row.role: row for row in roles.list_roles(house.local, NoRequest()).items}
    assert set(shown) == set(roles.Role)
    assert "records.export" in shown["staff"].permissions


def test_the_rules_change_in_turn_and_the_history_names_the_fields_F7(house):
    shown = policy_operations.get_policy(house.local, NoRequest())
    assert (shown.policy, shown.rev) == (policies.DEFAULT, 0)
    new = policies.IdentityPolicy(idle_minutes=30)
    change = policy_operations.PolicyChange(new, 0)
    assert policy_operations.update_policy(house.local, change).rev == 1
    with pytest.raises(Conflict):
        policy_operations.update_policy(house.local, change)
    again = policy_operations.PolicyChange(policies.DEFAULT, 1)
    assert policy_operations.update_policy(house.local, again).policy == policies.DEFAULT
