"""Whom the areas' lists let in: decided here once, by the rules that firewall and edge render.

Two things look at a connection. The packet filter sees its *peer*, and enforces the lists of
console and SSH. The edge sees the *person's* address: the peer's own, or what a trusted proxy says
of it. SSH knows no proxies. Who comes to the console through a proxy needs both: the proxy in the
console's lists for the packet filter, and the person for the edge. The machine itself always
reaches what it serves: its own screen is the last way in.
"""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Final

from appliance.contract.configuration.access import Area
from appliance.contract.configuration.addresses import AnyNetwork, client, contains, network
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.sections import EVERYWHERE

THIS_MACHINE: Final = frozenset({ip_address("127.0.0.1"), ip_address("::1")})
ALL: tuple[AnyNetwork, ...] = (ip_network("0.0.0.0/0"), ip_network("::/0"))


def networks_of(document: Document, area: Area) -> tuple[AnyNetwork, ...]:
    """Return the networks that reach an area; what cannot be read, or is unknown, reaches none."""
    access = document.access
    found: list[AnyNetwork] = []
    for name in access.of(area):
        if name == EVERYWHERE:
            return ALL
        if name in access.lists:
            found += _read(access.lists[name].networks)
    return tuple(found)


def reaches(document: Document, area: Area, address: str, peer: str = "") -> bool:
    """Return whether a person at `address` reaches an area; `peer` is who is connected for them.

    An address that is none reaches nothing.
    """
    there = client(peer or address)
    person = client(address)
    if there is None or person is None:
        return False
    trusted = tuple(_read(document.access.trusted_proxies))
    believed = person if area is not Area.SSH and contains(trusted, there) else there
    seen = {there, believed} if area is Area.CONSOLE else {believed}
    networks = networks_of(document, area)
    return all(one in THIS_MACHINE or contains(networks, one) for one in seen)


def excludes(document: Document, address: str, peer: str = "") -> tuple[Area, ...]:
    """Return the areas that a person at `address`, connected by `peer`, would not reach.

    Of two documents: what is in the later one's and not in the earlier one's would be lost.
    """
    return tuple(area for area in Area if not reaches(document, area, address, peer))


def _read(texts: tuple[str, ...]) -> Iterator[AnyNetwork]:
    for text in texts:
        found = network(text)
        if found is not None:
            yield found
