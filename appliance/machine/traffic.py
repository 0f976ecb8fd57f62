"""What the packet filter tells of what it dropped, and lifting its bans."""

import ipaddress
import itertools
import pwd
from collections.abc import Iterable, Iterator
from typing import Final

from appliance.contract.configuration.addresses import AnyNetwork, network
from appliance.contract.configuration.errors import BanUnknown
from appliance.contract.configuration.traffic import DROPS, Ban, Count, Drop, Hour, Traffic
from appliance.machine.kernel_sets import Element, elements_of, load
from appliance.machine.ledger import Ledger
from appliance.machine.plan.firewall import TABLE
from appliance.machine.plan.seen import SEEN, SEEN_SECONDS, SEEN_SIZE
from appliance.records import now

SECOND: Final = 1000
SUBSCRIBER: Final = 64
"""Bits of an IPv6 address that are banned together (`plan.firewall.WHOM`)."""
FAMILIES: Final = ("4", "6")
Lists = list[tuple[str, tuple[Element, ...]]]
"""Reason and entries, of each family."""


def traffic(ledger: Ledger) -> Traffic:
    """Return what was dropped and who is banned at this moment, with the counts of the ledger."""
    lists = _lists(SEEN)
    full = dict.fromkeys(why for why, found in lists if len(found) >= SEEN_SIZE)
    return Traffic(
        counts=tuple(
            Count(name=name, packets=one.packets, bytes=one.bytes)
            for name, one in ledger.totals.items()
            if " " not in name
        ),
        drops=_newest(lists),
        bans=tuple(sorted(_bans(), key=lambda one: one.until, reverse=True)),
        full=tuple(full),
        hours=tuple(Hour(at=at, packets=ledger.hours[at]) for at in sorted(ledger.hours)),
        since=ledger.since,
    )


def drops(why: str) -> tuple[Drop, ...]:
    """Return what was dropped for one reason, newest first."""
    return _newest(_lists((why,)))


def _lists(reasons: Iterable[str]) -> Lists:
    return [(why, elements_of(f"seen_{why}{family}")) for why in reasons for family in FAMILIES]


def _newest(lists: Lists) -> tuple[Drop, ...]:
    every = [_drop(why, one) for why, found in lists for one in found]
    return tuple(sorted(every, key=lambda one: one.at, reverse=True)[:DROPS])


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
