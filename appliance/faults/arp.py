"""Who has an IPv4 address: asked, and answered, in the words of ARP (RFC 826, RFC 5227). Pure."""

import ipaddress
import struct
from typing import Final, NamedTuple

ETHERNET, IPV4, REQUEST = 1, 0x0800, 1
PROTOCOL: Final = 0x0806
EVERYBODY: Final = b"\xff" * 6
_FORM: Final = struct.Struct("!6s6sHHHBBH6s4s6s4s")


class Said(NamedTuple):
    """Who says to have which address."""

    card: str
    """Hardware address, in pairs with colons."""
    address: str


def probe(own: bytes, address: str) -> bytes:
    """Return the question whether somebody has an address; nobody learns from it who asks."""
    wanted = ipaddress.IPv4Address(address).packed
    return _FORM.pack(
        EVERYBODY, own, PROTOCOL, ETHERNET, IPV4, 6, 4, REQUEST, own, bytes(4), bytes(6), wanted
    )


def said(frame: bytes) -> Said | None:
    """Return what a frame says of its sender; none where it says nothing that we know."""
    if len(frame) < _FORM.size:
        return None
    _, _, kind, hardware, protocol, long, short, _, card, address, _, _ = _FORM.unpack_from(frame)
    if (kind, hardware, protocol, long, short) != (PROTOCOL, ETHERNET, IPV4, 6, 4):
        return None
    if not any(address):
        return None  # a question of somebody who has no address yet
    return Said(card.hex(":"), str(ipaddress.IPv4Address(address)))
