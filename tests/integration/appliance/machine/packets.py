"""Single packets of unusual kinds: leases, multicast groups, what belongs to no connection."""

import contextlib
import json
import socket
import struct
from typing import Final

from tests.hosts import Host, Network
from tests.integration.appliance.machine.looks import _checksum

SECONDS: Final = 0.35
SYN_FIN_ACK: Final = 0x13
"""Flags that no connection has: the kernel calls such a packet invalid."""
MLD_REPORT: Final = 131


def own_link(host: Host, interface: str) -> str:
    """Return the link-local address of an interface."""
    listed = json.loads(host.run("ip", "-j", "-6", "address", "show", "dev", interface))
    return next(
        one["local"] for each in listed for one in each["addr_info"] if one["scope"] == "link"
    )


def leases(net: Network) -> set[str]:
    """Return which kinds of DHCP get through: in and out, of both families.

    No two of them share addresses and ports: an answer would be let through as one.
    """
    inside, outside = own_link(net.appliance, "serve0"), own_link(net.outside, "eth0")
    tried = {
        "in4": (net.outside, "10.77.2.130", 67, "10.77.2.1", 68, ""),
        "in6": (net.outside, outside, 547, inside, 546, "eth0"),
        "out4": (net.appliance, "10.77.2.1", 68, "10.77.2.2", 67, ""),
        "out6": (net.appliance, inside, 1546, outside, 547, "serve0"),
    }
    return {name for name, (host, *told) in tried.items() if host.call(_echoed, *told)}


def _echoed(source: str, own: int, address: str, port: int, interface: str) -> bool:
    scope = (0, socket.if_nametoindex(interface)) if interface else ()
    family = socket.AF_INET6 if interface else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.settimeout(SECONDS)
        with contextlib.suppress(TimeoutError, PermissionError):
            one.bind((source, own, *scope))
            one.connect((address, port, *scope))
            one.send(b"?")
            return one.recv(10) == b"?"
    return False


def send_invalid(net: Network, times: int) -> None:
    """Send what belongs to no connection to port 443, from a source that may come there."""
    net.outside.call(_send_invalid, times)


def _send_invalid(times: int) -> None:
    source, address = socket.inet_aton("10.77.2.2"), socket.inet_aton("10.77.2.1")
    head = struct.pack("!HHIIBBHHH", 40_000, 443, 1, 1, 5 << 4, SYN_FIN_ACK, 1024, 0, 0)
    pseudo = source + address + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(head))
    whole = head[:16] + struct.pack("!H", _checksum(pseudo + head)) + head[18:]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as one:
        one.bind(("10.77.2.2", 0))
        for _ in range(times):
            one.sendto(whole, ("10.77.2.1", 0))


def send_multicast_reports(net: Network, times: int) -> None:
    """Tell the appliance of a multicast group, from its own link."""
    net.outside.call(
        _send_reports, own_link(net.outside, "eth0"), own_link(net.appliance, "serve0"), times
    )


def _send_reports(source: str, address: str, times: int) -> None:
    scope = (0, socket.if_nametoindex("eth0"))
    told = struct.pack("!BBHHH", MLD_REPORT, 0, 0, 0, 0)
    told += socket.inet_pton(socket.AF_INET6, "ff05::7")
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as one:
        one.bind((source, 0, *scope))
        for _ in range(times):
            one.sendto(told, (address, 0, *scope))
