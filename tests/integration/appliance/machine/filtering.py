"""How the packet filter looks from real hosts: every door, from everywhere and to everywhere."""

import contextlib
import errno
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from appliance.contract.configuration.reading import read_document
from appliance.machine.facts import Facts
from appliance.machine.plan.firewall import ruleset
from appliance.machine.plan.seen import SEEN
from appliance.machine.plan.ways import mark, ways
from tests.hosts import Host, Network, ip, network
from tests.integration.appliance.machine.crowding import (
    counted,
    element_packets,
    elements,
    packets,
)
from tests.integration.appliance.machine.flows import forget_flows
from tests.integration.appliance.machine.looks import Door, _look, look, pings
from tests.integration.appliance.machine.packets import (
    leases,
    send_invalid,
    send_multicast_reports,
)

MANAGE, MANAGE6 = "10.77.1.2", "fd77:1::2"
OFFICE, OFFICE6 = "10.77.2.2", "fd77:2::2"
STRANGER, STRANGER6 = "10.77.2.130", "fd77:2:0:0:ffff::66"
DOCUMENT = """
[access]
console = ["management"]
ssh = ["management"]
workspace = ["office"]
portal = ["office"]
kiosk = ["office"]
api = ["office"]
[access.lists.management]
networks = ["10.77.1.0/24", "fd77:1::/64"]
[access.lists.office]
networks = ["10.77.2.0/25", "fd77:2::/80"]
[firewall]
http_redirect = true
connections_per_source = 16
new_connections_per_minute = 60
ban_minutes = 1
[[firewall.out]]
purpose = "mail"
host = "10.77.2.2"
port = 587
[[firewall.out]]
purpose = "syslog"
host = "fd77:2::2"
port = 514
protocol = "udp"
[[firewall.out]]
purpose = "backup"
host = "10.77.2.2"
port = 4789
protocol = "udp"
[network]
dns = ["10.77.2.2", "fd77:2::2"]
[time]
servers = [{ host = "10.77.2.2" }]
"""
OPEN_TO_ALL = """
add element inet tenshu window4 { 0.0.0.0/0 }
add element inet tenshu window6 { ::/0 }
"""
"""A maintenance window that lets in everybody: what keeps people from SSH are the lists alone."""
PORTS = (22, 25, 80, 443, 5432, 8443)
MAIL_USER = 65_534
TIMES = 20
"""As many single packets are sent: what else is counted meanwhile is fewer."""


@contextlib.contextmanager
def filtered_network() -> Iterator[Network]:
    """Three hosts: the appliance listens to everything that the probes try."""
    with network() as found:
        for number in PORTS:
            found.appliance.listen(number)
        for number in (25, 53, 587, 2525):
            found.outside.listen(number)
        for number in (53, 67, 123, 514, 515, 547, 4789):
            echo(found.outside, number)
        for number in (53, 68, 123, 161, 546):
            echo(found.appliance, number)
        for address, length in ((STRANGER, 24), (STRANGER6, 64)):
            # nobody answers from it who was asked at another one
            more = ["nodad", "preferred_lft", "0"] if ":" in address else []
            name = found.outside.name
            ip("-n", name, "address", "add", f"{address}/{length}", "dev", "eth0", *more)
        for kind in ("", "_stream"):  # leases have fixed ports: no look may live on the last one
            name = f"net.netfilter.nf_conntrack_udp_timeout{kind}"
            found.appliance.run("sysctl", "-qw", f"{name}=1")
        # hosts that would take the appliance for a router, and an appliance that would be one
        found.appliance.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        found.appliance.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        for host, gate, gate6, to, to6 in (
            (found.manage, "10.77.1.1", "fd77:1::1", "10.77.2.0/24", "fd77:2::/64"),
            (found.outside, "10.77.2.1", "fd77:2::1", "10.77.1.0/24", "fd77:1::/64"),
        ):
            ip("-n", host.name, "route", "add", to, "via", gate)
            ip("-n", host.name, "-6", "route", "add", to6, "via", gate6)
        yield found


