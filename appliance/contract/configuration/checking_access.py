"""Lists of addresses and what refers to them."""

from collections.abc import Iterable, Iterator

from appliance.contract.configuration.access import Access, Area
from appliance.contract.configuration.addresses import covers_everything, interface, network
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.fitting import shown
from appliance.contract.configuration.places import below
from appliance.contract.configuration.problems import (
    ConfigurationProblem,
    ConsoleClosed,
    HostBitsSet,
    NameReserved,
    NoNetwork,
    ProxyOfEverybody,
    UnknownName,
)
from appliance.contract.configuration.reaching import networks_of
from appliance.contract.configuration.sections import EVERYWHERE


def access_problems(document: Document) -> Iterator[ConfigurationProblem]:
    """Yield what is wrong with `[access]`, and with the networks that are never banned."""
    access = document.access
    yield from _lists(access)
    for area in Area:
        yield from _names(access, area)
    if not networks_of(document, Area.CONSOLE):
        yield ConsoleClosed(place="access.console")
    yield from prefix_problems(access.trusted_proxies, "access.trusted_proxies")
    yield from _trusted(access.trusted_proxies)
    yield from prefix_problems(document.firewall.never_banned, "firewall.never_banned")


def prefix_problems(texts: Iterable[str], place: str) -> Iterator[ConfigurationProblem]:
    """Yield what is wrong with the texts of a list of networks."""
    for number, text in enumerate(texts):
        yield from prefix_problem(text, f"{place}[{number}]")


def prefix_problem(text: str, place: str) -> Iterator[ConfigurationProblem]:
    """Yield it where a text is no network; a network is written with its own address."""
    found = interface(text)
    if found is None:
        yield NoNetwork(place=place, value=shown(text))
    elif found.ip != found.network.network_address:
        yield HostBitsSet(place=place, value=text, network=str(found.network))


def _lists(access: Access) -> Iterator[ConfigurationProblem]:
    for name, found in access.lists.items():
        place = below("access.lists", name)
        if name == EVERYWHERE:
            yield NameReserved(place=place)
        yield from prefix_problems(found.networks, f"{place}.networks")


def _names(access: Access, area: Area) -> Iterator[ConfigurationProblem]:
    known = {EVERYWHERE, *access.lists}
    for number, name in enumerate(access.of(area)):
        if name not in known:
            yield UnknownName(
                place=f"access.{area}[{number}]", value=name, known=", ".join(sorted(known))
            )


def _trusted(texts: tuple[str, ...]) -> Iterator[ConfigurationProblem]:
    found = [(text, net) for text in texts if (net := network(text)) is not None]
    if covers_everything(net for _, net in found):
        widest = min(found, key=lambda one: one[1].prefixlen)[0]
        yield ProxyOfEverybody(place="access.trusted_proxies", value=widest)
