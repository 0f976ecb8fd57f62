"""Forms of the machine's document: made from its types, read back as what was typed (METI-42)."""

from typing import Any

import pytest

from app.console.network_form_pages import PAGES
from app.console.network_form_words import choice_of, label_of
from app.machine.document_form import (
    Kind,
    changed_text,
    field_for,
    fields_of,
    parts,
    read_typed,
    with_values,
)
from appliance.contract.configuration.checking import problems
from appliance.contract.configuration.reading import Unreadable, read_document

EVERY = tuple(place for form in PAGES.values() for place in form.places)
TEXT = """\
# of the head office
[network]
hostname = "tenshu"  # as on the label
dns = ["192.0.2.53"]
[[network.interfaces]]
name = "enp1s0"
zones = ["service", "management"]
addresses = ["192.0.2.10/24"]
gateways = ["192.0.2.1"]
routes = [{ to = "10.0.0.0/8", via = "192.0.2.2" }]
[time]
servers = [{ host = "dc1.example.co.jp", windows = true }]
"""


def typed(text: str) -> dict[str, Any]:
    """Return what a browser sends of a form that nobody has changed."""
    sent: dict[str, Any] = {}
    for part in parts(with_values(read_document(text), {}), EVERY):
        controls = [one for row in part.rows for one in row]
        controls += [part.control] if part.control else []
        for one in controls:
            if one.kind is not Kind.FLAG:
                sent[one.place] = one.value
            elif one.value:
                sent[one.place] = "yes"
    return sent


def after(text: str, **changes: Any) -> str:
    sent = {name: value for name, value in (typed(text) | changes).items() if value is not None}
    return changed_text(text, read_document(text), read_typed(sent, EVERY))


@pytest.mark.parametrize("text", ["format = 1\n", TEXT])
def test_a_form_that_nobody_has_changed_changes_nothing(text: str) -> None:
    assert after(text) == text


def test_one_value_is_changed_and_what_stands_beside_it_stays() -> None:
    text = after(TEXT, **{"network.dns": "192.0.2.53\r\n\r\n 2001:db8::53 "})
    assert read_document(text).network.dns == ("192.0.2.53", "2001:db8::53")
    assert "# as on the label" in text
    assert "# of the head office" in text


def test_rows_are_changed_added_and_taken_out() -> None:
    new = {
        "network.interfaces[0].mtu": "9000",
        "network.interfaces[0].zones": "management",
        "network.interfaces[0].routes": "10.0.0.0/8 192.0.2.2\n172.16.0.0/12   192.0.2.3",
        "network.interfaces[1].name": "bond0",
        "network.interfaces[1].zones": ["service", "backup"],
        "network.interfaces[1].dhcp": "yes",
        "network.bonds[0].name": "bond0",
        "network.bonds[0].members": "enp2s0\nenp3s0",
        "time.servers[0].remove": "yes",
    }
    found = read_document(after(TEXT, **new))
    one, two = found.network.interfaces
    assert (one.mtu, one.zones) == (9000, ("management",))
    assert [(each.to, each.via) for each in one.routes] == [
        ("10.0.0.0/8", "192.0.2.2"), ("172.16.0.0/12", "192.0.2.3"),
    ]  # fmt: skip
    assert (two.name, two.zones, two.dhcp) == ("bond0", ("service", "backup"), True)
    assert found.network.bonds[0].members == ("enp2s0", "enp3s0")
    assert found.time.servers == ()
    assert problems(found) == ()


def test_a_flag_is_taken_away_and_an_emptied_number_is_as_by_default() -> None:
    text = "[firewall]\nhttp_redirect = true\nban_minutes = 30\n"
    found = read_document(
        after(text, **{"firewall.http_redirect": None, "firewall.ban_minutes": ""})
    )
    assert (found.firewall.http_redirect, found.firewall.ban_minutes) == (False, 10)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"network.interfaces[0].mtu": "many"}, "network.interfaces[0].mtu"),
        ({"network.interfaces[0].mtu": "20"}, "network.interfaces[0].mtu"),
        ({"network.interfaces[0].addresses": "a"}, "network.interfaces[0].addresses"),
        ({"network.interfaces[0].routes": "10.0.0.0/8"}, "network.interfaces[0].routes"),
        ({"network.interfaces[0].name": ""}, "network.interfaces[0].name"),
        ({"network.interfaces[0].zones": None}, "network.interfaces[0].zones"),
        ({"network.vlans[0].name": "vlan20"}, "network.vlans[0].parent"),
        ({"network.proxy.address": "proxy"}, "network.proxy.address"),
        ({"firewall.out[0].host": "192.0.2.9"}, "firewall.out[0].port"),
        ({"time.largest_step": "-1"}, "time.largest_step"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_field_and_stays_as_it_was_typed(
    wrong: dict[str, Any], field: str
) -> None:
    sent = {name: value for name, value in (typed(TEXT) | wrong).items() if value is not None}
    values = read_typed(sent, EVERY)
    text = changed_text(TEXT, read_document(TEXT), values)
    try:
        found = problems(read_document(text))
    except Unreadable as error:
        found = error.problems
    shown = parts(with_values(read_document(TEXT), values), EVERY)
    fields = fields_of(shown)
    assert field in {field_for(str(one.parameters["place"]), fields) for one in found}
    kept = {one.place: one.value for part in shown for row in part.rows for one in row}
    for place, value in wrong.items():
        if value and place in kept:
            assert str(kept[place]) == str(value)


def test_what_concerns_a_whole_list_is_told_at_its_first_field() -> None:
    fields = ["network.dns", "network.interfaces[0].name", "network.interfaces[0].zones"]
    assert field_for("network.interfaces", fields) == "network.interfaces[0].name"
    assert field_for("network.dns[2]", fields) == "network.dns"
    assert field_for("trust.roots[0].pem", fields) == ""


def test_every_field_has_a_name_and_every_choice_its_words() -> None:
    for part in parts({}, EVERY):
        for one in (*(each for row in part.rows for each in row), part.control):
            if one is None:
                continue
            assert label_of(one.place)
            shape = one.key.shape
            for value in shape.choices or (shape.inner[0].choices if shape.inner else ()):
                assert choice_of(one.key.name, value)
