"""Periods are kept by every change; from them the past is answered (METI-45, METI-46)."""

import pytest
from sqlmodel import select

from app.core.clock import DAY, HOUR
from app.core.errors import InvalidInput, NotFound
from app.identity import periods, rights
from app.identity.errors import InPersonOnly
from app.identity.models import Membership, RightsPeriod
from app.identity.operations import (
    accounts,
    ends,
    grants,
    group_members,
    groups,
    own_rights,
    roles,
    why,
)
from app.identity.operations.grants import GrantRef, NewGrant
from app.identity.operations.group_members import Member
from app.identity.operations.groups import GroupChange, GroupRef, NewGroup
from app.operations.context import Actor, Context, Plane
from app.operations.operation import NoRequest
from tests.unit.app.identity.test_managing_accounts import confirmed


def could(house, login_id, permission="jobs.view", scope="", at=0):
    found = why.list_holders(house.local, why.WhoAsked(permission=permission, scope=scope, at=at))
    return login_id in {one.login_id for one in found.items}


def explained(house, person, permission="jobs.view", scope="", at=0):
    asked = why.WhyAsked(account=person.id, permission=permission, scope=scope, at=at)
    return why.explain_right(house.local, asked)


def test_why_is_answered_with_the_chain_from_the_person_to_the_scope_METI_45(house):
    owner, person = house.person("owner", "owner"), house.person("tanaka")
    context = house.enter(owner)
    group = confirmed(context, groups.create_group, NewGroup("経理"))
    confirmed(context, group_members.add_member, Member(group.id, person.id))
    until = house.time.now + DAY
    new = NewGrant(holder=group.id, role="viewer", scope="jobs/1", until=until)
    given = confirmed(context, grants.give, new)
    found = explained(house, person, scope="jobs/1/x")
    (chain,) = found.answer.gives
    assert found.answer.allowed
    assert (chain.group_name, chain.role_name, chain.scope) == ("経理", "Viewer", "jobs/1")
    assert (chain.grant, chain.until, chain.given_by) == (given.id, until, owner.id)
    assert (chain.member_by, found.people) == (owner.id, {owner.id: "Owner"})
    assert not explained(house, person).answer.allowed
    away = NewGrant(holder=person.id, permission="jobs.view", scope="jobs", taken=True)
    confirmed(context, grants.give, away)
    found = explained(house, person, scope="jobs/1").answer
    assert (found.allowed, len(found.gives), len(found.takes)) == (False, 1, 1)


def test_every_kind_of_change_is_kept_and_the_past_is_answered_as_it_stood_METI_45(house):
    person = house.person("tanaka")
    seen = []

    def later():
        seen.append((house.time.now, could(house, "tanaka")))
        house.time.advance(HOUR)

    later()
    group = groups.create_group(house.local, NewGroup("経理"))
    group_members.add_member(house.local, Member(group.id, person.id))
    role = roles.create_role(house.local, roles.NewRole(name="r", permissions=["jobs.view"]))
    given = grants.give(house.local, NewGrant(holder=group.id, role=role.role))
    later()
    roles.update_role(
        house.local, roles.RoleChange(role=role.role, rev=1, name="r", permissions=[])
    )
    later()
    roles.update_role(
        house.local, roles.RoleChange(role=role.role, rev=2, name="r", permissions=["jobs.view"])
    )
    later()
    accounts.suspend_account(house.local, accounts.SuspendAccount(person.id, 1))
    later()
    accounts.resume_account(house.local, accounts.SuspendAccount(person.id, 2))
    later()
    group_members.remove_member(house.local, Member(group.id, person.id))
    later()
    group_members.add_member(house.local, Member(group.id, person.id))
    grants.take(house.local, GrantRef(given.id))
    later()
    until = house.time.now + 2 * HOUR
    grants.give(house.local, NewGrant(holder=person.id, permission="jobs.view", until=until))
    later()
    house.time.now = until
    ends.end_due(house.appliance)
    later()
    groups.delete_group(house.local, GroupRef(group.id))
    roles.delete_role(house.local, roles.RoleDeletion(role=role.role, rev=3))
    later()
    held = [allowed for _, allowed in seen]
    assert held == [False, True, False, True, False, True, False, False, True, False, False]
    assert [could(house, "tanaka", at=at) for at, _ in seen] == held


def test_a_group_keeps_the_name_that_it_had_then(house):
    person = house.person("tanaka")
    group = groups.create_group(house.local, NewGroup("経理"))
    group_members.add_member(house.local, Member(group.id, person.id))
    grants.give(house.local, NewGrant(holder=group.id, role="viewer"))
    then = house.time.now
    house.time.advance(HOUR)
    groups.rename_group(house.local, GroupChange(group.id, 1, "財務"))
    assert explained(house, person, at=then).answer.gives[0].group_name == "経理"
    assert explained(house, person).answer.gives[0].group_name == "財務"


def test_what_changed_past_every_operation_is_kept_at_the_next_start(house):
    person = house.person("tanaka")
    group = groups.create_group(house.local, NewGroup("経理"))
    grants.give(house.local, NewGrant(holder=group.id, role="viewer"))
    with house.appliance.database.write() as session:
        session.add(Membership(group=group.id, account=person.id))
        rights.recompile(session)
    assert could(house, "tanaka")


