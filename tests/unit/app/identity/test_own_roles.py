"""Roles of a company's own, grants with an end, what is taken away (F4, METI-45, METI-50)."""

import pytest
from sqlmodel import select

from app.core.clock import DAY, HOUR
from app.core.errors import Conflict, InvalidInput, NotFound
from app.identity import actors, own_roles, rights
from app.identity.errors import BeyondYourRights, LastOwner, RoleInUse, RoleNameTaken
from app.identity.models import Account, Grant, OwnRole
from app.identity.operations import (
    accounts,
    ends,
    grants,
    group_members,
    groups,
    role_effects,
    roles,
)
from app.identity.operations.accounts import AccountRef
from app.identity.operations.grants import GrantRef, NewGrant
from app.identity.operations.group_members import Member
from app.identity.operations.groups import NewGroup
from app.operations.context import Plane
from app.operations.operation import NoRequest
from app.operations.permissions import Permission, Rights
from tests.unit.app.identity.test_managing_accounts import confirmed

P = Permission


@pytest.fixture
def owner(house):
    return house.person("owner", "owner")


def held(house, person):
    details = accounts.get_account(house.local, AccountRef(person.id))
    return Rights(details.rights, details.taken)


def make(house, name="受付", permissions=("records.view", "jobs.view")):
    new = roles.NewRole(name=name, permissions=list(permissions))
    return roles.create_role(house.local, new)


def change(role, **values):
    fields = {"name": role.name, "permissions": role.permissions, "rev": role.rev, **values}
    return roles.RoleChange(role=role.role, **fields)


def test_an_own_role_gives_what_is_in_it_and_a_change_acts_at_once_METI_45(house):
    person, role = house.person("tanaka"), make(house)
    grants.give(house.local, NewGrant(holder=person.id, role=role.role, scope="tables/1"))
    assert held(house, person).grants() == {
        ("records.view", "tables/1"),
        ("jobs.view", "tables/1"),
    }
    changed = roles.update_role(house.local, change(role, permissions=["records.edit"]))
    assert (changed.rev, changed.given) == (2, 1)
    assert held(house, person).grants() == {("records.edit", "tables/1")}
    with pytest.raises(Conflict):
        roles.update_role(house.local, change(role))


def test_a_preview_tells_who_gains_and_loses_what_and_changes_nothing_METI_45(house):
    direct, member = house.person("direct"), house.person("member")
    both = house.person("both", "staff")
    role, group = make(house), groups.create_group(house.local, NewGroup("経理"))
    group_members.add_member(house.local, Member(group.id, member.id))
    for holder in (direct.id, group.id, both.id):
        grants.give(house.local, NewGrant(holder=holder, role=role.role))
    wanted = role_effects.RolePreview(role=role.role, permissions=["jobs.view", "records.edit"])
    shown = role_effects.preview_role(house.local, wanted)
    assert shown.holders == 3
    assert [(each.login_id, each.gains, each.loses) for each in shown.items] == [
        ("direct", [("records.edit", "")], [("records.view", "")]),
        ("member", [("records.edit", "")], [("records.view", "")]),
    ]
    assert held(house, direct).allows(P.RECORDS_VIEW)
    with pytest.raises(InvalidInput):
        role_effects.preview_role(
            house.local, role_effects.RolePreview(role=role.role, permissions=["x"])
        )


def test_a_role_that_is_in_use_goes_only_with_its_grants_METI_45(house):
    person, role = house.person("tanaka"), make(house)
    group = groups.create_group(house.local, NewGroup("経理"))
    for holder in (person.id, group.id):
        grants.give(house.local, NewGrant(holder=holder, role=role.role))
    with pytest.raises(RoleInUse):
        roles.delete_role(house.local, roles.RoleDeletion(role=role.role, rev=1))
    with pytest.raises(Conflict):
        roles.delete_role(house.local, roles.RoleDeletion(role=role.role, rev=7, with_grants=True))
    gone = roles.RoleDeletion(role=role.role, rev=1, with_grants=True)
    assert roles.delete_role(house.local, gone).done
    assert held(house, person).grants() == frozenset()
    with pytest.raises(NotFound):
        roles.get_role(house.local, roles.RoleRef(role.role))
    with pytest.raises(NotFound):
        roles.delete_role(house.local, gone)
    unused = make(house)
    assert roles.delete_role(house.local, roles.RoleDeletion(role=unused.role, rev=1)).done


