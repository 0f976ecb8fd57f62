"""Rows of a block as bytes and as bits of a whole number, whose `&` and `|` are quick. Pure."""

import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from app.services.tables.grams import SIZE

WHOLE: Final = SIZE // 8
"""Bytes of a block with a bit for each row."""
FEW: Final = WHOLE // 4
"""Up to so many rows are kept as a list of places, two bytes each."""


def packed(places: Sequence[int]) -> bytes:
    """Return places in a block as the index keeps them."""
    if len(places) > FEW:
        return _bits(places).to_bytes(WHOLE, "little")
    listed = array("H", places)
    if sys.byteorder == "big":
        listed.byteswap()
    return listed.tobytes()


def _bits(places: Iterable[int]) -> int:
    held = bytearray(WHOLE)
    for place in places:
        held[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(held, "little")


def unpacked(kept: bytes) -> int:
    """Return what the index keeps as bits."""
    if len(kept) == WHOLE:
        return int.from_bytes(kept, "little")
    return _bits(_listed(kept))


def any_of(several: Iterable[bytes]) -> int:
    """Return the rows that stand in any of these."""
    found, places = 0, set[int]()
    for kept in several:
        if len(kept) == WHOLE:
            found |= int.from_bytes(kept, "little")
        else:
            places.update(_listed(kept))
    return found | _bits(places)


def _listed(kept: bytes) -> Sequence[int]:
    listed = array("H")
    listed.frombytes(kept)
    if sys.byteorder == "big":
        listed.byteswap()
    return listed


def places_in(bits: int) -> list[int]:
    """Return the places of bits, in order."""
    text, found = bin(bits)[:1:-1], []
    at = text.find("1")
    while at >= 0:
        found.append(at)
        at = text.find("1", at + 1)
    return found


class Hits:
    """The numbers of the rows of a table that hold a text: all of them, and no others."""

    def __init__(self, blocks: Mapping[int, int]) -> None:
        self._blocks = {block: bits for block, bits in sorted(blocks.items()) if bits}
        self._count = sum(bits.bit_count() for bits in self._blocks.values())

    def __len__(self) -> int:
        """Return how many there are."""
        return self._count

    def listed(self) -> list[int]:
        """Return all of them, in order."""
        blocks = self._blocks.items()
        return [block * SIZE + place for block, bits in blocks for place in places_in(bits)]

    def following(self, number: int | None, limit: int, *, down: bool) -> list[int]:
        """Return at most `limit` of them beyond a number, or from the end, in the way they go."""
        found: list[int] = []
        for block, bits in sorted(self._blocks.items(), reverse=down):
            left = bits if number is None else _beyond(bits, number - block * SIZE, down=down)
            places = places_in(left)
            if down:
                places.reverse()
            found += [block * SIZE + place for place in places[: limit - len(found)]]
            if len(found) >= limit:
                break
        return found


def _beyond(bits: int, place: int, *, down: bool) -> int:
    """Return the bits before a place, or behind it; the place may be outside."""
    if down:
        return bits & (1 << max(place, 0)) - 1 if place < SIZE else bits
    return bits >> place + 1 << place + 1 if place >= 0 else bits
