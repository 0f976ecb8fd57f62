"""The packet filter: one nftables table, whole, that replaces its predecessor in one step.

Default drop in, out and forward, IPv4 and IPv6 alike (V12, METI-42). What comes in to a port with a
list is judged before what stands already: a connection that a new list refuses is cut, not left to
live on as *established* (architecture, section 6).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from appliance.contract.configuration.access import Area
from appliance.contract.configuration.addresses import AnyNetwork
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.network import Zone
from appliance.machine.facts import Facts
from appliance.machine.plan.addresses import area_networks, is_everywhere, read, split
from appliance.machine.plan.desired import Concern, File
from appliance.machine.plan.outbound import (
    USED_DAYS,
    USED_SIZE,
    counted,
    kernel,
    outbound,
)
from appliance.machine.plan.seen import SEEN, SEEN_SECONDS, SEEN_SIZE, seen

PATH: Final = "etc/nftables.conf"
TABLE: Final = "tenshu"
SERVICE: Final = (Area.WORKSPACE, Area.PORTAL, Area.KIOSK, Area.API)
"""What shares port 443: the filter holds the union of their lists, the edge each one."""
LOG: Final = "limit rate 10/second burst 20 packets log prefix"
COUNTING: Final = ("banned", "rate", "held", "seen_", "used_")
"""Sets that fill by themselves; their names begin so."""
WINDOW: Final = "window"
"""Sets of whom a maintenance window lets in; filled while one is open, with its time (S11)."""
SET_SIZE: Final = 65_535
"""Sources that are counted at once. Beyond it the newest go uncounted: memory has a bound."""
NEIGHBOURS: Final = "{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert }"
FAMILIES: Final = (("4", "ip saddr", "ipv4_addr"), ("6", "ip6 saddr", "ipv6_addr"))
WHOM: Final = {"4": "ip saddr", "6": "ip6 saddr & ffff:ffff:ffff:ffff::"}
"""What counts as one source: an address, and of IPv6 a /64, which one subscriber holds whole."""


def files(document: Document, facts: Facts) -> Iterator[File]:
    """Yield `etc/nftables.conf`."""
    yield File(path=PATH, content=ruleset(document, facts), concern=Concern.FIREWALL, mode=0o640)


def ruleset(document: Document, facts: Facts) -> str:
    """Return the rules as `nft -f` reads them."""
    blocks = [
        *_sets(document, facts),
        _counters(),
        _chain("admit", _admit(document)),
        _chain("crowded", _crowded()),
        _chain("console", _area(document, "console", (Area.CONSOLE,))),
        _chain("ssh", _shell(document)),
        _chain("service", _area(document, "service", SERVICE)),
        _chain("messages", _messages(document)),
        _chain("input", _input(document, facts), hook="input"),
        _chain("forward", ['counter name "forwarded"'], hook="forward"),
        _chain("kernel", kernel()),
        _chain("output", outbound(document, facts), hook="output"),
        _counting("sent", "output"),
        _counting("received", "input"),
    ]
    body = "\n\n".join(blocks)
    return f"""\
#!/usr/sbin/nft -f
# Written from appliance.toml. What is changed here by hand is found, shown and replaced.

table inet {TABLE}
delete table inet {TABLE}

