"""What types cannot say: each kind of mistake is found at its place, and nothing else is."""

# ruff: noqa: E501 - one line a case reads as a table

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.contract.configuration import interface_problems, problems
from appliance.contract.configuration.checking import problems as problems_of
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.example import EXAMPLE
from appliance.contract.configuration.network import Interface, Network, Route, Vlan, Zone
from appliance.contract.configuration.places import below, steps
from appliance.contract.configuration.problems import ConfigurationProblem
from appliance.contract.configuration.reading import Unreadable, read_document
from appliance.contract.configuration.writing import change, write_document
from tests.unit.appliance.configuration.test_reading import WRONG

GOOD = """
[network]
hostname = "tenshu"
search_domains = ["example.co.jp"]
dns = ["192.0.2.53", "2001:db8::53"]
bonds = [{name = "bond0", members = ["enp1s0", "enp2s0"]}]
vlans = [{name = "vlan20", parent = "bond0", tag = 20}]
proxy = {address = "http://[2001:db8::8]:8080", exceptions = [".example.co.jp", "10.0.0.0/8", "b"]}
[[network.interfaces]]
name = "bond0"
zones = ["service", "management"]
mtu = 9000
addresses = ["192.0.2.10/24", "192.0.2.11/24", "2001:db8::10/64"]
gateways = ["192.0.2.1", "fe80::1"]
[[network.interfaces.routes]]
to = "198.51.100.0/24"
via = "192.0.2.2"
[[network.interfaces.routes]]
to = "2001:db8:1::/48"
via = "2001:db8::2"
[[network.interfaces]]
name = "vlan20"
zones = ["backup"]
addresses = ["203.0.113.0/31", "fe80::10/64"]
[[network.interfaces]]
name = "enp3s0"
zones = ["service"]
dhcp = true
addresses = ["fe80::11/64"]
[time]
servers = [{host = "ntp1.example.co.jp"}, {host = "2001:db8::123"}]
[access]
console = ["private", "office"]
trusted_proxies = ["192.0.2.80"]
[access.lists.office]
networks = ["198.51.100.0/24"]
[firewall]
never_banned = ["198.51.100.7"]
"""

