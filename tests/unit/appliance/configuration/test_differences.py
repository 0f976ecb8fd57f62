"""What a change comes to, in words: nothing is left out, and nothing looks changed that is not."""

from typing import Any

import msgspec
from hypothesis import given

from appliance.contract.configuration.differences import Difference, differences
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.example import EXAMPLE
from appliance.contract.configuration.firewall import Destination, Firewall, Purpose
from appliance.contract.configuration.network import Network
from appliance.contract.configuration.reading import read_document
from appliance.contract.configuration.writing import change, write_document
from tests.unit.appliance.configuration.test_checking import networks


def changed(*changes: tuple[str, Any]) -> tuple[Difference, ...]:
    """Return what differs from the example after some changes."""
    text = write_document(EXAMPLE)
    for place, value in changes:
        text = change(text, place, value)
    return differences(EXAMPLE, read_document(text))


def test_a_value_is_told_before_and_after_with_what_it_is() -> None:
    assert changed(("firewall.ping", False), ("network.hostname", "shiro")) == (
        Difference(
            place="network.hostname",
            subject="",
            label="Name of the machine, without its domain; empty leaves it as it is",
            before="tenshu",
            after="shiro",
        ),
        Difference(
            place="firewall.ping", subject="", label="Answer to ping", before="yes", after="no"
        ),
    )


def test_of_a_list_it_is_told_what_comes_and_what_goes() -> None:
    (found,) = changed(("access.lists.office.networks", ["198.51.100.0/24", "203.0.113.0/24"]))
    assert (found.place, found.subject) == ("access.lists.office.networks", "office")
    assert (found.added, found.removed) == (("203.0.113.0/24",), ("2001:db8:1::/48",))
    assert (found.before, found.after) == ("", "")


def test_another_order_is_told_as_such() -> None:
    (found,) = changed(("network.dns", ["192.0.2.54", "192.0.2.53"]))
    assert (found.before, found.after) == ("192.0.2.53, 192.0.2.54", "192.0.2.54, 192.0.2.53")
    moved = [msgspec.to_builtins(one) for one in reversed(EXAMPLE.network.interfaces)]
    (found,) = changed(("network.interfaces", moved))
    assert (found.place, found.before) == ("network.interfaces", "bond0, vlan20")


def test_what_has_a_name_is_known_by_it_whoever_stands_before_it() -> None:
    (gone,) = changed(("network.interfaces[0]", None))
    assert (gone.place, gone.added) == ("network.interfaces", ())
    assert gone.removed[0].startswith("bond0 (zones service, addresses 192.0.2.10/24 2001:db8::10")
    (size,) = changed(("network.interfaces[1].mtu", 9000))
    assert (size.place, size.subject) == ("network.interfaces[1].mtu", "vlan20")
    (route,) = changed(("network.interfaces[1].routes[0]", {"to": "::1", "via": "::2"}))
    assert (route.place, route.subject) == ("network.interfaces[1].routes", "vlan20")
    assert (route.added, route.removed) == (("::1 (via ::2)",), ("10.99.0.0/16 (via 10.20.0.1)",))
    (server,) = changed(("time.servers[1].windows", False))
    assert (server.subject, server.before, server.after) == ("dc1.example.co.jp", "yes", "no")
    (mode,) = changed(("network.bonds[0].mode", "802.3ad"))
    assert (mode.before, mode.after) == ("active-backup", "802.3ad")


def test_a_list_of_addresses_that_comes_is_told_with_what_it_holds() -> None:
    (found,) = changed(("access.lists.home", {"networks": ["203.0.113.7"]}))
    assert (found.place, found.added) == ("access.lists", ("home (networks 203.0.113.7)",))


@given(networks, networks)
def test_documents_are_told_apart_exactly_if_they_differ(one: Network, other: Network) -> None:
    before, after = Document(network=one), Document(network=other)
    assert differences(before, before) == ()
    assert bool(differences(before, after)) == (before != after)


def test_entries_that_share_a_name_are_told_apart_by_all_that_they_hold() -> None:
    def to(*ports: int) -> Document:
        out = tuple(
            Destination(purpose=Purpose.MAIL, host="relay.example.co.jp", port=port)
            for port in ports
        )
        return Document(firewall=Firewall(out=out))

    (found,) = differences(to(25, 587), to(25, 465))
    assert found.added == ("relay.example.co.jp (purpose mail, port 465)",)
    assert found.removed == ("relay.example.co.jp (purpose mail, port 587)",)
    assert differences(to(25, 25), to(25))