def echo(host: Host, port: int) -> None:
    """Answer whatever comes over UDP, for as long as the host lives."""

    def listen() -> socket.socket:
        server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("::", port))
        return server

    server = host.call(listen)
    host.servers[-port] = server

    def answer() -> None:
        while server.fileno() >= 0:
            with contextlib.suppress(TimeoutError, PermissionError):  # the filter lets none out
                try:
                    data, whom = server.recvfrom(100)
                    server.sendto(data, whom)
                except OSError as error:
                    if error.errno == errno.EBADF:  # the host is gone
                        return
                    raise

    server.settimeout(0.2)
    threading.Thread(target=answer, daemon=True).start()


FACTS = Facts(
    run="/run",
    certificates={},
    users={"tenshu-workspace": MAIL_USER, "root": 0, "_chrony": MAIL_USER},
)


LEASES = next(mark(one) for one in ways(read_document(DOCUMENT), FACTS) if one.purpose == "dhcp")


def rules(text: str = DOCUMENT) -> str:
    return ruleset(read_document(text), FACTS) + OPEN_TO_ALL


def load(net: Network, text: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.nft"
    path.write_text(text)
    net.appliance.run("nft", "-f", str(path))


def doors(source: str, source6: str, number: int) -> list[Door]:
    """Every door of the appliance, both families; `number` is the network that it is tried in."""
    found = []
    for port in PORTS:
        found.append(Door(f"10.77.{number}.1", port, source))
        found.append(Door(f"fd77:{number}::1", port, source6))
    for port in (53, 123, 161):
        found.append(Door(f"10.77.{number}.1", port, source, "udp"))
        found.append(Door(f"fd77:{number}::1", port, source6, "udp"))
    return found


def expected() -> dict[str, set[int]]:
    """Whom which TCP ports answer; of UDP none does."""
    return {MANAGE: {22, 8443}, OFFICE: {80, 443}, STRANGER: set()}


STANDING = ((STRANGER, 22), (STRANGER, 8443), (STRANGER, 443), (OFFICE, 443))
"""Connections that are opened before the rules are loaded, and the port that each is on."""
OPEN = (
    "add table inet open; add chain inet open input { type filter hook input priority 0; }; "
    "add rule inet open input ct state new accept"
)
"""Lets everything in, and makes the kernel know what stands: without a rule it keeps no account."""


def stand(net: Network) -> dict[tuple[str, int], tuple[socket.socket, socket.socket]]:
    """Open connections while every rule lets them in: both ends of each."""
    net.appliance.run("nft", f"flush ruleset; {OPEN}")
    net.appliance.call(forget_flows)
    found = {}
    for source, port in STANDING:
        client = net.outside.call(
            lambda port=port, source=source: socket.create_connection(
                ("10.77.2.1", port), 5, (source, 0)
            )
        )
        server = net.appliance.servers[port]
        while (accepted := server.accept())[1][1] != client.getsockname()[1]:
            accepted[0].close()  # of an earlier probe
        found[source, port] = (client, accepted[0])
    return found


def alive(pair: tuple[socket.socket, socket.socket]) -> bool:
    """Tell whether a hundred pieces get through: more packets than new ones are allowed."""
    client, server = pair
    with client, server:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server.settimeout(0.3)
        got = 0
        with contextlib.suppress(TimeoutError):
            for _ in range(100):
                client.sendall(b"x")
                got += len(server.recv(10))
    return got == 100


def seen(net: Network, text: str, tmp_path: Path) -> dict[str, set[object]]:
    """How it all looks under these rules, from everywhere and to everywhere."""
    standing = stand(net)
    load(net, f"delete table inet open\n{text}", tmp_path)
    for host in (net.appliance, net.outside, net.manage):
        ip("-n", host.name, "neigh", "flush", "all")  # who knows each other already needs no rule
    found: dict[str, set[object]] = {
        "standing": {which for which, pair in standing.items() if alive(pair)}
    }
    for host, source, source6, number in (
        (net.manage, MANAGE, MANAGE6, 1),
        (net.outside, OFFICE, OFFICE6, 2),
        (net.outside, STRANGER, STRANGER6, 2),
    ):
        answers = look(host, doors(source, source6, number))
        four = {
            (one.port, one.protocol)
            for one, is_open in answers.items()
            if is_open and ":" not in one.address
        }
        six = {
            (one.port, one.protocol)
            for one, is_open in answers.items()
            if is_open and ":" in one.address
        }
        found[source], found[source6] = set(four), set(six)
    itself = look(net.appliance, [Door("127.0.0.1", 5432), Door("::1", 5432)])
    found["itself"] = {one.address for one, is_open in itself.items() if is_open}
    through = look(net.manage, [Door(OFFICE, 587), Door(OFFICE6, 587)])
    found["through"] = {one.address for one, is_open in through.items() if is_open}
    out = [Door(address, port) for address in (OFFICE, OFFICE6) for port in (25, 53, 587, 2525)]
    out += [
        Door(address, port, "", "udp")
        for address in (OFFICE, OFFICE6)
        for port in (53, 123, 514, 515, 4789)
    ]
    for user in (0, MAIL_USER):
        sent = net.appliance.call(_as_user, user, tuple(out))
        found[f"out as {user}"] = {
            (one.address, one.port, one.protocol) for one, is_open in sent.items() if is_open
        }
    for address in ("10.77.2.1", "fd77:2::1"):
        found[f"ping {address}"] = {pings(net.outside, address)}
    found["leases"] = set(leases(net))
    found["counted"] = set(counted(net)) - {"invalid"}  # what stood before may send late
    found["listed"] = {
        one for why in SEEN for family in "46" if elements(net, one := f"seen_{why}{family}")
    }
    for direction in ("sent", "received"):
        found[direction] = set(map(str, elements(net, f"used_{direction}")))
    found["leases sent"] = {element_packets(net, "used_sent", LEASES)}
    found["invalid"] = set(counting(net, send_invalid))
    found["multicast"] = set(counting(net, send_multicast_reports))
    return found


def counting(net: Network, send: Callable[[Network, int], None]) -> set[str]:
    """Return which counters count packets that nobody answers, each of them."""
    names = ("invalid", "refused", "refused_out")
    before = {name: packets(net, name) for name in names}
    send(net, TIMES)
    return {name for name in names if packets(net, name) >= before[name] + TIMES}


def _as_user(user: int, out: tuple[Door, ...]) -> dict[Door, bool]:
    """Try doors as a user of the appliance: a process of its own, for the kernel looks at that."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.setuid(user)
        answers = _look(out)
        os.write(writing, bytes(int(answers[one]) for one in out))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        answers = told.read()
    os.waitpid(child, 0)
    return dict(zip(out, map(bool, answers), strict=True))


def wanted() -> dict[str, set[object]]:
    """How it must look."""
    found: dict[str, set[object]] = {
        "through": set(),
        "standing": {(OFFICE, 443)},
        "itself": {"127.0.0.1", "::1"},
    }
    for source, six in ((MANAGE, MANAGE6), (OFFICE, OFFICE6), (STRANGER, STRANGER6)):
        ports: set[object] = {(port, "tcp") for port in expected()[source]}
        found[source] = found[six] = ports
    dns: set[object] = {
        (address, 53, protocol) for address in (OFFICE, OFFICE6) for protocol in ("tcp", "udp")
    }
    found["out as 0"] = dns | {(OFFICE, 4789, "udp")}
    found[f"out as {MAIL_USER}"] = dns | {
        (OFFICE, 587, "tcp"),
        (OFFICE6, 514, "udp"),
        (OFFICE, 123, "udp"),
    }
    found["ping 10.77.2.1"] = found["ping fd77:2::1"] = {True}
    found["leases"] = {"in4", "in6", "out4", "out6"}
    areas = ("console", "service", "ssh")
    found["counted"] = {"refused", "refused_out", "forwarded", *(f"refused_{one}" for one in areas)}
    found["listed"] = {f"seen_{why}{n}" for why in (*areas, "refused", "out") for n in "46"}
    marks = {str(mark(one)) for one in ways(read_document(DOCUMENT), FACTS)}
    found["sent"], found["received"] = set(marks), set(marks)
    found["leases sent"] = {2}
    found["invalid"], found["multicast"] = {"invalid"}, set()
    return found
