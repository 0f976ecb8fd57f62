"""After a good start: the loader's tries are given back, and the other slot is made its copy.

`python -m appliance.slots`, a unit of its own (`tenshu-slots.service`) after boot-complete.target,
and once more when a disk has been taken in (`tenshu-slots.path`). Whatever it does may be cut, and
is done at the next start: nothing is named before it is whole.
"""

import errno
import hashlib
import logging
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.disks.state import Befell, Role
from appliance.contract.errors import ApplianceError
from appliance.log import configure_logging
from appliance.place import Place, load_place
from appliance.slots.entries import Entry, named
from appliance.slots.filling import Other, copies, fill, is_whole, other_of
from appliance.slots.keeping import KeptSlots
from appliance.slots.loader import KERNELS, arm, files_of, is_ready, opened, start_of
from appliance.slots.loader_itself import mend_each
from appliance.storage.facts import Block, Facts, gather, loader_said
from appliance.storage.looking import look

LOG: Final = logging.getLogger("appliance.slots")


class Slots:
    """The disks that carry the machine, and the kernel image that it runs."""

    def __init__(self, kept: KeptSlots, facts: Facts, entry: Entry, counted: str) -> None:
        self._kept, self._facts, self._entry, self._counted = kept, facts, entry, counted
        members = [one for one in look(facts).disks if one.role is Role.member]
        first = {one.name: not one.started for one in members}
        there = (one for one in facts.disks if one.kname in first)
        self._disks = sorted(there, key=lambda one: first[one.kname])

    def work(self) -> None:
        """Do what is to be done. Raise ApplianceError, ProgramRefused or OSError."""
        with self._kept.start_in_turn():
            self._kept.started(self._facts.boot, self._failed())
            kernel = self._kernel()
            self._each(arm, self._entry, kernel)
            mend_each(self._disks, self._kept)
        others = [other_of(disk, self._facts) for disk in self._disks]
        ours = [one for one in others if one and (one.is_empty or one.bears(copies(self._facts)))]
        if len(ours) < len(others):
            return  # another release, which is what this machine falls back on
        with self._kept.start_in_turn():
            doubted = not all(self._each(is_ready, self._entry.other, kernel))
        try:
            for one in ours:
                if not self._holds(one, doubted=doubted):
                    self._fill(one)
            with self._kept.start_in_turn():
                if any(self._each(arm, self._entry.other, kernel)):
                    LOG.info("there is a copy of the system to fall back on")
        except (ApplianceError, OSError) as error:
            self._kept.fail_copy(error)
            raise
        self._kept.whole(self._name(kernel))

    def _fill(self, other: Other) -> None:
        LOG.info("%s on %s is made a copy of what runs", other.name, other.disk.kname)
        was_there = not other.is_empty
        self._kept.making()
        fill(other, self._facts)
        if was_there:
            self._kept.happened(Befell.mended, other.disk.serial or other.disk.kname)

    def _holds(self, other: Other, *, doubted: bool) -> bool:
        """Tell whether the copy is there; what the loader gave up is read to its last block."""
        if not other.bears(copies(self._facts)):
            return False
        return not doubted or is_whole(other, self._facts)

    def _failed(self) -> int:
        """Return how many starts in a row failed before this one, as the loader has counted."""
        own = named(self._counted)
        before = [max(0, own.done - 1) if own else 0]
        if self._entry.copy:  # which it takes when the first has no tries left
            for disk in self._disks:
                with opened(start_of(disk)) as start:
                    found = files_of(start / KERNELS, self._entry.other).values()
                    before += [before[0] + one.done for one in found if one.is_spent]
        return max(before)

    def _kernel(self) -> bytes:
        """Return the kernel image that runs.

        Of those that lie on the disks it is the one that was there before, else what most of them
        are, and among equals the one whose tries the loader has counted. The others are damaged,
        and are replaced.
        """
        there, lie = dict[str, bytes](), list[tuple[Block, str]]()
        votes: Counter[str] = Counter()
        for disk in self._disks:
            with opened(start_of(disk)) as start:
                for entry in (self._entry, self._entry.other):
                    for path in files_of(start / KERNELS, entry):
                        content = path.read_bytes()
                        name = self._name(content)
                        there[name] = content
                        lie.append((disk, name))
                        votes[name] += 2 + (path.name.lower() == self._counted)
        if not there:
            raise FileNotFoundError(errno.ENOENT, "no disk has the kernel image that runs")
        # on its line stands the root of the slot that it starts
        fit = [one for one in there if self._facts.roothash.encode("ascii") in there[one]]
        known = self._kept.looked().kernel
        right = known if known in there else max(fit or there, key=votes.__getitem__)
        for disk in {one.kname: one for one, name in lie if name != right}.values():
            LOG.warning("a kernel image on %s is damaged: it is replaced", disk.kname)
            self._kept.happened(Befell.mended, disk.serial or disk.kname)
        return there[right]

    def _name(self, kernel: bytes) -> str:
        """Return what a kernel image is known by, among those that start the slot that runs."""
        return f"{self._facts.roothash}:{hashlib.sha256(kernel).hexdigest()}"

    def _each(
        self, do: Callable[[Path, Entry, bytes], bool], entry: Entry, kernel: bytes
    ) -> list[bool]:
        """Do something to the kernel images of each disk."""
        told = []
        for disk in self._disks:
            with opened(start_of(disk)) as start:
                told.append(do(start / KERNELS, entry, kernel))
        return told


def work(place: Place) -> None:
    """Do what is to be done. Raise ApplianceError, ProgramRefused or OSError."""
    running = named(loader_said("LoaderEntrySelected"))
    if running is None:
        LOG.warning("the loader does not say which kernel image runs: nothing is done to the slots")
        return
    counted = loader_said("LoaderBootCountPath").rpartition("\\")[2]
    kept = KeptSlots(place)
    with kept.slots_in_turn():
        kept.begin_look()
        Slots(kept, gather(), running.entry, counted).work()


def main() -> int:
    """Work to the end. Return 0; 1 where something could not be done."""
    configure_logging("slots")
    try:
        work(load_place())
    except (ApplianceError, ProgramRefused, OSError) as error:
        LOG.error("the slots cannot be looked after: %s", error)  # noqa: TRY400
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
