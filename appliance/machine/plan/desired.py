"""What a plan comes to: files, each of one concern."""

import enum
from collections.abc import Iterable
from typing import Final

import msgspec


class Concern(enum.StrEnum):
    """What is checked, put into place and made to take effect together, in this order.

    The firewall goes first: a new address must never stand before the rules that are meant for it.
    """

    FIREWALL = "firewall"
    NETWORK = "network"
    TIME = "time"
    SSH = "ssh"
    EDGE = "edge"
    OUTGOING = "outgoing"
    """What those read who go out, each time they do: nothing has to be told."""


LOCKS_OUT: Final = frozenset({Concern.FIREWALL, Concern.NETWORK, Concern.SSH, Concern.EDGE})
"""A change of these may exclude the person who makes it: confirm or revert (section 6)."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One file as it should be. Whatever lies in its place is replaced whole."""

    path: str
    """Below the machine's root, without a leading slash: `etc/nftables.conf`."""
    content: str
    concern: Concern
    mode: int = 0o644


class Desired(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a document comes to."""

    files: tuple[File, ...]

    def of(self, concern: Concern) -> tuple[File, ...]:
        """Return the files of one concern, by path."""
        return tuple(one for one in self.files if one.concern is concern)

    def by_path(self) -> dict[str, File]:
        """Return the files by their path."""
        return {one.path: one for one in self.files}


def gather(files: Iterable[File]) -> Desired:
    """Return the plan of these files, in an order that does not change."""
    return Desired(files=tuple(sorted(files, key=lambda one: one.path)))
