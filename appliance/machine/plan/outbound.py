"""What may leave the machine: only what a configured function needs, by the user that needs it."""

from collections.abc import Iterable, Iterator
from typing import Final

from appliance.contract.configuration.addresses import address
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.firewall import Destination, Purpose
from appliance.machine.facts import Facts
from appliance.machine.plan.seen import seen

USERS: Final = {
    Purpose.MAIL: ("tenshu-workspace", "postfix"),
    Purpose.SYSLOG: ("tenshu-workspace", "tenshu-audit"),
    Purpose.BACKUP: ("root",),
    Purpose.UPDATES: ("tenshu-updates", "root"),
    Purpose.WEBHOOK: ("tenshu-workspace",),
    Purpose.DIRECTORY: ("tenshu-console", "tenshu-workspace"),
}
"""Whose processes do it. A user that this machine does not have is left out."""
TIME_USER: Final = "_chrony"
NEIGHBOURS: Final = (
    "{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, mld2-listener-report }"
)


def outbound(document: Document, facts: Facts) -> Iterator[str]:
    """Yield the rules of the chain `output`."""
    yield 'oif "lo" accept'
    yield "ct state established,related accept"
    yield f"icmpv6 type {NEIGHBOURS} accept"
    for to in _daddr(document.network.dns or facts.name_servers):
        yield f'{to} meta l4proto {{ tcp, udp }} th dport 53 counter name "out_dns" accept'
    yield from _time(document, facts)
    if any(one.dhcp for one in document.network.interfaces) or not document.network.interfaces:
        yield 'udp sport 68 udp dport 67 counter name "out_dhcp" accept'
        yield 'ip6 daddr { fe80::/10, ff02::1:2 } udp dport 547 counter name "out_dhcp" accept'
    for number, destination in enumerate(document.firewall.out):
        yield f'{_match(destination, facts)} counter name "out_{number}" accept'
    yield 'counter name "refused_out"'
    yield from seen("out")
    yield 'limit rate 10/second burst 20 packets log prefix "tenshu-out " flags skuid'


def _time(document: Document, facts: Facts) -> Iterator[str]:
    by = _by([TIME_USER], facts)
    hosts = [source.host for source in document.time.servers]
    if hosts and all(map(address, hosts)):
        for to in _daddr(hosts):
            yield f'{to} {by}udp dport 123 counter name "out_time" accept'
    elif hosts:
        yield f'{by}udp dport 123 counter name "out_time" accept'


def _match(destination: Destination, facts: Facts) -> str:
    to = next(iter(_daddr([destination.host])), "") if address(destination.host) else ""
    by = _by(USERS[destination.purpose], facts)
    return f"{to} {by}{destination.protocol.value} dport {destination.port}".strip()


def _by(names: Iterable[str], facts: Facts) -> str:
    numbers = sorted({facts.users[name] for name in names if name in facts.users})
    return f"meta skuid {{ {', '.join(map(str, numbers))} }} " if numbers else ""


def _daddr(addresses: Iterable[str]) -> Iterator[str]:
    """Yield a match of each family that has addresses."""
    every = sorted({found for one in addresses if (found := address(one))}, key=str)
    for word, version in (("ip", 4), ("ip6", 6)):
        own = [str(one) for one in every if one.version == version]
        if own:
            yield f"{word} daddr {{ {', '.join(own)} }}"
