"""Groups one below the other, each with its head (F4)."""

import pytest

from app.core.errors import Conflict, NotFound
from app.identity.errors import CircleOfGroups, NameTaken
from app.identity.operations import group_members, groups
from app.identity.operations.groups import GroupPlace, GroupRef, NewGroup


def make(house, name):
    return groups.create_group(house.local, NewGroup(name))


def place(house, group, **told):
    rev = groups.get_group(house.local, GroupRef(group.id)).group.rev
    return groups.place_group(house.local, GroupPlace(group=group.id, rev=rev, **told))


def paths(house):
    return [row.path for row in groups.list_groups(house.local, groups.GroupFilter()).items]


def test_a_group_stands_below_another_and_has_a_head_F4(house):
    upper, lower, taro = make(house, "営業本部"), make(house, "一課"), house.person("taro")
    placed = place(house, lower, parent=upper.id, head=taro.id)
    assert (placed.path, placed.head_name, placed.head_login_id) == (
        "営業本部/一課", "Taro", "taro",
    )  # fmt: skip
    assert paths(house) == ["営業本部", "営業本部/一課"]


def test_groups_are_searched_and_sorted_by_each_column_F4(house):
    sales, _ledger, _empty = (make(house, name) for name in ("Sales", "Ledger", "Archive"))
    taro = house.person("taro")
    place(house, sales, head=taro.id)
    group_members.add_member(house.local, group_members.Member(group=sales.id, account=taro.id))

    def listed(**how):
        found = groups.list_groups(house.local, groups.GroupFilter(**how)).items
        return [row.name for row in found]

    assert listed(sort="-path") == ["Sales", "Ledger", "Archive"]
    assert listed(sort="members") == ["Archive", "Ledger", "Sales"]
    assert listed(sort="-members") == ["Sales", "Archive", "Ledger"]
    assert listed(sort="-head_name") == ["Sales", "Archive", "Ledger"]
    assert listed(search="TARO") == ["Sales"]
    assert listed(search="le") == ["Ledger", "Sales"]


def test_a_circle_of_groups_is_refused_F4(house):
    first, second, third = (make(house, name) for name in "ABC")
    place(house, second, parent=first.id)
    place(house, third, parent=second.id)
    for parent in (first, third):
        with pytest.raises(CircleOfGroups):
            place(house, first, parent=parent.id)
    assert paths(house) == ["A", "A/B", "A/B/C"]


def test_a_name_stands_once_below_the_same_group(house):
    tokyo, first, osaka = make(house, "東京"), make(house, "総務課"), make(house, "大阪")
    place(house, first, parent=tokyo.id)
    second = make(house, "総務課")
    with pytest.raises(NameTaken):
        place(house, second, parent=tokyo.id)
    assert place(house, second, parent=osaka.id).path == "大阪/総務課"


def test_what_is_not_there_or_was_changed_meanwhile_is_refused(house):
    group = make(house, "A")
    for told in ({"parent": "nothing"}, {"head": "nobody"}):
        with pytest.raises(NotFound):
            place(house, group, **told)
    with pytest.raises(Conflict):
        groups.place_group(house.local, GroupPlace(group=group.id, rev=group.rev + 1))


def test_what_stood_below_a_group_that_goes_stands_below_the_next_one_above(house):
    first, second, third = (make(house, name) for name in "ABC")
    place(house, second, parent=first.id)
    place(house, third, parent=second.id)
    groups.delete_group(house.local, GroupRef(second.id))
    assert paths(house) == ["A", "A/C"]


def test_a_head_is_taken_away_again_F4(house):
    group, taro = make(house, "営業"), house.person("taro")
    place(house, group, head=taro.id)
    assert place(house, group).head_name == ""
