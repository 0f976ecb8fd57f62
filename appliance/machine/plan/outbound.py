"""What may leave the machine: only what a configured function needs, by the user that needs it."""

from collections.abc import Iterator
from typing import Final

from appliance.contract.configuration.addresses import address
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.outgoing import Way
from appliance.machine.facts import Facts
from appliance.machine.plan.seen import seen
from appliance.machine.plan.ways import BY_KERNEL, mark, ways

NEIGHBOURS: Final = (
    "{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, mld2-listener-report }"
)
LEASES: Final = ("udp sport 68 udp dport 67", "ip6 daddr { fe80::/10, ff02::1:2 } udp dport 547")
"""Asking for an address goes to everybody on the link."""
USED_DAYS: Final = 30
"""So long a way's count and last use are remembered after it was used last."""
USED_SIZE: Final = 1024
OTHERS: Final = "1-4294967294"
"""Every user but root."""


def outbound(document: Document, facts: Facts) -> Iterator[str]:
    """Yield the rules of the chain `output`."""
    yield 'oif "lo" accept'
    yield "ct state established,related accept"
    yield f"icmpv6 type {NEIGHBOURS} accept"
    for way in ways(document, facts):
        for match in LEASES if way.purpose == "dhcp" else (_match(way, facts),):
            verdict = "jump kernel" if way.purpose in BY_KERNEL else "accept"
            yield f"{match} ct mark set {mark(way):#010x} {verdict}"
    yield 'counter name "refused_out"'
    yield from seen("out")
    yield 'limit rate 10/second burst 20 packets log prefix "tenshu-out " flags skuid'


def kernel() -> Iterator[str]:
    """Yield the rules for root and for the kernel, whose own packets belong to no user."""
    yield f"meta skuid {OTHERS} return"
    yield "accept"


def counted(direction: str) -> Iterator[str]:
    """Yield the rule that counts what has passed all others, by the mark of its connection."""
    yield f"ct mark != 0 update @used_{direction} {{ ct mark counter }}"


def _match(way: Way, facts: Facts) -> str:
    protocol = "meta l4proto { tcp, udp } th" if way.protocol == "both" else way.protocol
    users = () if way.purpose in BY_KERNEL else way.users
    return f"{_to(way.host)}{_by(users, facts)}{protocol} dport {way.port}"


def _to(host: str) -> str:
    found = address(host)
    if found is None:
        return ""  # a name may lead elsewhere tomorrow
    return f"{'ip' if found.version == 4 else 'ip6'} daddr {found} "


def _by(names: tuple[str, ...], facts: Facts) -> str:
    numbers = sorted({facts.users[name] for name in names if name in facts.users})
    return f"meta skuid {{ {', '.join(map(str, numbers))} }} " if numbers else ""
