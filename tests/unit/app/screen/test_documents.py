"""The machine's document as the screen changes it."""

import pytest

from app.core.errors import InvalidInput
from app.screen.documents import opened_console, with_address
from app.screen.protocol import Proof, SetAddress
from appliance.contract.configuration.reading import read_document

WITH_OFFICE = """\
format = 1
[access]
console = ["office"]
[access.lists.office]
networks = ["198.51.100.0/24"]
"""


def test_whoever_is_locked_out_is_let_in_and_others_keep_what_they_have_F2():
    text = opened_console(opened_console(WITH_OFFICE, "192.0.2.7"), " 2001:db8::/32 ")
    access = read_document(text).access
    assert access.console == ("office", "screen")
    assert access.lists["screen"].networks == ("192.0.2.7/32", "2001:db8::/32")
    assert access.lists["office"].networks == ("198.51.100.0/24",)
    assert opened_console(text, "192.0.2.7") == text, "twice is once"


@pytest.mark.parametrize("network", ["office", "192.0.2.0/33", "", "0.0.0.0/0; drop"])
def test_what_is_no_address_is_refused(network):
    with pytest.raises(InvalidInput):
        opened_console(WITH_OFFICE, network)


def address(interface="enp1s0", **more):
    return SetAddress(proof=Proof(), interface=interface, **more)


def test_an_interface_gets_an_address_or_asks_for_one_METI42():
    text = with_address(
        WITH_OFFICE,
        address(address="192.0.2.10/24", gateway="192.0.2.1", dns="192.0.2.53, 192.0.2.54"),
    )
    network = read_document(text).network
    (interface,) = network.interfaces
    assert interface.addresses == ("192.0.2.10/24",)
    assert interface.gateways == ("192.0.2.1",)
    assert network.dns == ("192.0.2.53", "192.0.2.54")
    asks = read_document(with_address(text, address())).network.interfaces[0]
    assert (asks.dhcp, asks.addresses, asks.gateways) == (True, (), ())


def test_what_else_is_set_on_an_interface_and_on_others_stays():
    text = """\
format = 1
[[network.interfaces]]
name = "enp1s0"
zones = ["management"]
mtu = 9000
note = "Rack 3"
dhcp = true
[[network.interfaces]]
name = "enp2s0"
zones = ["service"]
addresses = ["198.51.100.2/24"]
[[network.interfaces.routes]]
to = "203.0.113.0/24"
via = "198.51.100.1"
"""
    first, second = read_document(
        with_address(text, address(address="192.0.2.10/24"))
    ).network.interfaces
    assert (first.dhcp, first.mtu, first.note, first.zones) == (
        False,
        9000,
        "Rack 3",
        ("management",),
    )
    assert second == read_document(text).network.interfaces[1]