table inet {TABLE} {{
{body}
}}
"""


def _chain(name: str, rules: Iterable[str], hook: str = "") -> str:
    head = [f"type filter hook {hook} priority filter; policy drop;"] if hook else []
    return "\n".join([f"\tchain {name} {{", *(f"\t\t{one}" for one in (*head, *rules)), "\t}"])


def _sets(document: Document, facts: Facts) -> Iterator[str]:
    groups = {
        "console": area_networks(document, (Area.CONSOLE,)),
        "ssh": area_networks(document, (Area.SSH,)),
        "service": area_networks(document, SERVICE),
        "spared": spared(document, facts),
    }
    for name, networks in groups.items():
        if is_everywhere(networks):
            continue  # nothing to look up
        for (family, _, kind), own in zip(FAMILIES, split(networks), strict=True):
            filled = (f"elements = {{ {', '.join(own)} }}",) if own else ()
            yield _set(name + family, kind, "flags interval", "auto-merge", *filled)
    for family, _, kind in FAMILIES:
        yield _set(WINDOW + family, kind, "flags interval,timeout")
    bans = document.firewall.ban_minutes
    for family, _, kind in FAMILIES:
        size = f"size {SET_SIZE}"
        if bans:
            for_minutes = ("flags dynamic,timeout", f"timeout {bans}m")
            yield _set(f"banned{family}", kind, size, *for_minutes, "counter")
            yield _set(f"rate{family}", kind, size, "flags dynamic,timeout", "timeout 2m")
        yield _set(f"held{family}", kind, size, "flags dynamic")
        for why in SEEN:
            who = "uid" if why == "out" else kind
            what = f"{who} . {kind} . inet_proto . inet_service"
            lasting = ("flags dynamic,timeout", f"timeout {SEEN_SECONDS}s")
            yield _set(f"seen_{why}{family}", what, f"size {SEEN_SIZE}", *lasting)
    for direction in ("sent", "received"):
        lasting = ("flags dynamic,timeout", f"timeout {USED_DAYS}d")
        yield _set(f"used_{direction}", "mark", f"size {USED_SIZE}", *lasting)


def _set(name: str, kind: str, *properties: str) -> str:
    lines = (f"\tset {name} {{", f"\t\ttype {kind}", *(f"\t\t{one}" for one in properties), "\t}")
    return "\n".join(lines)


def spared(document: Document, facts: Facts) -> tuple[AnyNetwork, ...]:
    """Return who is never banned: routers and trusted proxies carry many people at once."""
    configured = [gate for one in document.network.interfaces for gate in one.gateways]
    return read(
        [
            *document.firewall.never_banned,
            *document.access.trusted_proxies,
            *(configured or facts.gateways),
        ]
    )


def _counters() -> str:
    names = ["invalid", "banned", "crowded", "refused", "forwarded", "refused_out"]
    names += [f"refused_{one}" for one in ("console", "ssh", "service")]
    return "\n".join(f"\tcounter {name} {{ }}" for name in names)


def _counting(direction: str, hook: str) -> str:
    """Return a chain behind the one that decides: it sees what may pass, and lets all of it."""
    head = f"type filter hook {hook} priority filter + 10; policy accept;"
    return _chain(direction, [head, *counted(direction)])


def _admit(document: Document) -> Iterator[str]:
    """Whoever may come to a port, if not too many times or too often."""
    limits = document.firewall
    for family, source, _ in FAMILIES:
        yield f"{source} @spared{family} accept"
    if limits.ban_minutes:
        for family, _, _ in FAMILIES:
            yield f'{WHOM[family]} @banned{family} counter name "banned" drop'
    yield "ct state established,related accept"
    burst = max(5, limits.new_connections_per_minute // 4)
    for family, _, _ in FAMILIES:
        whom = WHOM[family]
        if limits.ban_minutes:
            over = (
                f"limit rate over {limits.new_connections_per_minute}/minute burst {burst} packets"
            )
            yield (
                f"update @rate{family} {{ {whom} {over} }} "
                f'add @banned{family} {{ {whom} }} counter name "banned" drop'
            )
        held = f"ct count over {limits.connections_per_source}"
        yield f"add @held{family} {{ {whom} {held} }} goto crowded"
    yield "accept"


def _crowded() -> Iterator[str]:
    """Whoever holds too many connections at once."""
    yield 'counter name "crowded"'
    yield from seen("crowded")
    yield "drop"


def _area(document: Document, name: str, areas: tuple[Area, ...]) -> Iterator[str]:
    networks = area_networks(document, areas)
    if is_everywhere(networks):
        yield "jump admit"
        return
    for family, source, _ in FAMILIES:
        yield f"{source} @{name}{family} jump admit"
    yield from _refuse(name)


def _refuse(name: str) -> Iterator[str]:
    yield f'counter name "refused_{name}"'
    yield from seen(name)
    yield f'{LOG} "tenshu-{name} "'
    yield "drop"


def _shell(document: Document) -> Iterator[str]:
    """SSH: who is in the area's lists and comes from where an open window is for."""
    listed = not is_everywhere(area_networks(document, (Area.SSH,)))
    for family, source, _ in FAMILIES:
        in_list = f"{source} @ssh{family} " if listed else ""
        yield f"{in_list}{source} @{WINDOW}{family} jump admit"
    yield from _refuse("ssh")


def _messages(document: Document) -> Iterator[str]:
    """ICMP: what the network itself needs, and ping."""
    yield f"icmpv6 type {NEIGHBOURS} ip6 hoplimit 255 accept"
    yield "icmpv6 type { mld-listener-query, mld-listener-report } ip6 saddr fe80::/10 accept"
    if document.firewall.ping:
        yield "icmp type echo-request limit rate 50/second burst 50 packets accept"
        yield "icmpv6 type echo-request limit rate 50/second burst 50 packets accept"


def _on(document: Document, zone: Zone) -> str:
    """Return the match of the interfaces of a zone; nothing where none is configured."""
    if not document.network.interfaces:
        return ""
    names = [f'"{one.name}"' for one in document.network.interfaces if zone in one.zones]
    return f"iifname {{ {', '.join(names)} }} " if names else 'iifname "" '


def _input(document: Document, facts: Facts) -> Iterator[str]:
    manage, serve = _on(document, Zone.MANAGEMENT), _on(document, Zone.SERVICE)
    yield 'iif "lo" accept'
    yield 'ct state invalid counter name "invalid" drop'
    yield f"{manage}tcp dport {facts.console_port} jump console"
    yield f"{serve}tcp dport {facts.workspace_port} jump service"
    if document.access.ssh:
        yield f"{manage}tcp dport {document.ssh.port} jump ssh"
    if document.firewall.http_redirect:
        yield f"{serve}tcp dport {facts.redirect_port} jump service"
    if document.firewall.smtp:
        yield f"{serve}tcp dport {facts.smtp_port} jump admit"
    yield "ct state established,related accept"
    yield "jump messages"
    if any(one.dhcp for one in document.network.interfaces) or not document.network.interfaces:
        yield "udp sport 67 udp dport 68 accept"
        yield "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept"
    yield 'counter name "refused"'
    yield from seen("refused")
    yield f'{LOG} "tenshu-refused "'
