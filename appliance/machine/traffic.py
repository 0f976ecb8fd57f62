"""What the packet filter tells of what it dropped, and lifting its bans."""

import ipaddress
import itertools
import pwd
from collections.abc import Iterator
from typing import Final

from appliance.contract.configuration.addresses import AnyNetwork, network
from appliance.contract.configuration.errors import BanUnknown
from appliance.contract.configuration.traffic import DROPS, Ban, Count, Drop, Traffic
from appliance.machine.kernel_sets import Element, counters, elements_of, load
from appliance.machine.plan.firewall import TABLE
from appliance.machine.plan.seen import SEEN, SEEN_SECONDS, SEEN_SIZE
from appliance.records import now

SECOND: Final = 1000
SUBSCRIBER: Final = 64
"""Bits of an IPv6 address that are banned together (`plan.firewall.WHOM`)."""
FAMILIES: Final = ("4", "6")


def traffic() -> Traffic:
    """Return what was dropped and who is banned at this moment."""
    lists = {
        (why, family): elements_of(f"seen_{why}{family}") for why in SEEN for family in FAMILIES
    }
    drops = sorted(
        (_drop(why, one) for (why, _), found in lists.items() for one in found),
        key=lambda one: one.at,
        reverse=True,
    )
    full = dict.fromkeys(why for (why, _), found in lists.items() if len(found) >= SEEN_SIZE)
    return Traffic(
        counts=tuple(
            Count(name=one.name, packets=one.packets, bytes=one.bytes) for one in counters()
        ),
        drops=tuple(drops[:DROPS]),
        bans=tuple(sorted(_bans(), key=lambda one: one.until, reverse=True)),
        full=tuple(full),
    )


def _drop(why: str, one: Element) -> Drop:
    source, destination, protocol, port = one.key
    return Drop(
        why=why,
        source=user_name(source) if why == "out" else source,
        destination=destination,
        protocol=protocol,
        port=int(port),
        packets=one.packets,
        at=now() - (SEEN_SECONDS - one.left) * SECOND,
    )


def user_name(number: str) -> str:
    """Return what a user is called; its number where it has no name."""
    try:
        return pwd.getpwuid(int(number)).pw_name
    except (KeyError, ValueError):
        return number


def _bans() -> Iterator[Ban]:
    for one in itertools.chain.from_iterable(elements_of(f"banned{family}") for family in FAMILIES):
        yield Ban(network=str(_banned(one)), packets=one.packets, until=now() + one.left * SECOND)


def _banned(one: Element) -> AnyNetwork:
    address = ipaddress.ip_address(one.key[0])
    return ipaddress.ip_network((address, 32 if address.version == 4 else SUBSCRIBER))


def lift(text: str) -> Ban:
    """Let a banned source in again. Raise BanUnknown."""
    found = network(text)
    ban = next((one for one in _bans() if network(one.network) == found), None)
    if found is None or ban is None:
        raise BanUnknown(network=text)
    key = str(found.network_address)
    lines = [
        f"delete element inet {TABLE} {name} {{ {key} }}"
        for name in (f"banned{found.version}", f"rate{found.version}")
        if any(one.key == (key,) for one in elements_of(name))
    ]
    load("\n".join([*lines, ""]))
    return ban
