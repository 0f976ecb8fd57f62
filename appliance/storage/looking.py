"""From what the kernel says to what it means: which disk is what, and whether one may die. Pure."""

import hashlib
from collections.abc import Iterator
from typing import Final

import msgspec

from appliance.contract.disks.state import (
    Condition,
    DiskView,
    Mirror,
    Part,
    Role,
    Side,
)
from appliance.storage.facts import Array, Block, Facts, Member

STATE: Final = "tenshu-state"
SECTOR: Final = 512
TAIL: Final = 34 * SECTOR
"""The table's copy at the end of a disk (GPT)."""
RAID: Final = "linux_raid_member"
ORDER: Final = tuple(Role)


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What was made of the facts."""

    disks: tuple[DiskView, ...]
    mirrors: tuple[Mirror, ...]
    needed: int
    """Bytes that a further disk must have."""

    @property
    def is_whole(self) -> bool:
        """Whether each mirror has two whole sides."""
        return bool(self.mirrors) and all(
            [side.condition for side in mirror.sides] == [Condition.whole] * 2
            for mirror in self.mirrors
        )

    @property
    def is_filling(self) -> bool:
        """Whether a side of a mirror is being filled."""
        return any(
            side.condition is Condition.filling for mirror in self.mirrors for side in mirror.sides
        )

    @property
    def has_failed(self) -> bool:
        """Whether a side stands in its mirror that serves no more."""
        return any(
            side.condition is Condition.failed for mirror in self.mirrors for side in mirror.sides
        )

    def find(self, disk: str) -> DiskView | None:
        """Return a disk by its identifier."""
        return next((one for one in self.disks if one.id == disk), None)


def part_of(partition: Block, facts: Facts) -> Part | None:
    """Return what a partition carries of the running machine, going by its number or name."""
    if facts.roothash and partition.partuuid in facts.numbers:
        return (Part.slot, Part.hashes)[facts.numbers.index(partition.partuuid)]
    return Part.state if partition.partlabel == STATE else None


def identify(disk: Block, boot: str) -> str:
    """Return the identifier of a disk: the same for the same disk, wherever it is plugged in.

    One that tells no number is only known until the machine starts anew.
    """
    own = disk.wwn or disk.serial
    told = (own, disk.model, disk.serial) if own else (boot, disk.kname, disk.size)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def arrays_by_part(facts: Facts) -> dict[Part, Array]:
    """Return the three mirrors; each is known by a side that is still there."""
    parts = {one.kname: part_of(one, facts) for disk in facts.disks for one in disk.partitions}
    found: dict[Part, Array] = {}
    for array in facts.arrays:
        for member in array.members:
            part = parts.get(member.kname)
            if part is not None and "faulty" not in member.states and not member.gone:
                found.setdefault(part, array)
    return found


def condition_of(member: Member) -> Condition:
    """Return how a side stands."""
    if member.gone or "faulty" in member.states:
        return Condition.failed
    return Condition.whole if "in_sync" in member.states else Condition.filling


def look(facts: Facts, taken: str = "") -> Seen:
    """Return what the disks are. `taken` is the table's number of one that is being taken in."""
    arrays = arrays_by_part(facts)
    own = _own_state(facts, arrays)
    needed = _needed(facts, arrays)
    owners = {one.kname: disk for disk in facts.disks for one in disk.partitions}
    disks = tuple(_view(disk, facts, arrays, own, needed, taken) for disk in facts.disks)
    return Seen(
        disks=tuple(sorted(disks, key=lambda one: (ORDER.index(one.role), one.name))),
        mirrors=tuple(
            _mirror(part, arrays[part], owners, facts.boot) for part in Part if part in arrays
        ),
        needed=needed,
    )


def _own_state(facts: Facts, arrays: dict[Part, Array]) -> str:
    """Return the number of this machine's state; empty where it has none."""
    if Part.state not in arrays:
        return ""
    members = {one.kname for one in arrays[Part.state].members}
    numbers = (
        one.uuid
        for disk in facts.disks
        for one in disk.partitions
        if one.kname in members and one.fstype == RAID
    )
    return next(filter(None, numbers), "")


def _needed(facts: Facts, arrays: dict[Part, Array]) -> int:
    """Return how large a disk must be: as far as the smallest state's partition reaches."""
    if Part.state not in arrays:
        return 0
    members = {one.kname for one in arrays[Part.state].members}
    ends = [
        (one.start or 0) * SECTOR + one.size
        for disk in facts.disks
        for one in disk.partitions
        if one.kname in members
    ]
    return min(ends, default=0) + TAIL


def _view(
    disk: Block, facts: Facts, arrays: dict[Part, Array], own: str, needed: int, taken: str
) -> DiskView:
    return DiskView(
        id=identify(disk, facts.boot),
        name=disk.kname,
        model=(disk.model or "").strip(),
        serial=(disk.serial or "").strip(),
        size=disk.size,
        role=_role(disk, arrays, own, needed, taken),
        started=any(one.partuuid == facts.started for one in disk.partitions if facts.started),
        holds=", ".join(_held(disk))[:300],
    )


def _role(disk: Block, arrays: dict[Part, Array], own: str, needed: int, taken: str) -> Role:
    sides = _sides(disk, arrays)
    if len(sides) == len(Part) and set(sides) == {Condition.whole}:
        return Role.member
    if Condition.filling in sides or (taken and disk.ptuuid == taken):
        return Role.filling
    states = {one.uuid for one in disk.children if _is_state(one)}
    if states:
        return Role.returned if own and states == {own} else Role.foreign
    if disk.size < needed:
        return Role.small
    return Role.occupied if disk.ro or any(_held(disk)) else Role.empty


def _is_state(partition: Block) -> bool:
    named = (partition.label or "").rpartition(":")[2]
    return partition.fstype == RAID and STATE in (partition.partlabel, named)


def _sides(disk: Block, arrays: dict[Part, Array]) -> list[Condition]:
    names = {one.kname for one in disk.partitions}
    return [
        condition_of(member)
        for array in arrays.values()
        for member in array.members
        if member.kname in names
    ]


def _held(disk: Block) -> Iterator[str]:
    """Yield what lies on a disk, as its table calls it."""
    if disk.fstype or (disk.pttype and not disk.children):
        yield disk.label or disk.fstype or disk.pttype or ""
    for one in disk.children:
        yield one.partlabel or one.label or one.fstype or one.kname


def _mirror(part: Part, array: Array, owners: dict[str, Block], boot: str) -> Mirror:
    sides = [_side(one, owners, boot) for one in array.members]
    sides += [Side(disk="", condition=Condition.missing)] * (2 - len(sides))
    filling = any(one.condition is Condition.filling for one in sides)
    done, total = array.done or (0, 0)
    return Mirror(
        part=part,
        size=array.size,
        sides=tuple(sides),
        percent=round(100 * done / total, 1) if filling and total else (0.0 if filling else None),
        speed=array.speed if filling else 0,
    )


def _side(member: Member, owners: dict[str, Block], boot: str) -> Side:
    owner = owners.get(member.kname)
    return Side(
        disk=identify(owner, boot) if owner and not member.gone else "",
        condition=condition_of(member),
    )
