"""Networks and addresses of the document, out of their texts. Pure; None where a text is neither.

Only one spelling of each is taken: no netmask in place of a prefix length, no scope (`%eth0`).
"""

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_interface,
)

AnyAddress = IPv4Address | IPv6Address
AnyInterface = IPv4Interface | IPv6Interface
AnyNetwork = IPv4Network | IPv6Network


def address(text: str) -> AnyAddress | None:
    """Return the address that a text tells."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return None if "%" in text else found


def interface(text: str) -> AnyInterface | None:
    """Return address and network that a text tells; a lone address stands for itself."""
    _, slash, length = text.partition("/")
    if "%" in text or (slash and not (length.isascii() and length.isdigit())):
        return None
    try:
        return ip_interface(text)
    except ValueError:
        return None


def network(text: str) -> AnyNetwork | None:
    """Return the network that a text tells, or that an address in it lies in."""
    found = interface(text)
    return found.network if found else None


def client(text: str) -> AnyAddress | None:
    """Return the address of somebody who connects: an IPv4 address in IPv6 clothes is undressed."""
    found = address(text.partition("%")[0])
    return (isinstance(found, IPv6Address) and found.ipv4_mapped) or found


def contains(networks: Iterable[AnyNetwork], one: AnyAddress) -> bool:
    """Return whether an address lies in one of the networks."""
    return any(one in found for found in networks)


def is_end(found: AnyInterface) -> bool:
    """Return whether an address is its network's own, or the broadcast address of it.

    Of IPv6 the first one belongs to the routers (RFC 4291, 2.6.1); networks of two addresses use
    both (RFC 3021, RFC 6164).
    """
    net = found.network
    if net.max_prefixlen - net.prefixlen < 2:
        return False
    return found.ip == net.network_address or (
        found.version == 4 and found.ip == net.broadcast_address
    )


def is_special(one: AnyAddress) -> bool:
    """Return whether no interface can have an address: loopback, multicast, none or reserved."""
    return (
        one.is_loopback
        or one.is_multicast
        or one.is_unspecified
        or (isinstance(one, IPv4Address) and (one.is_reserved or one in _THIS_NETWORK))
    )


def covers_everything(networks: Iterable[AnyNetwork]) -> bool:
    """Return whether networks together hold every address of a family."""
    found = list(networks)
    four = [one for one in found if isinstance(one, IPv4Network)]
    six = [one for one in found if isinstance(one, IPv6Network)]
    together: list[AnyNetwork] = [*collapse_addresses(four), *collapse_addresses(six)]
    return any(one.prefixlen == 0 for one in together)


_THIS_NETWORK = IPv4Network("0.0.0.0/8")