def test_nobody_makes_a_role_with_rights_that_they_lack_V19(house, owner):
    context = house.enter(house.person("security", "security_administrator"))
    new = roles.NewRole(name="x", permissions=["backups.manage"])
    with pytest.raises(BeyondYourRights):
        confirmed(context, roles.create_role, new)
    made = confirmed(
        context, roles.create_role, roles.NewRole(name="y", permissions=["audit.view"])
    )
    with pytest.raises(BeyondYourRights):
        confirmed(context, roles.update_role, change(made, permissions=["keys.manage"]))
    more = make(house, "more", ["keys.manage"])
    for operation, request in (
        (roles.update_role, change(more, permissions=["audit.view"])),
        (roles.delete_role, roles.RoleDeletion(role=more.role, rev=1)),
        (grants.give, NewGrant(holder=owner.id, role=more.role)),
    ):
        with pytest.raises(BeyondYourRights):
            confirmed(context, operation, request)


@pytest.mark.parametrize("name", ["Owner", "所有者", "経理"])
def test_a_role_has_a_name_of_its_own_in_every_language(house, name):
    role = make(house, "経理")
    with pytest.raises(RoleNameTaken):
        make(house, name)
    other = make(house, "総務")
    with pytest.raises(RoleNameTaken):
        roles.update_role(house.local, change(other, name="経理"))
    assert roles.update_role(house.local, change(role, name="財務")).name == "財務"


def test_a_role_holds_only_what_can_be_granted_V6(house):
    for wrong in ("anybody", "signed_in", "nonsense"):
        with pytest.raises(InvalidInput):
            make(house, "x", [wrong])


def test_roles_are_listed_with_how_often_they_were_given(house, owner):
    role = make(house)
    shown = {row.role: row for row in roles.list_roles(house.local, NoRequest()).items}
    assert (shown["owner"].given, shown["owner"].own) == (1, False)
    assert (shown[role.role].given, shown[role.role].own) == (0, True)
    assert roles.get_role(house.local, roles.RoleRef("viewer")).permissions == sorted(
        own_roles.BUILT_IN["viewer"]
    )


def test_what_a_release_no_longer_knows_gives_nothing(house):
    person, role = house.person("tanaka"), make(house)
    grants.give(house.local, NewGrant(holder=person.id, role=role.role))
    with house.appliance.database.write() as session:
        session.get(OwnRole, role.role).permissions = '["gone.permission","jobs.view"]'
        rights.recompile(session)
    assert held(house, person).grants() == {("jobs.view", "")}


def test_what_is_taken_from_one_person_wins_over_groups_and_roles_METI_45(house):
    person = house.person("tanaka", "staff")
    group = groups.create_group(house.local, NewGroup("経理"))
    group_members.add_member(house.local, Member(group.id, person.id))
    grants.give(house.local, NewGrant(holder=group.id, permission="records.export"))
    away = NewGrant(holder=person.id, permission="records.export", scope="tables/12", taken=True)
    taken = grants.give(house.local, away)
    assert taken.taken
    found = held(house, person)
    assert not found.allows(P.RECORDS_EXPORT, "tables/12")
    assert not found.allows(P.RECORDS_EXPORT)
    assert found.allows(P.RECORDS_EXPORT, "tables/13")
    context = house.enter(person, Plane.WORKSPACE)
    assert not context.actor.rights.allows(P.RECORDS_EXPORT, "tables/12/views/1")
    grants.take(house.local, GrantRef(taken.id))
    assert held(house, person).allows(P.RECORDS_EXPORT)


def test_a_right_is_given_and_taken_at_once_and_the_taking_wins(house):
    person = house.person("tanaka")
    for taken in (False, True):
        grants.give(house.local, NewGrant(holder=person.id, permission="jobs.view", taken=taken))
    assert held(house, person).grants() == frozenset()


def test_nothing_is_taken_from_a_group_but_by_taking_its_grant_back(house):
    group = groups.create_group(house.local, NewGroup("経理"))
    with pytest.raises(InvalidInput):
        grants.give(house.local, NewGrant(holder=group.id, role="staff", taken=True))


def test_a_right_acts_until_its_moment_and_not_a_request_longer_F4(house):
    person = house.person("tanaka", "viewer")
    until = house.time.now + HOUR // 6
    new = NewGrant(holder=person.id, permission="audit.view", until=until)
    grants.give(house.local, new)
    token = house.sign_in(person).token
    house.time.now = until - 1
    assert house.context_of(token).actor.rights.allows(P.AUDIT_VIEW)
    house.time.now = until
    rights_now = house.context_of(token).actor.rights
    assert not rights_now.allows(P.AUDIT_VIEW)
    assert rights_now.allows(P.JOBS_VIEW)
    with house.appliance.database.read() as session:
        assert not actors.actor_of(session, person.id).rights.allows(P.AUDIT_VIEW)
    assert not held(house, person).allows(P.AUDIT_VIEW)


