"""The packet filter's part: whom an open window lets in, for as long as it is open.

The kernel itself counts the time of what was let in, so it goes out of the sets also where nobody
looks after it.
"""

from ipaddress import IPv4Network, IPv6Network
from typing import Final

from appliance.contract.configuration.access import Area
from appliance.contract.configuration.addresses import AnyNetwork, network
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.maintenance.errors import (
    AddressNotAdmitted,
    AddressTooWide,
    AddressUnreadable,
)
from appliance.machine.plan.addresses import area_networks, joined, split
from appliance.machine.plan.firewall import TABLE, WINDOW
from appliance.machine.programs import ask

WIDEST: Final = {4: 16, 6: 48}
"""Shortest prefix of a window: one place, of IPv6 one site."""


def read_networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the networks of a window as ssh and nftables write them. Pure.

    Raise AddressUnreadable, AddressTooWide.
    """
    found = []
    for text in texts:
        one = network(text.strip())
        if one is None:
            raise AddressUnreadable(address=text)
        if one.prefixlen < WIDEST[one.version]:
            raise AddressTooWide(address=text)
        found.append(one)
    return tuple(str(one) for one in joined(found))


def require_admitted(document: Document, networks: tuple[str, ...]) -> None:
    """Raise AddressNotAdmitted for what lies wholly outside the area SSH. Pure."""
    lists = area_networks(document, (Area.SSH,))
    for text in networks:
        if not any(_overlap(one, other) for one in _read((text,)) for other in lists):
            raise AddressNotAdmitted(address=text)


def _read(texts: tuple[str, ...]) -> list[AnyNetwork]:
    return [found for text in texts if (found := network(text))]


def _overlap(one: AnyNetwork, other: AnyNetwork) -> bool:
    if isinstance(one, IPv4Network):
        return isinstance(other, IPv4Network) and one.overlaps(other)
    return isinstance(other, IPv6Network) and one.overlaps(other)


def admit(networks: tuple[str, ...], seconds: int) -> None:
    """Let networks in for some seconds; those that are in stay as they are. Raise ProgramRefused.

    Where the rules are not loaded at all nothing is let in and nothing kept out: they come first.
    """
    for family, own in zip("46", split(_read(networks)), strict=True):
        if own:
            elements = ", ".join(f"{one} timeout {max(1, seconds)}s" for one in own)
            ask("nft", "add", "element", "inet", TABLE, WINDOW + family, f"{{ {elements} }}")


def admit_nobody() -> None:
    """Let nobody in any more; what stands is cut. Raise ProgramRefused."""
    for family in "46":
        try:
            ask("nft", "flush", "set", "inet", TABLE, WINDOW + family)
        except ProgramRefused as error:
            if "No such file" not in str(error.parameters["said"]):  # no rules, no set in them
                raise
