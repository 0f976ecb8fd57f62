"""What the edge says of a request: believed where a plane listens behind it, and nowhere else.

No header that names a client reaches a page, with the edge or without: they are taken out here,
what is known from them goes on beside the headers, where no client can write.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from appliance.contract.edge import IDENTITY, Told

_KEY: Final = "tenshu.crossing"
_OURS: Final = b"x-tenshu-"
_FORWARDED: Final = b"x-forwarded-for"
_CLAIMED_CHARACTERS: Final = 64
_LONGEST_NUMBER: Final = 18
_VERIFIED_WELL: Final = "SUCCESS"
_CLIENT, _CLAIMED, _GENERATION, _VERIFIED, _SERIAL, _CERTIFICATE = (
    name.lower().encode() for name in Told
)


class Crossing(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, as far as it is known before anybody signs in."""

    claimed: str = ""
    """Address that a proxy claims whom nobody trusts; empty where there is none."""
    generation: int = 0
    """Version of the document that the edge serves this connection by; 0 without the edge."""
    verified: str = ""
    """`NONE`, `SUCCESS` or `FAILED:reason` of the client certificate; empty without the edge."""
    serial: str = ""
    """Serial number of the client certificate, hexadecimal."""
    certificate: str = ""
    """The client certificate: PEM, percent-encoded."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the client certificate that the edge has verified; empty without one."""
        if self.verified != _VERIFIED_WELL or not self.certificate:
            return ""
        lines = unquote(self.certificate).split()
        # BEGIN CERTIFICATE and END CERTIFICATE are two words each
        try:
            der = base64.b64decode("".join(lines[2:-2]), validate=True)
        except binascii.Error:
            return ""
        return hashlib.sha256(der).hexdigest()


NOTHING: Final = Crossing()


def take(scope: dict[str, Any], *, behind_edge: bool) -> None:
    """Take what names a client out of a request's headers; set its address where the edge did."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    found: dict[bytes, bytes] = {}
    kept = []
    for name, value in headers:
        if name in IDENTITY or name.startswith(_OURS):
            found[name] = value
        else:
            kept.append((name, value))
    scope["headers"] = kept
    if not behind_edge:
        claimed = _claim(found.get(_FORWARDED, b""))
        scope[_KEY] = Crossing(claimed=claimed) if claimed else NOTHING
        return
    client = found.get(_CLIENT, b"").decode("latin-1")
    # who speaks with the socket itself is on this machine, and comes from no address
    scope["client"] = (client, 0) if client else None
    generation = found.get(_GENERATION, b"")
    scope[_KEY] = Crossing(
        claimed=_claim(found.get(_CLAIMED, b"")),
        generation=int(generation)
        if generation.isdigit() and len(generation) <= _LONGEST_NUMBER
        else 0,
        verified=found.get(_VERIFIED, b"").decode("latin-1"),
        serial=found.get(_SERIAL, b"").decode("latin-1"),
        certificate=found.get(_CERTIFICATE, b"").decode("latin-1"),
    )


def crossing_of(scope: Mapping[str, Any]) -> Crossing:
    """Return what is known of a request that has passed the gate."""
    found: Crossing = scope.get(_KEY, NOTHING)
    return found


def _claim(header: bytes) -> str:
    """Return the last address of a list: the one that the nearest proxy has written."""
    return header.decode("latin-1").rpartition(",")[2].strip()[:_CLAIMED_CHARACTERS]