def test_what_was_taken_for_a_time_comes_back_at_its_moment(house):
    person = house.person("tanaka", "viewer")
    until = house.time.now + HOUR
    grants.give(
        house.local, NewGrant(holder=person.id, permission="jobs.view", taken=True, until=until)
    )
    assert not held(house, person).allows(P.JOBS_VIEW)
    house.time.now = until
    assert held(house, person).allows(P.JOBS_VIEW)


def test_a_grant_that_has_ended_is_put_away_and_a_clock_set_back_revives_nothing_F4(house):
    person, until = house.person("tanaka"), house.time.now + DAY
    group = groups.create_group(house.local, NewGroup("経理"))
    group_members.add_member(house.local, Member(group.id, person.id))
    for holder in (person.id, group.id):
        grants.give(house.local, NewGrant(holder=holder, permission="jobs.view", until=until))
    assert ends.end_due(house.appliance) == 0
    house.time.now = until
    assert ends.end_due(house.appliance) == 2
    house.time.now = until - HOUR
    assert held(house, person).grants() == frozenset()
    with house.appliance.database.read() as session:
        assert session.exec(select(Grant)).all() == []
        assert session.get(Account, person.id).rights_until == 0


def test_a_grant_that_was_taken_back_or_given_longer_is_not_put_away(house):
    person, until = house.person("tanaka"), house.time.now + DAY
    new = NewGrant(holder=person.id, permission="jobs.view", until=until)
    given = grants.give(house.local, new)
    house.time.now = until - 1
    longer = NewGrant(holder=person.id, permission="jobs.view", until=until + DAY)
    assert grants.give(house.local, longer).id == given.id
    house.time.now = until
    assert not ends.end_grant(house.local, ends.EndedGrant(given.id)).done
    assert not ends.end_grant(house.local, ends.EndedGrant("x")).done
    assert held(house, person).allows(P.JOBS_VIEW)


def test_rights_whose_moment_passed_without_a_grant_are_compiled_anew(house):
    person = house.person("tanaka", "viewer")
    with house.appliance.database.write() as session:
        session.get(Account, person.id).rights_until = 1
    ends.end_due(house.appliance)
    with house.appliance.database.read() as session:
        assert session.get(Account, person.id).rights_until == 0


def test_a_grant_of_a_holder_that_is_gone_is_put_away_too(house):
    with house.appliance.database.write() as session:
        session.add(Grant(id="g", holder="gone", role="viewer", until=1, created_at=0))
    assert ends.end_due(house.appliance) == 1


def test_a_moment_that_is_over_is_no_end(house):
    person = house.person("tanaka")
    with pytest.raises(InvalidInput):
        grants.give(house.local, NewGrant(holder=person.id, role="staff", until=house.time.now))


def test_an_owner_with_an_end_is_not_the_owner_who_remains_F4(house, owner):
    second = house.person("second")
    until = house.time.now + DAY
    grants.give(house.local, NewGrant(holder=second.id, role="owner", until=until))
    with pytest.raises(LastOwner):
        accounts.suspend_account(house.local, accounts.SuspendAccount(owner.id, 1))
    limit = NewGrant(holder=owner.id, role="owner", until=until)
    with pytest.raises(LastOwner):
        grants.give(house.local, limit)
    grants.give(house.local, NewGrant(holder=second.id, role="owner"))
    grants.give(house.local, limit)


def test_the_last_owner_is_robbed_of_no_single_permission_F4(house, owner):
    away = NewGrant(holder=owner.id, permission="audit.erase", taken=True)
    with pytest.raises(LastOwner):
        grants.give(house.local, away)
    grants.give(house.local, NewGrant(holder=house.person("second").id, role="owner"))
    grants.give(house.local, away)
    assert not held(house, owner).allows(P.AUDIT_ERASE)


def test_who_was_robbed_of_something_gives_it_to_nobody_V19(house, owner):
    person = house.person("security", "security_administrator")
    grants.give(house.local, NewGrant(holder=person.id, permission="audit.export", taken=True))
    context = house.enter(person)
    new = NewGrant(holder=person.id, permission="audit.export")
    with pytest.raises(BeyondYourRights):
        confirmed(context, grants.give, new)