def test_a_clock_that_was_set_back_ends_nothing_before_it_began(house):
    person = house.person("tanaka")
    given = grants.give(house.local, NewGrant(holder=person.id, role="viewer"))
    house.time.now -= DAY
    grants.take(house.local, GrantRef(given.id))
    with house.appliance.database.read() as session:
        kept = session.exec(select(RightsPeriod).where(RightsPeriod.kind == "grant")).one()
    assert kept.ended == kept.since
    house.time.now += 2 * DAY
    assert not could(house, "tanaka", at=kept.since)


def test_the_product_s_roles_gave_from_the_beginning_what_they_give_as_far_as_is_known(house):
    person = house.person("tanaka", "viewer")
    with house.appliance.database.write() as session:
        rights.recompile(session)
        rights.recompile(session)  # a second start keeps nothing twice
        kept = session.exec(
            select(RightsPeriod).where(RightsPeriod.kind == periods.Kind.ROLE)
        ).all()
    assert {one.since for one in kept} == {0}
    assert len(kept) == len(set(roles.Role))
    assert explained(house, person).answer.allowed


def test_a_release_that_changes_a_role_begins_a_new_period(house, monkeypatch):
    person = house.person("tanaka", "viewer")
    with house.appliance.database.write() as session:
        rights.recompile(session)
    then = house.time.now
    house.time.advance(DAY)
    monkeypatch.setitem(periods.own_roles.BUILT_IN, "viewer", frozenset({"settings.view"}))
    with house.appliance.database.write() as session:
        rights.recompile(session)
    assert not explained(house, person).answer.allowed
    assert explained(house, person, at=then).answer.allowed


def test_what_cannot_be_asked_is_refused_V6(house):
    person = house.person("tanaka")
    with pytest.raises(InvalidInput):
        explained(house, person, permission="nonsense")
    with pytest.raises(InvalidInput):
        explained(house, person, at=house.time.now + 1)
    with pytest.raises(NotFound):
        why.explain_right(house.local, why.WhyAsked(account="x", permission="jobs.view"))


def test_two_people_are_compared_with_what_is_taken_METI_45(house):
    one, other = house.person("one", "viewer"), house.person("other")
    grants.give(house.local, NewGrant(holder=other.id, permission="jobs.view"))
    away = NewGrant(holder=one.id, permission="jobs.view", scope="jobs/1", taken=True)
    grants.give(house.local, away)
    found = why.compare(house.local, why.Comparison(one.id, other.id))
    assert (found.left.login_id, found.right.login_id) == ("one", "other")
    lines = {(each.permission, each.taken): (each.left, each.right) for each in found.items}
    assert lines[("jobs.view", False)] == (True, True)
    assert lines[("jobs.view", True)] == (True, False)
    assert lines[("backups.view", False)] == (True, False)


def test_who_could_is_downloaded_as_a_table_that_no_spreadsheet_runs_METI_45(house):
    owner = house.person("owner", "owner")
    group = groups.create_group(house.local, NewGroup("=経理"))
    group_members.add_member(house.local, Member(group.id, house.person("tanaka").id))
    until = house.time.now + DAY
    context = house.enter(owner)
    new = NewGrant(holder=group.id, role="viewer", until=until)
    confirmed(context, grants.give, new)
    found = why.export_holders(house.local, why.WhoAsked(permission="jobs.view"))
    text = b"".join(found.chunks).decode("utf-8-sig").splitlines()
    assert text[0].startswith("login_id,name,group,role")
    (line,) = [each for each in text if each.startswith("tanaka")]
    assert "'=経理" in line
    assert line.endswith(",Owner")


def test_one_sees_where_each_right_of_ones_own_comes_from_METI_45(house):
    owner, person = house.person("owner", "owner"), house.person("tanaka")
    group = groups.create_group(house.local, NewGroup("経理"))
    group_members.add_member(house.local, Member(group.id, person.id))
    boss = house.enter(owner)
    confirmed(boss, grants.give, NewGrant(holder=group.id, role="staff", scope="tables/1"))
    own = NewGrant(holder=person.id, permission="jobs.view", scope="jobs/1")
    confirmed(boss, grants.give, own)
    away = NewGrant(holder=person.id, permission="records.export", taken=True)
    confirmed(boss, grants.give, away)
    for plane in (Plane.WORKSPACE, Plane.CONSOLE):
        context = Context(house.appliance, actor=Actor(account=person.id), plane=plane)
        found = own_rights.list_rights(context, NoRequest())
        told = {one.permission: one for one in found.items}
        (chain,) = told["records.view"].gives
        assert (chain.group_name, chain.role, chain.scope) == ("経理", "staff", "tables/1")
        assert told["records.view"].scopes == ["tables/1"]
        assert told["jobs.view"].gives[-1].group == ""
        assert len(told["records.export"].takes) == 1
        assert found.people == {owner.id: "Owner"}
        assert "accounts.manage" not in told
    token = Context(house.appliance, actor=Actor(account=person.id, token="t"), plane=plane)
    with pytest.raises(InPersonOnly):
        own_rights.list_rights(token, NoRequest())
