"""What a document comes to for systemd-networkd, glibc and programs that go out."""

import configparser
import re

from appliance.contract.configuration.checking import problems
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.reading import read_document
from appliance.machine.facts import Facts
from appliance.machine.plan import network, proxy
from appliance.machine.plan.desired import Concern
from tests.running import ROOT
from tests.unit.appliance.configuration.test_checking import GOOD

FACTS = Facts(run="/run/tenshu", certificates={})
FOLDER = "etc/systemd/network/50-tenshu-"
ONE = """
[[network.interfaces]]
name = "enp1s0"
zones = ["service", "management"]
"""


def planned(text: str) -> dict[str, str]:
    """Return name → content without its heading, but for what the image's own first file is."""
    found = {}
    for file in network.files(read_document(text), FACTS):
        assert file.concern is Concern.NETWORK
        heading = "# Written from appliance.toml"
        lines = [line for line in file.content.splitlines() if not line.startswith(heading)]
        found[file.path.removeprefix(FOLDER)] = "\n".join(lines)
    found.pop(network.FIRST, None)
    return found


def test_with_an_interface_in_it_no_other_one_asks_for_addresses_any_more() -> None:
    found = {file.path: file.content for file in network.files(read_document(ONE), FACTS)}
    role = ROOT / "ansible/roles/network"
    assert found[network.FIRST] == "", "an empty file takes away the one below /usr/lib (systemd)"
    assert f"/usr/lib/{network.FIRST.removeprefix('etc/')}" in (role / "tasks/main.yml").read_text()


def test_without_an_interface_the_machines_own_settings_stand() -> None:
    assert planned("") == {}
    assert planned("[network]\nhostname = 'tenshu'\ndns = ['192.0.2.53']") == {}


def test_of_several_default_routers_the_first_interface_goes_first_S4() -> None:
    one = ONE + "addresses = ['192.0.2.10/24']\ngateways = ['192.0.2.1', 'fe80::1']\n"
    two = one.replace("enp1s0", "enp2s0").replace("192.0.2.", "198.51.100.")
    files = planned(one + two)
    routers = {
        name: re.findall(r"\[Route\]\nGateway=(\S+)\nMetric=(\d+)", text)
        for name, text in files.items()
    }
    assert routers == {
        "enp1s0.network": [("192.0.2.1", "100"), ("fe80::1", "100")],
        "enp2s0.network": [("198.51.100.1", "200"), ("fe80::1", "200")],
    }
    assert problems(read_document(one + two)) == ()


def test_an_interface_has_its_addresses_its_router_and_its_routes() -> None:
    text = ONE + "addresses = ['192.0.2.10/24', '2001:db8::10/64']\ngateways = ['192.0.2.1']\n"
    text += "routes = [{to = '10.0.0.0/8', via = '192.0.2.2'}]\nmtu = 9000"
    assert planned(text) == {
        "enp1s0.network": """\
[Match]
Name=enp1s0

[Link]
MTUBytes=9000

[Network]
DHCP=no
IPv6AcceptRA=no
Gateway=192.0.2.1

[Route]
Destination=10.0.0.0/8
Gateway=192.0.2.2

[Address]
Address=192.0.2.10/24
DuplicateAddressDetection=both

[Address]
Address=2001:db8::10/64
DuplicateAddressDetection=both"""
    }


def test_what_dhcp_brings_gives_way_to_what_the_document_says() -> None:
    alone = planned(ONE + "dhcp = true")["enp1s0.network"]
    assert alone.count("UseDNS=yes") == 3
    assert "UseGateway" not in alone
    beside = planned("[network]\ndns = ['192.0.2.53']\n" + ONE + "dhcp = true" + ONE.replace(
        "enp1s0", "enp2s0") + "addresses = ['192.0.2.10/24']\ngateways = ['192.0.2.1']"
    )["enp1s0.network"]  # fmt: skip
    assert beside.count("UseDNS=no") == 3
    assert beside.count("UseGateway=no") == 2  # DHCP of IPv4, advertisements of IPv6
    for found in (alone, beside):
        assert "UseNTP=no" in found
        assert "UseHostname=no" in found