NAMED, OPEN = "[edge]\nnames = ['a.example.jp']\n", "[firewall]\nhttp_redirect = true\n"
PLAIN = "[certificates.acme]\ndirectory = 'http://acme.example.jp/directory'\n"
ACME = "[certificates.acme]\ndirectory = 'https://acme.example.jp/directory'\n"
ONE = "[[network.interfaces]]\nname = 'a'\nzones = ['management']\n"
TWO = ONE + "addresses = ['192.0.2.10/24', '2001:db8::10/64']\n" + ONE.replace("'a'", "'b'")
OTHER = "[[network.interfaces]]\nname = 'v'\nzones = ['service']\ndhcp = true\n"
PLACE = "network.interfaces[0]"
CASES: list[tuple[str, str, str]] = [
    # lists and areas
    ("[access]\ntrusted_proxies = ['10.0.0']", "no_network", "access.trusted_proxies[0]"),
    ("[access]\ntrusted_proxies = ['10.0.0.0/255.0.0.0']", "no_network", "access.trusted_proxies[0]"),
    ("[access]\ntrusted_proxies = ['10.0.0.0/33']", "no_network", "access.trusted_proxies[0]"),
    ("[access]\ntrusted_proxies = ['fe80::1%eth0']", "no_network", "access.trusted_proxies[0]"),
    ("[access]\ntrusted_proxies = ['10.0.0.1/8']", "host_bits_set", "access.trusted_proxies[0]"),
    ("[access]\ntrusted_proxies = ['0.0.0.0/0']", "proxy_of_everybody", "access.trusted_proxies"),
    ("[access]\ntrusted_proxies = ['::/1', '8000::/1']", "proxy_of_everybody", "access.trusted_proxies"),
    ("[firewall]\nnever_banned = ['all']", "no_network", "firewall.never_banned[0]"),
    ("[access.lists.a]\nnetworks = ['10.0.0.0/8', '']", "no_network", "access.lists.a.networks[1]"),
    ("[access.lists.a]\nnetworks = ['fd00::1/8']", "host_bits_set", "access.lists.a.networks[0]"),
    ("[access.lists.everywhere]\nnetworks = []", "name_reserved", "access.lists.everywhere"),
    ("[access]\nworkspace = ['nobody']", "unknown_name", "access.workspace[0]"),
    ("[access]\nconsole = []", "console_closed", "access.console"),
    ("[access]\nconsole = ['a']\n[access.lists.a]\nnetworks = []", "console_closed", "access.console"),
    # names
    ("[network]\nhostname = 'localhost'", "name_reserved", "network.hostname"),
    ("[network]\nhostname = '127'", "not_a_name", "network.hostname"),
    ("[network]\nsearch_domains = ['192.0.2.1']", "not_a_name", "network.search_domains[0]"),
    ("[network]\nsearch_domains = ['a.b', 'A.b']", "defined_twice", "network.search_domains[1]"),
    ("[network]\ndns = ['dns.example']", "no_network", "network.dns[0]"),
    ("[network]\ndns = ['0.0.0.0']", "no_network", "network.dns[0]"),
    ("[network]\ndns = ['::1', '0:0::1']", "defined_twice", "network.dns[1]"),
    ("[network.proxy]\naddress = 'http://a..b'", "not_a_proxy", "network.proxy.address"),
    ("[network.proxy]\naddress = 'http://a:0'", "not_a_proxy", "network.proxy.address"),
    ("[network.proxy]\naddress = 'http://[::1:::]:8080'", "not_a_proxy", "network.proxy.address"),
    ("[network.proxy]\naddress = 'http://a:70000'", "not_a_proxy", "network.proxy.address"),
    ("[network.proxy]\nexceptions = ['*.a']", "not_a_name", "network.proxy.exceptions[0]"),
    ("[network.proxy]\nexceptions = ['10.0.0.1/8']", "host_bits_set", "network.proxy.exceptions[0]"),
    ("[time]\nservers = [{host = 'a..b'}]", "not_a_name", "time.servers[0]"),
    ("[time]\nservers = [{host = 'a'}, {host = 'A'}]", "defined_twice", "time.servers[1]"),
    ("[edge]\nnames = ['a:443']", "not_a_name", "edge.names[0]"),
    ("[certificates]\nhsts = 'on'\nworkspace = 'bought'", "hsts_locks_out", "certificates.hsts"),
    (OPEN + ACME, "nothing_to_certify", "certificates.acme.names"),
    (NAMED + ACME, "proof_needs_port_80", "certificates.acme.directory"),
    (NAMED + OPEN + ACME + "root = 'x'", "not_pem", "certificates.acme.root"),
    (NAMED + OPEN + PLAIN, "not_a_directory", "certificates.acme.directory"),
    ("[ssh]\nport = 8443", "port_taken", "ssh.port"),
    # addresses
    (ONE, "no_address", PLACE),
    (ONE + "addresses = ['192.0.2']", "no_network", f"{PLACE}.addresses[0]"),
    (ONE + "addresses = ['192.0.2.10']", "prefix_missing", f"{PLACE}.addresses[0]"),
    (ONE + "addresses = ['192.0.2.0/24']", "not_a_host", f"{PLACE}.addresses[0]"),
    (ONE + "addresses = ['192.0.2.255/24']", "not_a_host", f"{PLACE}.addresses[0]"),
    (ONE + "addresses = ['2001:db8::/64']", "not_a_host", f"{PLACE}.addresses[0]"),
    (ONE + "addresses = ['127.0.0.1/8']", "special_address", f"{PLACE}.addresses[0]"),
    (ONE + "addresses = ['0.1.2.3/8']", "special_address", f"{PLACE}.addresses[0]"),
    (ONE + "addresses = ['ff02::1/64']", "special_address", f"{PLACE}.addresses[0]"),
    (ONE + "addresses = ['192.0.2.1/24', '192.0.2.1/25']", "defined_twice", f"{PLACE}.addresses[1]"),
    (TWO + "addresses = ['192.0.2.99/28']", "networks_overlap", "network.interfaces[1].addresses[0]"),
    (TWO + "addresses = ['2001:db8::1:0/48']", "networks_overlap", "network.interfaces[1].addresses[0]"),
    (ONE.replace("management", "backup") + "dhcp = true", "no_management", "network.interfaces"),
    # routers
    (ONE + "addresses = ['192.0.2.9/24']\ngateways = ['192.0.2']", "no_network", f"{PLACE}.gateways[0]"),
    (ONE + "addresses = ['192.0.2.9/24']\ngateways = ['192.0.3.1']", "not_reachable", f"{PLACE}.gateways[0]"),
    (ONE + "addresses = ['192.0.2.9/24']\ngateways = ['2001:db8::1']", "not_reachable", f"{PLACE}.gateways[0]"),
    (ONE + "addresses = ['192.0.2.9/24']\ngateways = ['192.0.2.9']", "own_router", f"{PLACE}.gateways[0]"),
    (ONE + "addresses = ['192.0.2.9/24']\ngateways = ['192.0.2.255']", "not_a_host", f"{PLACE}.gateways[0]"),
    (ONE + "addresses = ['192.0.2.9/24']\ngateways = ['127.0.0.1']", "special_address", f"{PLACE}.gateways[0]"),
    (ONE + "dhcp = true\ngateways = ['192.0.2.1', '192.0.2.2']", "two_gateways", f"{PLACE}.gateways[1]"),
    (ONE + "dhcp = true\nroutes = [{to = '::/0', via = 'fe80::1'}]", "route_of_everything", f"{PLACE}.routes[0].to"),
    (ONE + "dhcp = true\nroutes = [{to = '10.0.0.0/8', via = 'fe80::1'}]", "families_differ", f"{PLACE}.routes[0].via"),
    (ONE + "dhcp = true\nroutes = [{to = '10.0.0.1/8', via = '192.0.2.1'}]", "host_bits_set", f"{PLACE}.routes[0].to"),
    (ONE + "dhcp = true\nroutes = [{to = '10.0.0.0/8', via = 'x'}]", "no_network", f"{PLACE}.routes[0].via"),
    (
        ONE + "dhcp = true\nroutes = [{to = '10.0.0.0/8', via = '192.0.2.1'}, {to = '10.0.0.0/8', via = '192.0.2.2'}]",
        "defined_twice", f"{PLACE}.routes[1].to",
    ),
    # what rests on what
    (ONE + "dhcp = true\n" + ONE + "dhcp = true", "defined_twice", "network.interfaces[1].name"),
    ("[network]\nvlans = [{name='v', parent='a', tag=1}]\nbonds = [{name='v', members=['b']}]", "defined_twice", "network.vlans[0].name"),
    ("[network]\nvlans = [{name='v', parent='a', tag=1}, {name='w', parent='a', tag=1}]", "defined_twice", "network.vlans[1].tag"),
    ("[network]\nvlans = [{name='v', parent='v', tag=1}]", "circle", "network.vlans[0].parent"),
    ("[network]\nvlans = [{name='v', parent='w', tag=1}, {name='w', parent='a', tag=2}]", "no_foundation", "network.vlans[0].parent"),
    ("[network]\nbonds = [{name='b', members=['a', 'c']}, {name='c', members=['d']}]", "no_foundation", "network.bonds[0].members[1]"),
    ("[network]\nbonds = [{name='b', members=['a', 'a']}]", "member_twice", "network.bonds[0].members[1]"),
    ("[network]\nbonds = [{name='b', members=['a']}]\n" + ONE + "dhcp = true", "member_twice", f"{PLACE}.name"),
    ("[network]\nbonds = [{name='b', members=['a']}]\nvlans = [{name='v', parent='a', tag=1}]", "member_twice", "network.vlans[0].parent"),
    ("[network]\nvlans = [{name='v', parent='a', tag=1}]\n" + ONE + OTHER + "mtu = 9000", "packets_too_large", "network.interfaces[1].mtu"),
    ("[upkeep]\nzone = 'Asia/Edo'", "zone_unknown", "upkeep.zone"),
    ("[upkeep]\nbegins = '23:30'\nends = '00:29'", "night_too_short", "upkeep.ends"),
    ("[upkeep]\nbegins = '05:00'\nends = '05:00'", "night_too_short", "upkeep.ends"),
]  # fmt: skip


