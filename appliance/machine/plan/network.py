"""Interfaces for systemd-networkd, name servers for glibc, the machine's name.

Without an interface in the document there is no file at all: the machine's own settings stand, as
in a container, whose network belongs to its host. Interfaces go by the kernel's names, and sizes of
packets are set with their addresses, so that no `.link` file is needed.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from appliance.contract.configuration.document import Document
from appliance.contract.configuration.network import Bond, BondMode, Interface, Network, Vlan, Zone
from appliance.machine.facts import Facts
from appliance.machine.plan.desired import Concern, File
from appliance.machine.plan.heading import HEADING

FOLDER: Final = "etc/systemd/network"
FIRST: Final = f"{FOLDER}/90-tenshu-first.network"
"""Where it is empty, the image's file of that name, which asks on every cable, counts no more."""
MARK: Final = "50-tenshu-"
"""Begins the name of each file here: others in the folder are not the appliance's."""
USUAL_SIZE: Final = 1500
BOTH: Final = "both"
"""An address that somebody else has already is not taken: IPv6 (RFC 4862) and IPv4 (RFC 5227)."""
FIRST_METRIC: Final = 100
"""Of the first of several default routers; a lower one goes first. What DHCP tells has 1024."""

Lines = Iterable[str]


def files(document: Document, facts: Facts) -> Iterator[File]:  # noqa: ARG001 - as every planner
    """Yield the files of the network."""
    network = document.network
    if not network.interfaces:
        return
    yield _plain(FIRST, "")
    yield from map(_bond, network.bonds)
    yield from map(_vlan, network.vlans)
    for name in sorted(_named(network)):
        yield _file(f"{name}.network", _link(name, network))
    if network.hostname:
        yield _plain("etc/hostname", f"{network.hostname}\n")
    if network.dns:
        yield _plain("etc/resolv.conf", HEADING + _resolver(network))


def _named(network: Network) -> set[str]:
    """Return every interface of which the document says something."""
    found = {one.name for one in network.interfaces} | {one.name for one in network.bonds}
    found |= {name for one in network.vlans for name in (one.name, one.parent)}
    return found.union(*(one.members for one in network.bonds))


def _vlan(vlan: Vlan) -> File:
    lines = ["[NetDev]", f"Name={vlan.name}", "Kind=vlan", "", "[VLAN]", f"Id={vlan.tag}"]
    return _file(f"{vlan.name}.netdev", lines)


def _bond(bond: Bond) -> File:
    """Return a bond: a lost link is noticed within 0.1 s, one that comes back must stay 2 s."""
    lines = ["[NetDev]", f"Name={bond.name}", "Kind=bond", ""]
    lines += ["[Bond]", f"Mode={bond.mode}", "MIIMonitorSec=100ms", "UpDelaySec=2s"]
    if bond.mode is BondMode.LACP:  # the partner must notice within 3 s, not 90
        lines += ["LACPTransmitRate=fast", "TransmitHashPolicy=layer3+4", "MinLinks=1"]
    return _file(f"{bond.name}.netdev", lines)


def _link(name: str, network: Network) -> Iterator[str]:
    """Yield what is asked of one interface: as a member, as a carrier, with addresses."""
    found = next((one for one in network.interfaces if one.name == name), None)
    bond = next((one for one in network.bonds if name in one.members), None)
    vlans = [one.name for one in network.vlans if one.parent == name]
    yield from ["[Match]", f"Name={name}", "", "[Link]"]
    if bond is None:  # a member takes over its bond's
        yield f"MTUBytes={_size(name, network)}"
    if found is None or set(found.zones) == {Zone.BACKUP}:
        yield "RequiredForOnline=no"  # a start does not wait for it
    yield from ["", "[Network]", *(f"VLAN={one}" for one in vlans)]
    if bond is not None:
        yield f"Bond={bond.name}"
        if bond.mode is BondMode.ACTIVE_BACKUP and name == bond.members[0]:
            yield "PrimarySlave=yes"
    if found is None:
        yield from ["DHCP=no", "IPv6AcceptRA=no", "LinkLocalAddressing=no"]
    else:
        yield from _addressed(found, network)


def _addressed(one: Interface, network: Network) -> Iterator[str]:
    answer = "yes" if one.dhcp else "no"
    yield from [f"DHCP={answer}", f"IPv6AcceptRA={answer}"]
    yield from _routers(one, network)
    for route in one.routes:
        yield from ["", "[Route]", f"Destination={route.to}", f"Gateway={route.via}"]
    for address in one.addresses:
        yield from ["", "[Address]", f"Address={address}", f"DuplicateAddressDetection={BOTH}"]
    if one.dhcp:
        yield from _leased(network)


def _routers(one: Interface, network: Network) -> Iterator[str]:
    """Yield the default routers; where several interfaces have some, the first goes first.

    networkd takes a route away with the carrier of its interface: then the next metric counts.
    """
    having = [each.name for each in network.interfaces if each.gateways]
    if len(having) < 2:
        yield from (f"Gateway={gateway}" for gateway in one.gateways)
        return
    for gateway in one.gateways:
        metric = FIRST_METRIC * (having.index(one.name) + 1)
        yield from ["", "[Route]", f"Gateway={gateway}", f"Metric={metric}"]


def _leased(network: Network) -> Iterator[str]:
    """Yield what is taken of a DHCP server or router: what the document says goes first.

    Reservations go by the card's own address, as administrators expect them to.
    """
    taken = [f"UseDNS={'no' if network.dns else 'yes'}"]
    if any(one.gateways for one in network.interfaces):
        taken.append("UseGateway=no")
    yield from ["", "[DHCPv4]", "ClientIdentifier=mac", "UseHostname=no", "UseNTP=no", *taken]
    yield "SendDecline=yes"  # an address that somebody else has is handed back
    yield from ["", "[DHCPv6]", "UseHostname=no", "UseNTP=no", taken[0]]
    yield from ["", "[IPv6AcceptRA]", *taken]


def _size(name: str, network: Network) -> int:
    """Return the size of packets; what only carries lets the largest of its VLANs through."""
    sizes = {one.name: one.mtu for one in network.interfaces}
    carried = [sizes.get(one.name, USUAL_SIZE) for one in network.vlans if one.parent == name]
    return sizes.get(name, max(carried, default=USUAL_SIZE))


def _resolver(network: Network) -> str:
    """Return resolv.conf(5): a dead server costs 2 s, not 5."""
    search = [f"search {' '.join(network.search_domains)}"] if network.search_domains else []
    servers = [f"nameserver {one}" for one in network.dns]
    return "\n".join([*search, *servers, "options timeout:2 attempts:2", ""])


def _file(name: str, lines: Lines) -> File:
    return _plain(f"{FOLDER}/{MARK}{name}", HEADING + "\n".join(lines) + "\n")


def _plain(path: str, content: str) -> File:
    return File(path=path, content=content, concern=Concern.NETWORK)
