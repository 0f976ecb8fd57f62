"""A document written, and one value of a text changed: comments stay, the meaning is exact."""

import tomllib
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.contract.configuration.document import Document
from appliance.contract.configuration.places import below, put, steps
from appliance.contract.configuration.problems import NoSuchPlace
from appliance.contract.configuration.reading import Unreadable, read_document
from appliance.contract.configuration.writing import change, write_document
from tests.unit.appliance.configuration.test_checking import GOOD

TEXT = """\
# The appliance of the head office. Ask Ms Sato before you change anything.
[network]
hostname = "tenshu" # as in the inventory

[[network.interfaces]] # left socket
name = "enp1s0"
zones = ["service", "management"]
addresses = ["192.0.2.10/24"]

[access]
console = [
    "private", # the office
    "home",    # Ms Sato, until March
]
[access.lists.home]
networks = ["198.51.100.7"]
"""


def test_one_value_is_changed_and_every_comment_stays() -> None:
    changed = change(TEXT, "network.hostname", "shiro")
    assert changed == TEXT.replace('"tenshu"', '"shiro"')
    changed = change(TEXT, "network.interfaces[0].mtu", 9000)
    assert read_document(changed).network.interfaces[0].mtu == 9000
    assert changed.count("#") == TEXT.count("#")


def test_an_entry_that_goes_takes_its_own_comment_along_and_no_other() -> None:
    changed = change(TEXT, "access.console", ["private", "branch"])
    assert read_document(changed).access.console == ("private", "branch")
    assert "# the office" in changed
    assert "until March" not in changed
    swapped = change(TEXT, "access.console", ["home", "private"])
    assert read_document(swapped).access.console == ("home", "private")


def test_what_is_not_there_yet_is_added_and_what_goes_is_as_by_default() -> None:
    changed = change(TEXT, "access.lists.branch", {"networks": ["203.0.113.0/24"]})
    changed = change(changed, "time.servers", [{"host": "ntp1.example.co.jp"}, {"host": "ntp2"}])
    changed = change(changed, "time.servers[2]", {"host": "dc1", "windows": True})
    changed = change(changed, "time.servers[1]", None)
    changed = change(changed, "network.hostname", None)
    changed = change(changed, "ssh.port", None)  # which was not there
    document = read_document(changed)
    assert document.access.lists["branch"].networks == ("203.0.113.0/24",)
    assert [one.host for one in document.time.servers] == ["ntp1.example.co.jp", "dc1"]
    assert document.network.hostname == ""
    assert "# The appliance of the head office" in changed
    assert "# left socket" in changed


@pytest.mark.parametrize(
    "place",
    ["", "[0]", "a..b", "a.", ".a", 'a."\\x"', "network.interfaces[2]", "network.hostname.x",
     "network[0]", "network.interfaces[0].name[0]", "access[0].x", "format[1]"],
)  # fmt: skip
def test_a_place_that_leads_nowhere_is_refused(place: str) -> None:
    with pytest.raises(NoSuchPlace, match="no such place"):
        change(TEXT, place, "x")


def test_what_is_no_toml_is_not_changed() -> None:
    with pytest.raises(Unreadable):
        change("a = ", "network.hostname", "x")


def test_places_are_read_as_they_are_written() -> None:
    assert steps('access.lists."Head office".networks[12]') == (
        "access", "lists", "Head office", "networks", 12,
    )  # fmt: skip


def test_a_document_is_written_without_what_is_as_it_is_by_default() -> None:
    assert write_document(Document()) == ""
    document = read_document(TEXT)
    text = write_document(document)
    assert "private" in text  # named by the console's areas …
    assert "lists.private" not in text  # … but not defined anew
    assert read_document(text) == document
    assert read_document(write_document(read_document(GOOD))) == read_document(GOOD)
    own = read_document('[access.lists.private]\nnetworks = ["10.0.0.0/8"]')
    assert read_document(write_document(own)) == own


def test_what_tomlkit_cannot_do_is_written_anew_and_says_the_same() -> None:
    changed = change("# why\n[[a]]\nb = 1\n", "a[0]", False)
    assert tomllib.loads(changed) == {"a": [False]}


names = st.sampled_from(["a", "b", "Head office", "c"])
plain = st.one_of(st.booleans(), st.integers(0, 9), st.sampled_from(["x", "", "# no comment", '"']))
trees: Any = st.dictionaries(
    names,
    st.recursive(
        st.one_of(plain, st.lists(plain, max_size=3)),
        lambda inner: st.one_of(
            st.dictionaries(names, inner, max_size=2),
            st.lists(st.dictionaries(names, inner, max_size=2), max_size=2),
        ),
        max_leaves=4,
    ),
    max_size=3,
)
places = st.sampled_from(["a", "a.b", "a[0]", "a[1].c", 'b."Head office"', "b.a[0].b", "c"])
values: Any = st.one_of(plain, st.none(), st.lists(plain, max_size=4), trees)


@given(trees, st.lists(st.tuples(places, values), max_size=4))
def test_whatever_is_changed_the_text_says_exactly_that(
    tree: dict[str, Any], changes: list[tuple[str, Any]]
) -> None:
    text, wanted = "", {}
    for place, value in [*((below("", name), value) for name, value in tree.items()), *changes]:
        before = deepcopy(wanted)
        try:
            put(wanted, place, deepcopy(value))
        except NoSuchPlace:
            wanted = before
            with pytest.raises(NoSuchPlace):
                change(text, place, value)
        else:
            text = change(text, place, value)
            assert tomllib.loads(text) == wanted
