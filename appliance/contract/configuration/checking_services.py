"""Names of hosts, the way out, time and SSH."""

import re
import zoneinfo
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

from appliance.contract.configuration.addresses import address, interface
from appliance.contract.configuration.checking_access import prefix_problem
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.fitting import shown
from appliance.contract.configuration.network import Network, Proxy
from appliance.contract.configuration.ports import (
    CONSOLE_PORT,
    REDIRECT_PORT,
    SMTP_PORT,
    WORKSPACE_PORT,
)
from appliance.contract.configuration.problems import (
    ConfigurationProblem,
    DefinedTwice,
    NameReserved,
    NightTooShort,
    NoNetwork,
    NotAName,
    NotAProxy,
    PortTaken,
    ZoneUnknown,
)
from appliance.contract.configuration.upkeep import Upkeep

_LABEL: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
SHORTEST_NIGHT: Final = 60
"""Minutes for upkeep, at least."""
_TAKEN: Final = frozenset({CONSOLE_PORT, WORKSPACE_PORT, REDIRECT_PORT, SMTP_PORT})


def service_problems(document: Document) -> Iterator[ConfigurationProblem]:
    """Yield what is wrong with names, proxy, time, upkeep and SSH."""
    yield from _own_name(document.network)
    yield from _names(document.network.search_domains, "network.search_domains", domains=True)
    yield from _name_servers(document.network.dns)
    yield from _proxy(document.network.proxy)
    yield from _names((one.host for one in document.time.servers), "time.servers")
    yield from _names(document.edge.names, "edge.names")
    yield from _upkeep(document.upkeep)
    if document.ssh.port in _TAKEN:
        yield PortTaken(place="ssh.port", value=document.ssh.port)


def _upkeep(upkeep: Upkeep) -> Iterator[ConfigurationProblem]:
    if upkeep.zone not in zoneinfo.available_timezones():
        yield ZoneUnknown(place="upkeep.zone", value=upkeep.zone)
    begins, ends = (
        60 * int(one[:2]) + int(one[3:]) for one in (upkeep.begins, upkeep.ends)
    )  # minutes of the day
    if (ends - begins) % (24 * 60) < SHORTEST_NIGHT:
        yield NightTooShort(place="upkeep.ends", begins=upkeep.begins, ends=upkeep.ends)


def is_domain(text: str) -> bool:
    """Return whether a text can be a name in the DNS (RFC 1123): at the end no number alone."""
    labels = text.split(".")
    return len(text) <= 253 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdecimal()


def _own_name(network: Network) -> Iterator[ConfigurationProblem]:
    if network.hostname == "localhost":
        yield NameReserved(place="network.hostname")
    elif network.hostname and not is_domain(network.hostname):
        yield NotAName(place="network.hostname", value=network.hostname)


def _names(
    texts: Iterable[str], place: str, *, domains: bool = False
) -> Iterator[ConfigurationProblem]:
    """Yield what is neither name nor, unless only domains may stand here, address; and doubles."""
    seen: set[str] = set()
    for number, text in enumerate(texts):
        where = f"{place}[{number}]"
        if not is_domain(text) and (domains or address(text) is None):
            yield NotAName(place=where, value=shown(text))
        elif text.lower() in seen:
            yield DefinedTwice(place=where, value=text)
        seen.add(text.lower())


def _name_servers(texts: tuple[str, ...]) -> Iterator[ConfigurationProblem]:
    seen = set()
    for number, text in enumerate(texts):
        place, found = f"network.dns[{number}]", address(text)
        if found is None or found.is_multicast or found.is_unspecified:
            yield NoNetwork(place=place, value=shown(text))
        elif found in seen:
            yield DefinedTwice(place=place, value=text)
        seen.add(found)


def _proxy(proxy: Proxy) -> Iterator[ConfigurationProblem]:
    if proxy.address and not _is_proxy(proxy.address):
        yield NotAProxy(place="network.proxy.address", value=shown(proxy.address))
    for number, text in enumerate(proxy.exceptions):
        place = f"network.proxy.exceptions[{number}]"
        if interface(text) is not None:
            yield from prefix_problem(text, place)
        elif not is_domain(text.removeprefix(".")):
            yield NotAName(place=place, value=shown(text))


def _is_proxy(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # brackets without an address, a port that is none
        return False
    return port != 0 and (is_domain(host) or address(host) is not None)
