"""Which disk may be taken in, and how the mirrors stand. Pure."""

from typing import Final

from appliance.contract.disks.errors import (
    DiskForeign,
    DiskInUse,
    DiskNotEmpty,
    DiskTooSmall,
    DiskUnknown,
    MirrorsComplete,
)
from appliance.contract.disks.state import DiskView, Role, Standing
from appliance.storage.facts import Block
from appliance.storage.looking import Seen

MEGABYTE: Final = 1_000_000
BY_ITSELF: Final = "usb"
"""Over which nothing is taken in that nobody asked for: a stick with a seed file is no mirror."""


def may_take(seen: Seen, disk: str, *, erase: bool) -> DiskView:
    """Return the disk that may be taken in. Raise what keeps it from that."""
    found = seen.find(disk)
    if found is None:
        raise DiskUnknown(disk=disk)
    called = found.serial or found.name
    if found.role is Role.foreign:
        raise DiskForeign(disk=called)
    if found.role in (Role.member, Role.filling):
        raise DiskInUse(disk=called)
    if seen.is_whole:
        raise MirrorsComplete
    if found.size < seen.needed:
        needed, size = -(-seen.needed // MEGABYTE), found.size // MEGABYTE
        raise DiskTooSmall(disk=called, size=size, needed=needed)
    if found.role is Role.occupied and not erase:
        raise DiskNotEmpty(disk=called, holds=found.holds or "?")
    return found


def by_itself(seen: Seen, disks: tuple[Block, ...]) -> DiskView | None:
    """Return the one disk that is taken in at the first start; none where that is not clear."""
    fixed = {one.kname for one in disks if not one.rm and one.tran != BY_ITSELF and not one.ro}
    empty = [one for one in seen.disks if one.role is Role.empty and one.name in fixed]
    alone = len([one for one in seen.disks if one.role in (Role.member, Role.filling)]) == 1
    return empty[0] if alone and len(empty) == 1 else None


def returned(seen: Seen) -> DiskView | None:
    """Return a disk that was a member and is here again, where a side is missing."""
    if seen.is_whole:
        return None
    return next((one for one in seen.disks if one.role is Role.returned), None)


def standing(seen: Seen, *, were_mirrored: bool) -> Standing:
    """Return how the mirrors stand; that a second side has been lost is known from before."""
    if seen.is_whole:
        return Standing.mirrored
    if seen.is_filling:
        return Standing.filling
    return Standing.lost if were_mirrored else Standing.single
