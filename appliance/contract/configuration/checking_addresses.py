"""Addresses of interfaces and their routers: whether they can stand beside each other."""

from collections.abc import Iterator

from appliance.contract.configuration.addresses import (
    AnyNetwork,
    address,
    interface,
    is_end,
    is_special,
    network,
)
from appliance.contract.configuration.checking_access import prefix_problem
from appliance.contract.configuration.fitting import shown
from appliance.contract.configuration.interface_problems import (
    FamiliesDiffer,
    NetworksOverlap,
    NoAddress,
    NotAHost,
    NotReachable,
    OwnRouter,
    PrefixMissing,
    RouteOfEverything,
    SpecialAddress,
    TwoGateways,
)
from appliance.contract.configuration.network import Interface, Network, Route
from appliance.contract.configuration.places import placed
from appliance.contract.configuration.problems import ConfigurationProblem, DefinedTwice, NoNetwork

INTERFACES = "network.interfaces"


def address_problems(found: Network) -> Iterator[ConfigurationProblem]:
    """Yield what is wrong with addresses, default routers and routes."""
    carriers = {one.parent for one in found.vlans}
    for place, one in placed(found.interfaces, INTERFACES):
        if not one.addresses and not one.dhcp and one.name not in carriers:
            yield NoAddress(place=place, value=one.name)
        for where, text in placed(one.addresses, f"{place}.addresses"):
            yield from _own(text, where)
        for where, text in placed(one.gateways, f"{place}.gateways"):
            yield from _router(text, one, where)
        for where, route in placed(one.routes, f"{place}.routes"):
            yield from _route(route, one, where)
    yield from _beside(found)
    yield from _gateways(found)
    yield from _destinations(found)


def _own(text: str, place: str) -> Iterator[ConfigurationProblem]:
    found = interface(text)
    if found is None:
        yield NoNetwork(place=place, value=shown(text))
    elif "/" not in text:
        yield PrefixMissing(place=place, value=text)
    elif is_special(found.ip):
        yield SpecialAddress(place=place, value=text)
    elif is_end(found):
        yield NotAHost(place=place, value=text)


def _router(text: str, one: Interface, place: str) -> Iterator[ConfigurationProblem]:
    """Yield routers that are no neighbours. What DHCP brings is unknown; fe80 is on every link."""
    found = address(text)
    if found is None:
        yield NoNetwork(place=place, value=shown(text))
        return
    if is_special(found):
        yield SpecialAddress(place=place, value=text)
        return
    own = [net for each in one.addresses if (net := interface(each)) is not None]
    near = [net for net in own if found in net.network]
    if any(found == net.ip for net in own):
        yield OwnRouter(place=place, value=text)
    elif near:
        if all(is_end(type(net)((found, net.network.prefixlen))) for net in near):
            yield NotAHost(place=place, value=text)
    elif not one.dhcp and not (found.version == 6 and found.is_link_local):
        family = [str(net.network) for net in own if net.version == found.version]
        yield NotReachable(place=place, value=text, networks=", ".join(family) or "–")


def _route(route: Route, one: Interface, place: str) -> Iterator[ConfigurationProblem]:
    yield from prefix_problem(route.to, f"{place}.to")
    yield from _router(route.via, one, f"{place}.via")
    to, via = network(route.to), address(route.via)
    if to is None or via is None:
        return
    if to.prefixlen == 0:
        yield RouteOfEverything(place=f"{place}.to", value=route.via)
    if to.version != via.version:
        yield FamiliesDiffer(place=f"{place}.via", value=route.via, other=route.to)


def _beside(found: Network) -> Iterator[ConfigurationProblem]:
    """Yield addresses that are there already, and networks of two interfaces that overlap."""
    before: list[tuple[str, str, AnyNetwork]] = []
    seen = set()
    for place, one in placed(found.interfaces, INTERFACES):
        for where, text in placed(one.addresses, f"{place}.addresses"):
            own = interface(text)
            if own is None:
                continue
            if own.ip in seen:
                yield DefinedTwice(place=where, value=text)
            seen.add(own.ip)
            others = (entry for entry in before if entry[0] != one.name)
            for name, other, net in others:
                if net.overlaps(own.network) and not own.is_link_local:
                    yield NetworksOverlap(place=where, value=text, other=other, interface=name)
                    break
            before.append((one.name, text, own.network))


def _gateways(found: Network) -> Iterator[ConfigurationProblem]:
    for place, one in placed(found.interfaces, INTERFACES):
        first: dict[int, str] = {}
        for where, text in placed(one.gateways, f"{place}.gateways"):
            router = address(text)
            if router is None:
                continue
            if router.version in first:
                yield TwoGateways(place=where, other=first[router.version])
            first.setdefault(router.version, text)


def _destinations(found: Network) -> Iterator[ConfigurationProblem]:
    seen = set()
    for place, one in placed(found.interfaces, INTERFACES):
        for where, route in placed(one.routes, f"{place}.routes"):
            to = network(route.to)
            if to is not None and to in seen:
                yield DefinedTwice(place=f"{where}.to", value=route.to)
            seen.add(to)
