"""Compiled rights and explanations against a plain oracle, now and on past days (METI-45)."""

import itertools

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from app.identity import explaining
from app.identity.compiling import Given, compile_rights
from app.identity.models import RightsPeriod
from app.identity.periods import Bundle, InGroup, InState, Kind, Named
from app.identity.rights import parse, write
from app.operations.permissions import Permission, Rights

PERMISSIONS = ("records.view", "records.edit", "jobs.view")
SCOPES = ("", "tables", "tables/1", "tables/1/views/2", "tables/12", "jobs")
ROLES = {"reader": {"records.view", "jobs.view"}, "editor": {"records.view", "records.edit"}}
PEOPLE, GROUPS, MOMENTS = ("a", "b"), ("g", "h"), range(8)

given_by_role = st.fixed_dictionaries({"role": st.sampled_from([*ROLES, "gone"])})
given_alone = st.fixed_dictionaries({"permission": st.sampled_from(PERMISSIONS)})


@st.composite
def one_grant(draw, *, may_take=True):
    return Given(
        id=draw(st.sampled_from("12345")),
        **draw(given_by_role | given_alone),
        scope=draw(st.sampled_from(SCOPES)),
        taken=draw(st.booleans()) if may_take else False,
        until=draw(st.sampled_from((0, 0, 2, 4, 6))),
    )


def parts(scope):
    return scope.split("/") if scope else []


def within(inner, outer):
    return parts(inner)[: len(parts(outer))] == parts(outer)


def plainly(grants, roles, at, permission, scope):
    """Whether it is allowed, as one would reckon with a finger on the list."""
    gives = takes = False
    for grant in grants:
        if grant.until and at >= grant.until:
            continue
        if permission not in (roles.get(grant.role, ()) if grant.role else (grant.permission,)):
            continue
        if grant.taken:
            takes |= within(scope, grant.scope) or within(grant.scope, scope)
        else:
            gives |= within(scope, grant.scope)
    return gives and not takes


@given(st.lists(one_grant(), max_size=6), st.sampled_from(MOMENTS))
def test_compiled_rights_allow_what_the_list_of_grants_says_and_nothing_else_METI_45(grants, at):
    roles = {role: frozenset(held) for role, held in ROLES.items()}
    compiled = compile_rights(grants, roles, at)
    kept = parse(write(compiled.rights))
    for permission, scope in itertools.product(PERMISSIONS, SCOPES):
        expected = plainly(grants, ROLES, at, permission, scope)
        assert compiled.rights.allows(Permission(permission), scope) == expected
        assert kept.allows(Permission(permission), scope) == expected
    ends = [grant.until for grant in grants if grant.until > at]
    assert compiled.until == min(ends, default=0)


@given(st.lists(one_grant(), max_size=5), st.lists(one_grant(), max_size=5))
def test_rights_within_others_allow_nothing_that_those_do_not_V19(mine, theirs):
    roles = {role: frozenset(held) for role, held in ROLES.items()}
    one, other = (compile_rights(each, roles, 0).rights for each in (mine, theirs))
    both = one.narrowed(other)
    assert both.within(one)
    assert both.within(other)
    for permission, scope in itertools.product(map(Permission, PERMISSIONS), SCOPES):
        if one.within(other) and one.allows(permission, scope):
            assert other.allows(permission, scope)
        assert both.allows(permission, scope) == (
            one.allows(permission, scope) and other.allows(permission, scope)
        )


@st.composite
def a_period(draw):
    kind = draw(st.sampled_from((Kind.GRANT, Kind.GRANT, Kind.MEMBERSHIP, Kind.STATE)))
    if kind is Kind.GRANT:
        holder = draw(st.sampled_from((*PEOPLE, *GROUPS)))
        fact = draw(one_grant(may_take=holder in PEOPLE))
    elif kind is Kind.MEMBERSHIP:
        holder, fact = draw(st.sampled_from(PEOPLE)), InGroup(draw(st.sampled_from(GROUPS)))
    else:
        holder, fact = (
            draw(st.sampled_from(PEOPLE)),
            InState(draw(st.sampled_from(("active", "suspended")))),
        )
    since = draw(st.sampled_from(MOMENTS))
    ended = draw(st.sampled_from((0, *MOMENTS)))
    return RightsPeriod(
        id=str(draw(st.integers())),
        kind=kind,
        holder=holder,
        detail=msgspec.json.encode(fact).decode(),
        since=since,
        ended=max(since, ended) if ended else 0,
    )


