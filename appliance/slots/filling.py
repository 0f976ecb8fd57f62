"""The other slot on a disk, made a copy of the running one, and named so once it is whole.

Only blocks that differ are written, so a copy with one bad block is mended by one write, and a thin
disk stays thin. The table says last that the copy is there: until then the initrd does not see it.
"""

import os
import uuid
from pathlib import Path
from typing import Final, NamedTuple

from appliance.contract.disks.errors import CopyDiffers
from appliance.contract.disks.state import Part
from appliance.storage import programs
from appliance.storage.copying import CHUNK
from appliance.storage.facts import Block, Facts, device, slot_numbers
from appliance.storage.layout import EMPTY, renamed
from appliance.storage.looking import arrays_by_part

SLOTS: Final = {"tenshu-a": (2, 3), "tenshu-b": (4, 5)}
"""Each slot's partitions on a disk: itself, and its tree of hashes."""
HASHES: Final = "-verity"


class Other(NamedTuple):
    """The slot of a disk that does not run."""

    disk: Block
    name: str
    data: Block
    tree: Block
    """Its tree of hashes."""

    @property
    def is_empty(self) -> bool:
        """Whether nobody says that something whole lies there."""
        return EMPTY in (self.data.partlabel, self.tree.partlabel)

    def bears(self, numbers: tuple[str, str]) -> bool:
        """Tell whether both partitions have these numbers."""
        return (self.data.partuuid, self.tree.partuuid) == numbers


def other_of(disk: Block, facts: Facts) -> Other | None:
    """Return the slot of a disk that does not run; nothing where its table is none of ours."""
    by_place = {one.partn: one for one in disk.partitions}
    for name, places in SLOTS.items():
        pair = [by_place.get(place) for place in places]
        data, tree = pair
        if data is None or tree is None:
            return None
        if not {data.partuuid, tree.partuuid} & {*facts.numbers}:
            return Other(disk, name, data, tree)
    return None


def copies(facts: Facts) -> tuple[str, str]:
    """Return the numbers that a copy of the running slot bears."""
    return slot_numbers(facts.roothash, copy=not facts.copy)


def fill(other: Other, facts: Facts) -> None:
    """Make it a copy of the running slot. Raise CopyDiffers, ProgramRefused or OSError."""
    arrays = arrays_by_part(facts)
    if not other.is_empty:
        _name(other, (EMPTY, EMPTY), (str(uuid.uuid4()), str(uuid.uuid4())))
    for part, target in ((Part.slot, other.data), (Part.hashes, other.tree)):
        make_same(Path(device(arrays[part].kname)), Path(device(target.kname)))
    if not programs.is_slot(other.data.kname, other.tree.kname, facts.roothash):
        raise CopyDiffers(disk=other.disk.serial or other.disk.kname)
    _name(other, (other.name, f"{other.name}{HASHES}"), copies(facts))


def is_whole(other: Other, facts: Facts) -> bool:
    """Tell whether each block of a copy is what the root of the hashes says."""
    return programs.is_slot(other.data.kname, other.tree.kname, facts.roothash)


def make_same(source: Path, target: Path) -> int:
    """Write where the second differs from the first, and return how many bytes. Raise OSError."""
    written = 0
    with source.open("rb", buffering=0) as reading, target.open("r+b", buffering=0) as writing:
        for one in (reading, writing):
            os.posix_fadvise(one.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while chunk := reading.read(CHUNK):
            place = writing.tell()
            same = writing.read(len(chunk)) == chunk
            for one in (reading, writing):  # what was read is not read again
                os.posix_fadvise(one.fileno(), place, len(chunk), os.POSIX_FADV_DONTNEED)
            if same:
                continue
            writing.seek(place)
            left = memoryview(chunk)
            while left:
                left = left[writing.write(left) :]
            os.fdatasync(writing.fileno())
            os.posix_fadvise(writing.fileno(), place, len(chunk), os.POSIX_FADV_DONTNEED)
            written += len(chunk)
        os.fsync(writing.fileno())
        os.posix_fadvise(writing.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return written


def _name(other: Other, names: tuple[str, str], numbers: tuple[str, str]) -> None:
    places = SLOTS[other.name]
    changes = {place: (names[i], numbers[i]) for i, place in enumerate(places)}
    table = renamed(programs.dump_table(other.disk.kname), changes)
    programs.change_table(other.disk.kname, table)
