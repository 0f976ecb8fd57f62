"""What does not fit the types hides nothing else that is wrong, and nothing right is blamed."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.contract.configuration.checking import problems
from appliance.contract.configuration.example import EXAMPLE
from appliance.contract.configuration.reading import Unreadable, read_document
from appliance.contract.configuration.standing_in import everything_wrong
from appliance.contract.configuration.writing import change, write_document
from tests.unit.appliance.configuration.test_checking import GOOD
from tests.unit.appliance.configuration.test_reading import WRONG

SHOWN = write_document(EXAMPLE)


def found(text: str) -> set[tuple[str, str]]:
    return {
        (one.code.rpartition(".")[2], str(one.parameters.get("place", "")))
        for one in everything_wrong(text, problems)
    }


def places(value: Any, here: str = "") -> list[str]:
    """Return the place of every value of a tree."""
    if isinstance(value, dict):
        inside = [places(one, f"{here}.{name}" if here else name) for name, one in value.items()]
    elif isinstance(value, list):
        inside = [places(one, f"{here}[{number}]") for number, one in enumerate(value)]
    else:
        return [here]
    return ([here] if here else []) + [one for each in inside for one in each]


def test_what_fits_and_is_right_has_nothing_wrong() -> None:
    assert found(GOOD) == set()
    assert found(SHOWN) == set()


def test_values_that_do_not_fit_hide_no_other_mistake() -> None:
    text = change(GOOD, "network.interfaces[0].mtu", "many")
    text = change(text, "network.dns", ["192.0.2.53", "nowhere"])
    text = change(text, "network.vlans[0].parent", "")
    text = change(text, "network.interfaces[2].zones", [])
    text = change(text, "network.interfaces[2].addresses", ["192.0.2.99/24", "10.0.0.0/8"])
    text = change(text, "ssh.port", 443)
    text = change(text, "time.servers", [{}, {"host": "-"}, {"host": "a b"}, {"host": "999"}])
    assert found(text) == {
        ("wrong_kind", "network.interfaces[0].mtu"),
        ("wrong_form", "network.vlans[0].parent"),
        ("too_few", "network.interfaces[2].zones"),
        ("missing", "time.servers[0].host"),
        ("wrong_form", "time.servers[1].host"),
        ("wrong_form", "time.servers[2].host"),
        ("no_network", "network.dns[1]"),
        ("networks_overlap", "network.interfaces[2].addresses[0]"),
        ("not_a_host", "network.interfaces[2].addresses[1]"),
        ("not_a_name", "time.servers[3]"),
        ("port_taken", "ssh.port"),
    }


@pytest.mark.parametrize(
    ("place", "value", "blamed"),
    [
        ("network.bonds[0].name", "bond 0", "network.bonds[0].name"),
        ("network.interfaces[0].zones", ["managment"], "network.interfaces[0].zones[0]"),
        ("network.interfaces[0].addresses", "192.0.2.10/24", "network.interfaces[0].addresses"),
        ("network.interfaces[0].mtu", 10, "network.interfaces[0].mtu"),
        ("network.interfaces[2].dhcp", "yes", "network.interfaces[2].dhcp"),
        ("access.lists.office.networks", 1, "access.lists.office.networks"),
        ("access.lists", {"Office!": {"networks": []}}, 'access.lists."Office!"'),
        ("network", [], "network"),
        ("access", "all", "access"),
    ],
)  # fmt: skip
def test_nothing_is_blamed_for_what_another_mistake_leaves_out(
    place: str, value: Any, blamed: str
) -> None:
    assert {where for _, where in found(change(GOOD, place, value))} == {blamed}


def test_a_misspelt_key_is_not_told_of_as_missing_what_it_was_to_say() -> None:
    text = GOOD.replace('zones = ["service", "management"]', 'zone = ["service", "management"]')
    told = found(text)
    assert ("misspelt_key", "network.interfaces[0].zone") in told
    assert "no_management" not in {code for code, _ in told}


@pytest.mark.parametrize("text", ["[", "format = 99\n[access]\nconsole = []\n", "x = 1\n" * 2])
def test_of_what_is_no_document_at_all_only_that_is_told(text: str) -> None:
    assert len(everything_wrong(text, problems)) == 1


@given(
    st.sampled_from(places(tomllib.loads(GOOD))),
    st.sampled_from(places(tomllib.loads(SHOWN))),
    st.one_of(st.integers(), st.booleans(), st.text(max_size=9), st.just([]), st.just({})),
)
def test_no_mistake_anywhere_keeps_the_first_ones_from_being_told(
    one: str, two: str, value: Any
) -> None:
    for whole, place in ((GOOD, one), (SHOWN, two)):
        text = change(whole, place, value)
        told = found(text)
        try:
            alone = problems(read_document(text))
        except Unreadable as error:
            alone = error.problems
        assert {
            (each.code.rpartition(".")[2], str(each.parameters["place"])) for each in alone
        } <= told


@pytest.mark.parametrize("text", WRONG)
def test_every_kind_that_does_not_fit_is_told_as_before(text: str) -> None:
    assert WRONG[text][0] in {code for code, _ in found(text)}
