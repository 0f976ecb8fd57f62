"""A seed becomes a document, or it is said what is wrong with it, where, and what to do."""

import re
from pathlib import Path

import pytest

from appliance.contract.configuration.document import Document
from appliance.contract.configuration.network import Zone
from appliance.contract.configuration.reading import Unreadable
from appliance.contract.seed import reference
from appliance.contract.seed.ovf import properties
from appliance.contract.seed.reading import (
    document_of,
    fitting,
    line_of,
    read_seed,
    read_text,
)
from image.ovf import PROPERTIES

CABLES = ("ens10", "ens9")
ROOT = Path(__file__).parents[4]
WHOLE = """\
hostname = "tenshu"
address = "192.0.2.10/24"
gateway = "192.0.2.1"
dns = ["192.0.2.53"]
ntp = ["ntp.example.co.jp"]
[appliance.access]
console = ["office"]
[appliance.access.lists.office]
networks = ["10.0.0.0/8"]
"""
LIST = '[appliance.access]\nconsole = ["nobody"]\n'
VLAN = '[[appliance.network.vlans]]\nname = "vlan20"\nparent = "ens9"\ntag = 20\n'


def wrong(text: str) -> list[tuple[int, str, str]]:
    """Return line, code and words of everything that is wrong with a seed."""
    try:
        document_of(read_seed(text), CABLES)
    except Unreadable as error:
        return [
            (line_of(text, str(one.parameters.get("place", ""))), one.code, f"{one} {one.advice()}")
            for one in error.problems
        ]
    return []


def test_plain_keys_become_the_first_interface_by_name_with_all_its_tasks() -> None:
    found = document_of(read_seed(WHOLE), CABLES)
    (one,) = found.network.interfaces
    assert (one.name, one.addresses, one.gateways) == ("ens9", ("192.0.2.10/24",), ("192.0.2.1",))
    assert set(one.zones) == {Zone.SERVICE, Zone.MANAGEMENT}
    assert (found.network.hostname, found.network.dns) == ("tenshu", ("192.0.2.53",))
    assert [server.host for server in found.time.servers] == ["ntp.example.co.jp"]
    assert found.access.console == ("office",)


def test_a_seed_that_says_nothing_of_the_network_leaves_every_cable_to_dhcp() -> None:
    assert document_of(read_seed(""), ()) == Document()
    found = document_of(read_seed('ntp = ["192.0.2.1"]'), ())
    assert found.network.interfaces == ()
    (one,) = document_of(read_seed('hostname = "a"'), CABLES).network.interfaces
    assert (one.name, one.dhcp) == ("ens9", True)


