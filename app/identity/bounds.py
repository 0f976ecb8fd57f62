"""From where and with what an account may come in: compiled from rules, asked at each request.

All rules that concern somebody hold at once: their own, those of each role that they hold, those
of the area that they enter. What they add up to stands as one text beside the account, as rights
do, so that a request reads it in the row that it needs anyway; nearly always it is empty.

The machine itself always reaches what it serves: its own screen is the last way in.
"""

import functools
from collections.abc import Iterable
from typing import Final

import msgspec

from app.identity.errors import CertificateNeeded, NotFromHere
from app.operations.context import Plane
from appliance.contract.configuration.addresses import AnyNetwork, client, contains, network
from appliance.contract.configuration.reaching import THIS_MACHINE

API: Final = "api"
"""Whatever comes with an API token, on any plane."""
AREAS: Final = (Plane.CONSOLE.value, Plane.WORKSPACE.value, API)
"""What may ask for certificates. Its lists of networks stand in the machine's document."""
NOTHING: Final = ""

ShutOut = NotFromHere | CertificateNeeded


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule asks."""

    networks: tuple[str, ...] = ()
    """From these alone; empty: from everywhere."""
    certificate: bool = False


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What all rules that concern an account add up to."""

    networks: tuple[tuple[str, ...], ...] = ()
    """Lists; the address must lie in each of them."""
    certificate: tuple[str, ...] = ()
    """Areas that ask for a certificate."""


def compile_bounds(areas: Iterable[str], rules: Iterable[Rule]) -> str:
    """Return the text for an account: `areas` ask everybody, `rules` concern this one."""
    concerning = list(rules)
    lists = {one.networks for one in concerning if one.networks}
    everywhere = any(one.certificate for one in concerning)
    found = Bounds(
        networks=tuple(sorted(lists)),
        certificate=AREAS if everywhere else tuple(sorted(areas)),
    )
    return NOTHING if found == Bounds() else msgspec.json.encode(found).decode()


def why_shut_out(
    bounds: str, plane: str, peer: str, *, certificate: bool, by_token: bool = False
) -> ShutOut | None:
    """Return why somebody may not come in; None where they may.

    `certificate` tells whether they have shown a valid one of their own.
    """
    if bounds == NOTHING:
        return None
    compiled, lists = _read(bounds)
    address = client(peer)
    if address not in THIS_MACHINE and not all(
        address is not None and contains(one, address) for one in lists
    ):
        return NotFromHere()
    asked = plane in compiled.certificate or (by_token and API in compiled.certificate)
    return CertificateNeeded() if asked and not certificate else None


def asks_for_certificate(bounds: str, plane: str) -> bool:
    """Tell whether somebody needs a certificate on a plane."""
    return bounds != NOTHING and plane in _read(bounds)[0].certificate


@functools.lru_cache(maxsize=1024)
def _read(bounds: str) -> tuple[Bounds, tuple[tuple[AnyNetwork, ...], ...]]:
    found = msgspec.json.decode(bounds, type=Bounds)
    lists = tuple(
        tuple(one for one in map(network, texts) if one is not None) for texts in found.networks
    )
    return found, lists
