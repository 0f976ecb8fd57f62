"""Interfaces: their names, what rests on what, how large their packets are."""

from collections.abc import Collection, Iterator

from appliance.contract.configuration.checking_addresses import address_problems
from appliance.contract.configuration.interface_problems import (
    CircleOfInterfaces,
    MemberTwice,
    NoFoundation,
    NoManagement,
    PacketsTooLarge,
)
from appliance.contract.configuration.network import Network, Zone
from appliance.contract.configuration.places import placed
from appliance.contract.configuration.problems import (
    ConfigurationProblem,
    DefinedTwice,
    UnknownName,
)

VLANS, BONDS, INTERFACES = "network.vlans", "network.bonds", "network.interfaces"


def network_problems(
    network: Network, cables: Collection[str] | None
) -> Iterator[ConfigurationProblem]:
    """Yield what is wrong with interfaces; `cables` as for `problems`."""
    yield from _doubles(network)
    yield from _foundations(network)
    yield from _members(network)
    if cables is not None:
        yield from _unknown(network, cables)
    yield from _packets(network)
    yield from address_problems(network)
    if network.interfaces and not any(Zone.MANAGEMENT in one.zones for one in network.interfaces):
        yield NoManagement(place=INTERFACES)


def _doubles(network: Network) -> Iterator[ConfigurationProblem]:
    vlans = list(placed(network.vlans, VLANS))
    made = [(f"{place}.name", one.name) for place, one in placed(network.bonds, BONDS)]
    made += [(f"{place}.name", one.name) for place, one in vlans]
    tags = [(f"{place}.tag", f"{one.tag} ({one.parent})") for place, one in vlans]
    used = [(f"{place}.name", one.name) for place, one in placed(network.interfaces, INTERFACES)]
    for named in (made, tags, used):
        seen: set[str] = set()
        for place, name in named:
            if name in seen:
                yield DefinedTwice(place=place, value=name)
            seen.add(name)


def _foundations(network: Network) -> Iterator[ConfigurationProblem]:
    """Yield VLANs that lie on no cable or bond, and bonds of anything but cables."""
    beneath = {one.name: {one.parent} for one in network.vlans}
    beneath |= {one.name: set(one.members) for one in network.bonds}
    vlans, bonds = {one.name for one in network.vlans}, {one.name for one in network.bonds}
    rests = [(f"{place}.parent", one.name, one.parent, vlans)
             for place, one in placed(network.vlans, VLANS)]  # fmt: skip
    rests += [(place, bond.name, member, vlans | bonds)
              for where, bond in placed(network.bonds, BONDS)
              for place, member in placed(bond.members, f"{where}.members")]  # fmt: skip
    for place, name, foundation, unfit in rests:
        if name in _reached(foundation, beneath):
            yield CircleOfInterfaces(place=place, value=name)
        elif foundation in unfit:
            yield NoFoundation(place=place, value=foundation)


def _reached(start: str, beneath: dict[str, set[str]]) -> set[str]:
    """Return `start` and everything that it rests on."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += beneath.get(name, ())
    return found


def _members(network: Network) -> Iterator[ConfigurationProblem]:
    """Yield members that do not belong to one bond alone: no address, no VLAN, no second bond."""
    bond_of: dict[str, str] = {}
    for where, bond in placed(network.bonds, BONDS):
        for place, member in placed(bond.members, f"{where}.members"):
            if member in bond_of:
                yield MemberTwice(place=place, value=member, other=bond_of[member])
            bond_of.setdefault(member, bond.name)
    for place, one in placed(network.interfaces, INTERFACES):
        if one.name in bond_of:
            yield MemberTwice(place=f"{place}.name", value=one.name, other=bond_of[one.name])
    for place, vlan in placed(network.vlans, VLANS):
        if vlan.parent in bond_of:
            other = bond_of[vlan.parent]
            yield MemberTwice(place=f"{place}.parent", value=vlan.parent, other=other)


def _unknown(network: Network, cables: Collection[str]) -> Iterator[ConfigurationProblem]:
    """Yield the interfaces that neither the machine has nor the document makes."""
    known = {*cables, *(one.name for one in network.bonds), *(one.name for one in network.vlans)}
    named = [(f"{place}.name", one.name) for place, one in placed(network.interfaces, INTERFACES)]
    named += [(f"{place}.parent", one.parent) for place, one in placed(network.vlans, VLANS)]
    for where, bond in placed(network.bonds, BONDS):
        named += placed(bond.members, f"{where}.members")
    for place, name in named:
        if name not in known:
            yield UnknownName(place=place, value=name, known=", ".join(sorted(known)))


def _packets(network: Network) -> Iterator[ConfigurationProblem]:
    """Yield VLANs whose packets do not pass what carries them, where that has a size of its own."""
    sizes = {one.name: one.mtu for one in network.interfaces}
    parent = {one.name: one.parent for one in network.vlans}
    for place, one in placed(network.interfaces, INTERFACES):
        carrier = parent.get(one.name, "")
        if one.mtu > sizes.get(carrier, one.mtu):
            limit = sizes[carrier]
            yield PacketsTooLarge(place=f"{place}.mtu", value=one.mtu, other=carrier, limit=limit)