def test_the_preferred_member_of_a_bond_is_its_first_and_has_nothing_of_its_own() -> None:
    found = planned(GOOD)
    assert "Mode=active-backup\nMIIMonitorSec=100ms" in found["bond0.netdev"]
    first, second = found["enp1s0.network"], found["enp2s0.network"]
    assert "Bond=bond0\nPrimarySlave=yes" in first
    assert "Bond=bond0" in second
    assert "PrimarySlave" not in second
    for member in (first, second):
        assert "LinkLocalAddressing=no" in member
        assert "Address=" not in member
        assert "MTUBytes" not in member  # it takes over its bond's


def test_of_a_bond_by_lacp_no_member_is_preferred() -> None:
    found = planned(
        "[network]\nbonds = [{name='bond0', members=['enp1s0', 'enp2s0'], mode='802.3ad'}]"
        + ONE.replace("enp1s0", "bond0")
        + "dhcp = true"
    )
    assert "Mode=802.3ad" in found["bond0.netdev"]
    assert "LACPTransmitRate=fast" in found["bond0.netdev"]
    assert "PrimarySlave" not in found["enp1s0.network"] + found["enp2s0.network"]


def test_a_cable_that_only_carries_lets_the_largest_packets_of_its_vlans_through() -> None:
    vlan = ONE.replace("enp1s0", "vlan20") + "dhcp = true\nmtu = 9000"
    vlans = "vlans = [{name='vlan20', parent='enp1s0', tag=20}, {name='v', parent='enp1s0', tag=3}]"
    found = planned(f"[network]\n{vlans}" + vlan)
    assert "Kind=vlan\n\n[VLAN]\nId=20" in found["vlan20.netdev"]
    carrier = found["enp1s0.network"]
    assert "MTUBytes=9000" in carrier
    assert "VLAN=vlan20\nVLAN=v" in carrier
    assert "LinkLocalAddressing=no" in carrier
    assert "MTUBytes=1500" in found["v.network"]


def test_a_start_does_not_wait_for_what_serves_nobody() -> None:
    found = planned(GOOD)
    waits = {name for name in found if name.endswith(".network") and "RequiredForOnline" not in
             found[name]}  # fmt: skip
    assert waits == {"bond0.network", "enp3s0.network"}


def test_names_are_looked_up_at_the_servers_that_the_document_names() -> None:
    found = planned(GOOD)
    assert found["etc/hostname"] == "tenshu"
    assert found["etc/resolv.conf"].splitlines() == [
        "search example.co.jp",
        "nameserver 192.0.2.53",
        "nameserver 2001:db8::53",
        "options timeout:2 attempts:2",
    ]
    assert "search" not in planned("[network]\ndns = ['::1']" + ONE)["etc/resolv.conf"]


def test_every_file_of_networkd_can_be_read_as_such() -> None:
    for name, content in planned(GOOD).items():
        if not name.startswith("etc/"):
            parser = configparser.ConfigParser(strict=False, delimiters=("=",))
            parser.read_string(content)
            assert {"Match", "NetDev"} & set(parser.sections()), name


def test_the_proxy_stands_in_the_environment_and_is_never_asked_for_the_machine_itself() -> None:
    assert list(proxy.files(Document(), FACTS)) == []
    (file,) = proxy.files(read_document(GOOD), FACTS)
    told = dict(line.split("=", 1) for line in file.content.splitlines()[1:])
    assert told["HTTPS_PROXY"] == told["https_proxy"] == "http://[2001:db8::8]:8080"
    assert told["HTTP_PROXY"] == told["http_proxy"] == told["HTTPS_PROXY"]
    assert told["NO_PROXY"] == "localhost,127.0.0.0/8,::1,.example.co.jp,10.0.0.0/8,b"
