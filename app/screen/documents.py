"""The machine's document as the screen changes it: pure, from text to text.

Whether the new text is one that can be, who applies it says.
"""

import ipaddress
from typing import Any, Final

import msgspec

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.screen.protocol import SetAddress
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.reading import read_document
from appliance.contract.configuration.writing import change

LIST: Final = "screen"
"""Name of the list of addresses that were let in at the screen."""
NOTE: Final = "Let in at the machine's own screen"
ALL_ZONES: Final = ["service", "management", "backup"]


def opened_console(text: str, network: str) -> str:
    """Return the document that lets a network reach the console too. Raise InvalidInput."""
    try:
        wanted = str(ipaddress.ip_network(network.strip(), strict=False))
    except ValueError:
        reason = mark("Write an address, such as 192.0.2.7, or a network, such as 192.0.2.0/24.")
        raise InvalidInput(field="network", reason=reason) from None
    access = read_document(text).access
    known = access.lists.get(LIST)
    networks = [*(known.networks if known else ()), wanted]
    text = change(
        text,
        f"access.lists.{LIST}",
        {"networks": list(dict.fromkeys(networks)), "note": NOTE},
    )
    if LIST not in access.console:
        text = change(text, "access.console", [*access.console, LIST])
    return text


def with_address(text: str, wanted: SetAddress) -> str:
    """Return the document in which an interface has this address, or asks for one."""
    document = read_document(text)
    interfaces = [_with(one, wanted) for one in _interfaces(document)]
    if wanted.interface not in (one["name"] for one in interfaces):
        interfaces.append(_with({"name": wanted.interface, "zones": ALL_ZONES}, wanted))
    text = change(text, "network.interfaces", interfaces)
    if servers := wanted.dns.replace(",", " ").split():
        text = change(text, "network.dns", servers)
    return text


def _interfaces(document: Document) -> list[dict[str, Any]]:
    """Return the interfaces as they stand in the text: without what is so by default."""
    defaults = {"dhcp": False, "addresses": [], "gateways": [], "routes": [], "mtu": 1500}
    return [
        {
            name: value
            for name, value in msgspec.to_builtins(one).items()
            if value != defaults.get(name, "")
        }
        for one in document.network.interfaces
    ]


def _with(interface: dict[str, Any], wanted: SetAddress) -> dict[str, Any]:
    if interface["name"] != wanted.interface:
        return interface
    kept = {
        name: value
        for name, value in interface.items()
        if name not in ("dhcp", "addresses", "gateways")
    }
    if not wanted.address.strip():
        return {**kept, "dhcp": True}
    found = {**kept, "addresses": [wanted.address.strip()]}
    return {**found, "gateways": [wanted.gateway.strip()]} if wanted.gateway.strip() else found
