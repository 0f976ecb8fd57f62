"""Every slot is read through from time to time, and what is wrong is mended from one that is right.

`python -m appliance.slots.reading`, a unit of its own (`tenshu-scrub.service`), every 28 nights.
What nobody reads may rot unseen, and the copy is what nobody reads. All slots of one release have
one tree of hashes, so each block is right or wrong by itself, whichever disk it lies on; so is one
of the slot that runs, beneath its mirror: nobody writes there but us, and only what is right.
"""

import contextlib
import hashlib
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.disks.errors import NotRead
from appliance.contract.disks.state import Role
from appliance.contract.disks.system import Damage, Reading, Slot
from appliance.contract.errors import ApplianceError
from appliance.log import configure_logging
from appliance.place import load_place
from appliance.records import now
from appliance.slots.filling import SLOTS
from appliance.slots.keeping import KeptSlots
from appliance.storage import verity
from appliance.storage.facts import TURNED, Block, Facts, device, gather
from appliance.storage.layout import EMPTY
from appliance.storage.looking import look
from appliance.storage.verity import BLOCK, NoTree, Tree

LOG: Final = logging.getLogger("appliance.slots")
LONGEST_PAUSE: Final = 2.0
Roots = tuple[str, str]
"""What a slot's numbers may be the halves of: the root of its tree, or that turned round."""


class Side(NamedTuple):
    """A slot on a disk."""

    disk: str
    slot: Slot
    data: Path
    tree: Path


def sides(facts: Facts) -> dict[Roots, list[Side]]:
    """Return all slots of the disks that carry the machine, those of one release together."""
    members = {one.name for one in look(facts).disks if one.role is Role.member}
    found: dict[Roots, list[Side]] = {}
    for disk in facts.disks:
        by_place = {one.partn: one for one in disk.partitions if disk.kname in members}
        for name, (of_data, of_tree) in SLOTS.items():
            data, tree = by_place.get(of_data), by_place.get(of_tree)
            if data is None or tree is None or EMPTY in (data.partlabel, tree.partlabel):
                continue
            side = Side(
                disk.serial or disk.kname,
                Slot(name[-1]),
                Path(device(data.kname)),
                Path(device(tree.kname)),
            )
            found.setdefault(_roots(data, tree), []).append(side)
    return found


def _roots(data: Block, tree: Block) -> Roots:
    digits = f"{data.partuuid}{tree.partuuid}".replace("-", "")
    first, second = sorted((digits, digits.translate(TURNED)))
    return first, second


def read_through(
    roots: Roots, found: list[Side], pause: Callable[[int], None]
) -> tuple[int, list[Damage]]:
    """Read all slots of one release, and mend them from one another; return bytes and damages.

    Raise NotRead where no slot has what is right, or OSError.
    """
    with contextlib.ExitStack() as stack:
        opened = {
            path: stack.enter_context(path.open("rb", buffering=0)).fileno()
            for side in found
            for path in (side.data, side.tree)
        }
        try:
            tree = verity.good_tree([verity.read_tree(opened[one.tree]) for one in found], roots)
        except NoTree:
            said = f"no whole tree of hashes on {', '.join(sorted({one.disk for one in found}))}"
            raise NotRead(said=said) from None
        damages = []
        for side in found:
            of_tree = list(verity.wrong_in_tree(opened[side.tree], tree))
            of_data = list(verity.wrong_in_data(opened[side.data], tree, pause))
            if not of_tree and not of_data:
                continue
            others = [opened[one.data] for one in found if one is not side]
            mended = mend(side.tree, ((one, tree.block(one)) for one in of_tree))
            mended += mend(side.data, _right(tree, of_data, others))
            bad = len(of_tree) + len(of_data)
            damages.append(Damage(disk=side.disk, slot=side.slot, bad=bad, mended=mended))
        return len(found) * (tree.header.blocks * BLOCK + tree.header.size), damages


def _right(tree: Tree, wrong: Iterable[int], others: list[int]) -> Iterator[tuple[int, bytes]]:
    """Yield what is right, from wherever it lies; nothing of a block that is right nowhere."""
    for number in wrong:
        for other in others:
            block = verity.read(other, number * BLOCK, BLOCK)
            if tree.header.digest(block) == tree.expected(number):
                yield number, block
                break


def mend(path: Path, blocks: Iterable[tuple[int, bytes]]) -> int:
    """Write blocks in their places; return how many of them are read there afterwards."""
    written: dict[int, bytes] = {}
    try:
        for number, block in blocks:
            with path.open("r+b", buffering=0) as file:
                os.pwrite(file.fileno(), block, number * BLOCK)
                os.fsync(file.fileno())
            written[number] = hashlib.sha256(block).digest()
    except OSError as error:  # a disk that takes nothing more; what it took is looked at
        LOG.warning("%s cannot be mended: %s", path, error)
    with path.open("rb", buffering=0) as file:
        return sum(
            hashlib.sha256(verity.read(file.fileno(), number * BLOCK, BLOCK)).digest() == digest
            for number, digest in written.items()
        )


def scrub(kept: KeptSlots, facts: Facts, pause: Callable[[int], None]) -> Reading:
    """Read everything through, keep what was found, and let the history know of damages."""
    size, damages, error = 0, list[Damage](), None
    for roots, found in sides(facts).items():
        try:
            read, new = read_through(roots, found, pause)
        except NotRead as refused:
            error = refused
        except OSError as refused:
            error = NotRead(said=str(refused))
        else:
            size, damages = size + read, damages + new
    reading = Reading(
        at=now(),
        size=size,
        damages=tuple(damages),
        error_code=error.code if error else "",
        error_parameters={"said": str(error.parameters["said"])} if error else {},
    )
    kept.read_through(reading)
    kept.look_at_slots()  # what starts them is looked at as after each start
    return reading


def half_as_fast(took: int) -> None:
    """Leave the disk to others for as long as it was read. Nanoseconds."""
    time.sleep(min(took / 1e9, LONGEST_PAUSE))


def main() -> int:
    """Read to the end. Return 0; 1 where something is damaged and stays so, or cannot be read."""
    configure_logging("slots")
    try:
        kept = KeptSlots(load_place())
        with kept.slots_in_turn():
            reading = scrub(kept, gather(), half_as_fast)
    except (ApplianceError, ProgramRefused, OSError) as error:
        LOG.error("the slots cannot be read through: %s", error)  # noqa: TRY400
        return 1
    for one in reading.damages:
        LOG.warning("slot %s on %s: %d blocks wrong, %d mended", *msgspec.structs.astuple(one))
    LOG.info("%d bytes of the slots were read through", reading.size)
    return 0 if reading.is_well else 1


if __name__ == "__main__":
    sys.exit(main())
