"""Rights: laws that hold for every set of grants (F4)."""

from hypothesis import given
from hypothesis import strategies as st

from app.operations.errors import Refused
from app.operations.permissions import EVERYTHING, UNGRANTED, Permission, Rights, covers

GRANTABLE = sorted(set(Permission) - UNGRANTED)
parts = st.sampled_from(["tables", "12", "1", "views", "7"])
scopes = st.lists(parts, max_size=4).map("/".join)
permissions = st.sampled_from(GRANTABLE)
grants = st.frozensets(st.tuples(permissions.map(str), scopes), max_size=8)
rights = grants.map(Rights)


def test_everything_covers_every_scope_and_only_everything_covers_everything():
    assert covers(EVERYTHING, "tables/12")
    assert covers(EVERYTHING, EVERYTHING)
    assert not covers("tables", EVERYTHING)


def test_a_scope_covers_what_lies_below_it_and_not_what_only_begins_alike_F4():
    assert covers("tables/1", "tables/1/views/7")
    assert not covers("tables/1", "tables/12")
    assert not covers("tables/1/views/7", "tables/1")


@given(scopes, scopes, scopes)
def test_covering_is_reflexive_transitive_and_one_way(a, b, c):
    assert covers(a, a)
    if covers(a, b) and covers(b, c):
        assert covers(a, c)
    if covers(a, b) and covers(b, a):
        assert a == b


@given(rights, permissions, scopes)
def test_a_right_holds_exactly_where_a_grant_covers_it(mine, permission, scope):
    expected = any(name == permission and covers(granted, scope) for name, granted in mine.grants())
    assert mine.allows(permission, scope) == expected
    assert mine.allows_somewhere(permission) == bool(mine.scopes(permission))


@given(rights, rights, permissions, scopes)
def test_narrowed_rights_hold_exactly_where_both_hold_F4(mine, other, permission, scope):
    both = mine.allows(permission, scope) and other.allows(permission, scope)
    assert mine.narrowed(other).allows(permission, scope) == both
    assert other.narrowed(mine).allows(permission, scope) == both


@given(rights, rights)
def test_narrowed_rights_are_within_both_and_narrowing_again_changes_nothing_F4(mine, other):
    narrowed = mine.narrowed(other)
    assert narrowed.within(mine)
    assert narrowed.within(other)
    assert narrowed.narrowed(other).grants() == narrowed.grants()


@given(rights, rights)
def test_within_means_that_nothing_is_added(mine, other):
    assert mine.within(mine)
    assert Rights().within(mine)
    if mine.within(other):
        assert all(other.allows(Permission(name), scope) for name, scope in mine.grants())
        assert mine.narrowed(other).within(mine)
        assert mine.within(mine.narrowed(other))


@given(rights)
def test_rights_can_be_written_down_and_read_again(mine):
    assert Rights(mine.grants()).grants() == mine.grants()


@given(rights, permissions, scopes)
def test_what_holds_beneath_a_scope_lies_within_it_and_is_allowed_F4(mine, permission, scope):
    for part in mine.beneath(Permission(permission), scope):
        assert covers(scope, part)
        assert part != scope
        assert mine.allows(Permission(permission), part)


def test_a_part_that_was_taken_does_not_hold_beneath_F4():
    view = ("records.view", "tables/1/views/7")
    assert Rights([view]).beneath(Permission.RECORDS_VIEW, "tables/1") == ["tables/1/views/7"]
    assert Rights([view], [view]).beneath(Permission.RECORDS_VIEW, "tables/1") == []
    assert Rights([view]).beneath(Permission.RECORDS_EDIT, "tables/1") == []
    assert Rights([view]).beneath(Permission.RECORDS_VIEW, "tables/12") == []


def test_without_grants_nothing_is_allowed():
    assert not any(Rights().allows_somewhere(each) for each in Permission)
    assert Rights().scopes(Permission.ACCOUNTS_VIEW) == frozenset()


def test_viewing_and_downloading_are_apart_F4():
    viewer = Rights([(Permission.ACCOUNTS_VIEW, EVERYTHING)])
    assert viewer.allows(Permission.ACCOUNTS_VIEW)
    assert not viewer.allows(Permission.ACCOUNTS_EXPORT)


def test_every_refusal_says_what_to_do():
    kinds = [Refused, *Refused.__subclasses__()]
    assert all(kind.hint and kind.message for kind in kinds)
    assert len({kind.code for kind in kinds}) == len(kinds)
