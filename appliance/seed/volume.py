"""What the readers of both file systems share."""

from collections.abc import Callable
from dataclasses import dataclass

Read = Callable[[int, int], bytes]
"""Bytes of a disk from a place on, so many. Raises Damaged where the disk ends before."""


class Damaged(Exception):
    """A disk says of itself what cannot be."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the first folder of a disk."""

    name: str
    size: int
    read: Callable[[], bytes]
    """Read all of it. Raises Damaged."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A disk with a file system."""

    labels: tuple[str, ...]
    entries: Callable[[], tuple[Entry, ...]]
    """Files of the first folder. Raises Damaged."""

    def find(self, name: str) -> Entry | None:
        """Return the file of this name, in capitals or not."""
        wanted = name.casefold()
        return next((one for one in self.entries() if one.name.casefold() == wanted), None)


def number(raw: bytes, at: int, length: int) -> int:
    """Return a number as both file systems write it: the lowest byte first."""
    return int.from_bytes(raw[at : at + length], "little")