@pytest.mark.parametrize(
    ("text", "line", "code", "words"),
    [
        ("a = \n", 0, "configuration.not_toml", "Line 1, column 5"),
        ('\nhostname = "Tenshu!"', 2, "configuration.wrong_form", "Write it like these: tenshu"),
        ('\n\nhost = "a"', 3, "configuration.misspelt_key", "Do you mean `hostname`?"),
        ("dns = 1", 1, "configuration.wrong_kind", "a list in brackets belongs here"),
        ("format = 2", 0, "configuration.newer_format", "Update the appliance first"),
        ('address = "192.0.2.300/24"', 1, "seed.not_an_address", "192.0.2.10/24, or `dhcp`"),
        ('address = "dhpc"', 1, "seed.not_an_address", "“dhpc” is no address"),
        ('address = "192.0.2.10"', 1, "configuration.prefix_missing", "address: "),
        ('gateway = "10.0.0.1"\naddress = "192.0.2.10/24"', 1, "configuration.not_reachable",
         "gateway: 10.0.0.1 lies in no network"),
        ('dns = ["192.0.2.1", "x"]', 1, "configuration.no_network", "dns[1]: “x”"),
        ('ntp = ["a..b"]', 1, "configuration.not_a_name", "ntp[0]"),
        ('interface = "eth7"', 1, "configuration.unknown_name", "ens10, ens9"),
        (f'hostname = "a"\n{LIST}', 3, "configuration.unknown_name",
         "appliance.access.console[0]: nothing is called “nobody”"),
        (f'address = "192.0.2.10/24"\n{VLAN}', 1, "seed.said_twice", "appliance.network says this"),
        ('hostname = "a"\n[appliance.network]\nhostname = "b"\n', 1, "seed.said_twice",
         "Leave one of them out"),
        ('[appliance.network]\ndns = ["x"]\n', 2, "configuration.no_network",
         "appliance.network.dns[0]"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line_its_key_and_the_remedy(
    text: str, line: int, code: str, words: str
) -> None:
    found = wrong(text)
    assert [one for one in found if one[:2] == (line, code) and words in one[2]], found


def test_a_name_with_its_domain_is_also_the_name_by_which_people_reach_it() -> None:
    found = document_of(read_seed('hostname = "tenshu.example.co.jp"'), CABLES)
    assert (found.network.hostname, found.edge.names) == ("tenshu", ("tenshu.example.co.jp",))


def test_every_property_of_the_image_is_a_key_of_a_seed() -> None:
    asked = {f"tenshu.{one.key}": one.default for one in PROPERTIES}
    for key, value in {**asked, "tenshu.hostname": "tenshu.example.com"}.items():
        text = OVF.replace("tenshu.address", key).replace("192.0.2.10/24", value or "")
        fitting(properties(text.replace("tenshu.dns", "x").encode()), "tenshu")


def test_a_machine_without_a_network_card_is_told_so() -> None:
    with pytest.raises(Unreadable) as refused:
        document_of(read_seed(WHOLE), ())
    assert refused.value.problems[0].code == "seed.no_interface"


def test_what_is_no_utf_8_is_refused_and_the_mark_of_windows_is_passed_over() -> None:
    assert read_text(b"\xef\xbb\xbfformat = 1", "sr0") == "format = 1"
    with pytest.raises(Unreadable) as refused:
        read_text("hostname = 東".encode("cp932"), "sr0")
    assert refused.value.problems[0].code == "seed.not_text"


OVF = """<?xml version="1.0"?>
<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1"
    xmlns:oe="http://schemas.dmtf.org/ovf/environment/1">
  <PropertySection>
    <Property oe:key="tenshu.address" oe:value="192.0.2.10/24"/>
    <Property oe:key="tenshu.dns" oe:value="192.0.2.53, 192.0.2.54"/>
    <Property oe:key="tenshu.gateway" oe:value=""/>
    <Property oe:key="other" oe:value="1"/>
  </PropertySection>
</Environment>
"""


def test_ovf_properties_say_what_plain_keys_say() -> None:
    found = fitting(properties(OVF.encode()), "tenshu")
    assert (found.address, found.dns, found.gateway) == (
        "192.0.2.10/24",
        ("192.0.2.53", "192.0.2.54"),
        "",
    )
    nobody = OVF.replace("192.0.2.10/24", "").replace("192.0.2.53, 192.0.2.54", " ")
    assert properties(nobody.encode()) == {}, "nobody has filled them in"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OVF.replace("</PropertySection>", ""), "Line 10: this is no OVF environment. mismatched"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "A document type has no place in it"),
        ("", "no element found"),
    ],
)
def test_what_is_no_ovf_environment_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(Unreadable) as refused:
        properties(text.encode())
    assert words in str(refused.value)


def test_a_property_that_nobody_knows_is_refused_by_its_name() -> None:
    with pytest.raises(Unreadable) as refused:
        fitting(properties(OVF.replace("tenshu.dns", "tenshu.dnss").encode()), "tenshu")
    assert "tenshu.dnss: there is no such key" in str(refused.value)


def test_the_reference_is_current() -> None:
    command = "python -m appliance.contract.seed.reference"
    assert reference.PAGE.read_text() == reference.compose(), command


def test_what_the_how_to_shows_is_a_seed_without_a_fault() -> None:
    page = (ROOT / "docs/how-to/set-up-unattended.md").read_text()
    (block,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert wrong(block) == []