def ident(case: Any) -> str:
    return f"{case[1]}-{case[2]}"


def told(found: tuple[ConfigurationProblem, ...]) -> list[tuple[str, str]]:
    return [(one.code, str(one.parameters["place"])) for one in found]


@pytest.mark.parametrize("case", CASES, ids=ident)
def test_each_mistake_is_found_at_its_place_and_once(case: tuple[str, str, str]) -> None:
    text, code, place = case
    found = problems_of(read_document(text))
    assert told(found) == [(f"configuration.{code}", place)]
    assert "{" not in str(found[0]) + found[0].advice()


def test_every_kind_of_problem_has_a_case() -> None:
    kinds = {
        one.code
        for module in (problems, interface_problems)
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, ConfigurationProblem)
    } - {ConfigurationProblem.code}
    seen = {code for _, code, _ in CASES} | {code for code, _ in WRONG.values()}
    seen.add("no_such_place")  # of a change (test_writing)
    assert {f"configuration.{code}" for code in seen} == kinds


def test_a_document_without_mistakes_has_no_problems() -> None:
    assert problems_of(Document()) == ()
    assert problems_of(read_document(GOOD), cables=["enp1s0", "enp2s0", "enp3s0"]) == ()


def test_a_circle_of_several_is_told_of_each_that_is_in_it() -> None:
    text = "[network]\nbonds = [{name='b', members=['v']}]\nvlans=[{name='v', parent='b', tag=1}]"
    circles = [
        one for one in problems_of(read_document(text)) if one.code == "configuration.circle"
    ]
    assert [one.parameters["value"] for one in circles] == ["v", "b"]