def standing():
    """Roles and groups that were always there."""
    for role, held in ROLES.items():
        yield Kind.ROLE, role, Bundle(role.title(), sorted(held))
    for group in GROUPS:
        yield Kind.GROUP, group, Named(group.title())
    for person in PEOPLE:
        yield Kind.STATE, person, InState("active")


def stood_at(periods, at):
    return [one for one in periods if one.since <= at and (one.ended == 0 or one.ended > at)]


@given(st.lists(a_period(), max_size=12), st.sampled_from(MOMENTS))
def test_who_could_on_a_past_day_is_who_held_it_then_each_with_the_chain_METI_45(periods, at):
    kept = [one for one in periods if one.kind != Kind.STATE]
    always = [
        RightsPeriod(
            id="", kind=kind, holder=holder, detail=msgspec.json.encode(fact).decode(), since=0
        )
        for kind, holder, fact in standing()
    ]
    facts = explaining.gather(stood_at([*always, *kept], at), at)
    for permission, scope in itertools.product(PERMISSIONS, SCOPES):
        told = explaining.holders_of(facts, permission, scope)
        for person in PEOPLE:
            groups = {
                msgspec.json.decode(one.detail, type=InGroup).group
                for one in stood_at(kept, at)
                if one.kind == Kind.MEMBERSHIP and one.holder == person
            }
            grants = [
                msgspec.json.decode(one.detail, type=Given)
                for one in stood_at(kept, at)
                if one.kind == Kind.GRANT and one.holder in {person, *groups}
            ]
            assert (person in told) == plainly(grants, ROLES, at, permission, scope)
            if person in told:
                assert told[person].gives
                assert not told[person].takes
                for chain in told[person].gives:
                    assert within(scope, chain.scope)
                    assert chain.group in {"", *groups}


def test_an_account_that_was_suspended_could_do_nothing_METI_46():
    facts = explaining.Facts(0, {}, {}, {}, {}, {"a": "suspended"})
    facts.grants["a"] = [(Given(id="1", permission="jobs.view"), explaining.Stood(0, ""))]
    told = explaining.explain(facts, "a", "jobs.view", "")
    assert (told.allowed, told.active, len(told.gives)) == (False, False, 1)
    assert explaining.holders_of(facts, "jobs.view", "") == {}


def test_nobody_owns_on_who_lost_a_part_or_only_until_a_day_F4():
    roles = {"owner": frozenset({"jobs.view", "audit.view"})}
    whole = Given(id="1", role="owner")
    assert compile_rights([whole], roles, 0).is_owner
    for other in (
        [Given(id="1", role="owner", until=5)],
        [Given(id="1", role="owner", scope="tables")],
        [whole, Given(id="2", permission="jobs.view", scope="tables/1", taken=True)],
        [whole, Given(id="2", role="owner", taken=True)],
    ):
        assert not compile_rights(other, roles, 0).is_owner
    assert compile_rights(
        [whole, Given(id="2", permission="records.view", taken=True)], roles, 0
    ).is_owner


def test_a_text_of_another_release_grants_and_takes_nothing_unknown():
    assert parse('[["-gone","x"],["gone",""]]').grants() == frozenset()
    assert parse('[["-jobs.view","a"],["jobs.view",""]]').taken() == {("jobs.view", "a")}
    assert (
        write(Rights([("jobs.view", "")], [("jobs.view", "a")]))
        == '[["-jobs.view","a"],["jobs.view",""]]'
    )
