"""How an appliance looks from other hosts: many doors tried at once."""

import contextlib
import secrets
import selectors
import socket
import struct
import time
from collections.abc import Iterable
from typing import NamedTuple

from tests.hosts import Host

SECONDS = 0.35
"""How long silence is waited for; on a cable in memory an answer comes within a millisecond."""


class Door(NamedTuple):
    """One way to try: to an address and port, by a protocol, from an own address."""

    address: str
    port: int
    source: str = ""
    protocol: str = "tcp"


def look(host: Host, doors: Iterable[Door]) -> dict[Door, bool]:
    """Return which doors answered somebody at `host`. TCP: taken; UDP: echoed."""
    return host.call(_look, tuple(doors))


def _look(doors: tuple[Door, ...]) -> dict[Door, bool]:
    found = dict.fromkeys(doors, False)
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        for door in doors:
            family = socket.AF_INET6 if ":" in door.address else socket.AF_INET
            is_tcp = door.protocol == "tcp"
            kind = socket.SOCK_STREAM if is_tcp else socket.SOCK_DGRAM
            one = stack.enter_context(socket.socket(family, kind))
            one.setblocking(False)
            if door.source:
                one.bind((door.source, 0))
            with contextlib.suppress(BlockingIOError, PermissionError):
                one.connect((door.address, door.port))
                if not is_tcp:
                    one.send(b"?")
            event = selectors.EVENT_WRITE if is_tcp else selectors.EVENT_READ
            selector.register(one, event, door)
        until = time.monotonic() + SECONDS
        while (left := until - time.monotonic()) > 0 and selector.get_map():
            for key, _ in selector.select(left):
                one = key.fileobj
                assert isinstance(one, socket.socket)
                found[key.data] = not one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                selector.unregister(one)
    return found


def pings(host: Host, address: str) -> bool:
    """Tell whether an echo request is answered (RFC 792, RFC 4443)."""
    return host.call(_pings, address)


def _pings(address: str) -> bool:
    six = ":" in address
    protocol = socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP
    family = socket.AF_INET6 if six else socket.AF_INET
    asks, answers = (128, 129) if six else (8, 0)
    # an identifier of its own: an answered request would be let in as one that stands already
    head = struct.pack(
        "!BBHHH", asks, 0, 0, secrets.randbelow(1 << 16), 1
    )  # of IPv6 the kernel fills in the checksum
    # of IPv6 the kernel fills in the checksum
    whole = head if six else head[:2] + struct.pack("!H", _checksum(head)) + head[4:]
    with socket.socket(family, socket.SOCK_RAW, protocol) as one:
        one.settimeout(SECONDS)
        one.sendto(whole, (address, 0))
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(TimeoutError):
                told, whom = one.recvfrom(200)
                if whom[0] == address and (told if six else told[20:])[0] == answers:
                    return True
    return False


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