def test_an_interface_that_the_machine_lacks_is_named_with_those_it_has() -> None:
    found = problems_of(read_document(GOOD), cables=["enp1s0", "eth9"])
    assert told(found) == [
        ("configuration.unknown_name", "network.interfaces[2].name"),
        ("configuration.unknown_name", "network.bonds[0].members[1]"),
    ]
    assert "bond0, enp1s0, eth9, vlan20" in found[0].advice()


def texts_of(tree: Any, place: str = "") -> list[str]:
    """Return the places of every text in a document."""
    if isinstance(tree, str):
        return [place]
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(
        tree, list) else ()  # fmt: skip
    return [
        found
        for name, one in entries
        for found in texts_of(
            one, below(place, name) if isinstance(name, str) else f"{place}[{name}]"
        )
    ]


@pytest.mark.parametrize("end", ["\n", "\nPermitRootLogin yes", "\x00", '"', "; accept", " x"])
def test_no_text_of_the_document_can_become_a_line_of_its_own_somewhere_else(end: str) -> None:
    written = write_document(EXAMPLE)
    tree = tomllib.loads(written)
    places = texts_of(tree)
    assert len(places) > 30
    for place in places:
        old = tree
        for step in steps(place):
            old = old[step]
        if place.endswith(".note") and end.isprintable():
            continue  # rendered nowhere
        try:
            wrong = problems_of(read_document(change(written, place, old + end)))
        except Unreadable as refusal:
            wrong = refusal.problems
        assert wrong, (place, end)


addresses = st.sampled_from(
    ["192.0.2.10/24", "192.0.2.1", "::/0", "fe80::1", "x", "", "1.2.3.4/0", "ff::/8", "0.0.0.0"]
)
names = st.sampled_from(["a", "b", "v"])
interfaces = st.builds(
    Interface,
    name=names,
    zones=st.just((Zone.SERVICE,)),
    addresses=st.lists(addresses, max_size=3).map(tuple),
    gateways=st.lists(addresses, max_size=3).map(tuple),
    routes=st.lists(st.builds(Route, to=addresses, via=addresses), max_size=2).map(tuple),
)
networks = st.builds(
    Network,
    interfaces=st.lists(interfaces, max_size=3).map(tuple),
    vlans=st.lists(st.builds(Vlan, name=names, parent=names, tag=st.just(1)), max_size=3).map(
        tuple
    ),
    dns=st.lists(addresses, max_size=2).map(tuple),
)


@given(networks)
def test_whatever_the_types_let_through_is_judged_without_failing(network: Network) -> None:
    for found in problems_of(Document(network=network), cables=["a"]):
        assert str(found)
        assert found.advice()
