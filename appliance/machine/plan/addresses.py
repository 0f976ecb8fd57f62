"""From the document's lists to the networks that a filter holds."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from typing import Final

from appliance.contract.configuration.access import Area
from appliance.contract.configuration.addresses import AnyNetwork, network
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.reaching import ALL, networks_of

PROXIED: Final = frozenset({Area.WORKSPACE, Area.PORTAL, Area.KIOSK, Area.API})


def joined(networks: Iterable[AnyNetwork]) -> tuple[AnyNetwork, ...]:
    """Return networks, each once, neighbours joined, IPv4 first: nginx warns of one named twice."""
    every = list(networks)
    four = collapse_addresses(one for one in every if isinstance(one, IPv4Network))
    six = collapse_addresses(one for one in every if isinstance(one, IPv6Network))
    return (*four, *six)


def read(prefixes: Iterable[str]) -> tuple[AnyNetwork, ...]:
    """Return the networks of texts that the document's check has passed."""
    return joined(found for one in prefixes if (found := network(one)))


def split(networks: Iterable[AnyNetwork]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the networks of IPv4 and of IPv6, as nftables and nginx write them."""
    every = tuple(networks)
    return (
        tuple(str(one) for one in every if one.version == 4),
        tuple(str(one) for one in every if one.version == 6),
    )


def is_everywhere(networks: tuple[AnyNetwork, ...]) -> bool:
    """Tell whether no address is left out."""
    return networks == ALL


def area_networks(document: Document, areas: Iterable[Area]) -> tuple[AnyNetwork, ...]:
    """Return from where a connection may come for one of these areas.

    To the service's areas people may come through a trusted proxy: the edge looks at their own
    address. Console and SSH open to a proxy only where a list names it.
    """
    areas = tuple(areas)
    networks = joined(one for area in areas for one in networks_of(document, area))
    if is_everywhere(networks) or not networks or not PROXIED.issuperset(areas):
        return networks
    return joined((*networks, *read(document.access.trusted_proxies)))
