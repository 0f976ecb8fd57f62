"""A disk is taken in, step by step; each may be cut at any moment and is done again (S1).

table      the same partitions, numbers of its own; its number is kept in the wish before
start      what the loader starts from, copied and read back
slot       the two mirrors beneath the running system, filled to their end
verifying  each block of the slot on the new disk against the root of its hashes
state      last: from then on the next start counts the disk as its own, with a whole slot
"""

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.disks.errors import (
    CopyDiffers,
    DiskFailed,
    DiskGone,
    DiskNotEmpty,
    DisksUnreadable,
)
from appliance.contract.disks.state import Part, Role, Step, Taking
from appliance.contract.errors import ApplianceError
from appliance.storage import programs
from appliance.storage.copying import copy
from appliance.storage.facts import Block, Facts, device, gather
from appliance.storage.judging import may_take
from appliance.storage.keeping import Kept, Wish, about
from appliance.storage.layout import numbered, sectors_of, table
from appliance.storage.looking import arrays_by_part, identify, look, part_of

LOOK: Final = 0.5
"""Seconds between two looks at a mirror that is being filled."""
SETTLE_SECONDS: Final = 30
"""In which the partitions of a new table must be there."""
START: Final = "tenshu-start"
SPANS: Final = {Step.start: 0, Step.slot: 5, Step.verifying: 25, Step.state: 30}
"""Percent of the whole at which each step begins."""


class Taker:
    """Takes the wished disk in."""

    def __init__(self, kept: Kept, wish: Wish) -> None:
        self._kept, self._wish = kept, wish
        self._step = Step.waiting
        self._began = time.monotonic()

    def run(self) -> None:
        """Do what is left to do. Raise an error of `contract.disks` where it cannot be done."""
        try:
            self._run()
        except ProgramRefused as error:
            raise DiskFailed(disk=self._called, said=str(error)) from error
        except OSError as error:
            raise DiskFailed(disk=self._called, said=error.strerror or str(error)) from error

    @property
    def _called(self) -> str:
        return self._wish.serial or self._wish.disk

    def _run(self) -> None:
        if not self._wish.returned:
            self._once(Step.table, self._write_table)
            self._once(Step.start, self._copy_start)
        self._tell(Step.slot, 0)
        for part in (Part.slot, Part.hashes):
            self._join(part)
            self._follow(part, Step.slot)
        self._once(Step.verifying, self._verify)
        self._tell(Step.state, 0)
        self._join(Part.state)
        self._follow(Part.state, Step.state)

    def _once(self, step: Step, do: Callable[[], None]) -> None:
        if step in self._wish.done:
            return
        self._tell(step, 0)
        do()
        self._wish = msgspec.structs.replace(self._wish, done=(*self._wish.done, step))
        self._kept.further(self._wish)

    def _disk(self, facts: Facts) -> Block:
        """Return the disk, by the table that it got, or as it was wished. Raise DiskGone."""
        for one in facts.disks:
            same = (
                one.ptuuid == self._wish.table
                if self._wish.table and Step.table in self._wish.done
                else identify(one, facts.boot) == self._wish.disk
            )
            if same:
                return one
        raise DiskGone(disk=self._called)

    def _write_table(self) -> None:
        facts = gather()
        disk = self._disk(facts)
        if not (self._wish.table and disk.ptuuid == self._wish.table):
            erase = self._wish.erase or bool(self._wish.table)
            may_take(look(facts), self._wish.disk, erase=erase)
            held = programs.signatures(disk.kname)  # asked of the disk itself: udev may be late
            if held and not erase:
                raise DiskNotEmpty(disk=self._called, holds=" ".join(held.split()))
            self._wish = msgspec.structs.replace(self._wish, table=str(uuid.uuid4()))
            self._kept.further(self._wish)
            programs.wipe([one.kname for one in (*disk.partitions, disk)])
            source = programs.dump_table(self._source(facts).kname)
            told = table(source, sectors_of(disk), self._wish.table, facts.numbers)
            programs.write_table(disk.kname, told)
        self._wait_for_table()

    def _wait_for_table(self) -> None:
        until = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < until:
            facts = gather()
            for one in facts.disks:
                parts = {part_of(part, facts) for part in one.partitions}
                if one.ptuuid == self._wish.table and parts >= set(Part) and numbered(one, START):
                    return
            time.sleep(LOOK)
        raise DisksUnreadable(said="the new table is not seen")

    @staticmethod
    def _source(facts: Facts) -> Block:
        """Return the disk that carries the machine."""
        members = {one.name for one in look(facts).disks if one.role is Role.member}
        for one in facts.disks:
            if one.kname in members:
                return one
        raise DisksUnreadable(said="no disk carries the machine")

    def _copy_start(self) -> None:
        facts = gather()
        source, disk = self._source(facts), self._disk(facts)
        from_, to = numbered(source, START), numbered(disk, START)
        if from_ is None or to is None:
            raise DiskGone(disk=self._called)
        size = 2 * from_.size

        def told(done: int) -> None:
            self._tell(Step.start, done / size)

        with self._kept.start_in_turn():
            same = copy(Path(device(from_.kname)), Path(device(to.kname)), told)
        if not same:
            raise CopyDiffers(disk=self._called)

    def _partition(self, facts: Facts, part: Part) -> Block:
        for one in self._disk(facts).partitions:
            if part_of(one, facts) is part:
                return one
        raise DiskGone(disk=self._called)

    def _join(self, part: Part) -> None:
        """Make its partition a side of the mirror, if it is none."""
        facts = gather()
        array, ours = arrays_by_part(facts)[part], self._partition(facts, part)
        found = next((one for one in array.members if one.kname == ours.kname), None)
        if found is not None and "faulty" not in found.states:
            return
        programs.remove_dead(array.kname)
        if part is Part.state and self._wish.returned:
            try:
                programs.add_again(array.kname, ours.kname)
            except ProgramRefused:  # too much has changed: it is filled whole
                programs.add(array.kname, ours.kname)
        else:
            programs.add(array.kname, ours.kname)

    def _follow(self, part: Part, step: Step) -> None:
        """Wait until its side is whole. Raise DiskGone where it fails or vanishes."""
        while True:
            facts = gather()
            ours = self._partition(facts, part)
            mirrors = {one.part: one for one in look(facts).mirrors}
            sides = {one.kname: one for one in arrays_by_part(facts)[part].members}
            if ours.kname not in sides or "faulty" in sides[ours.kname].states:
                raise DiskGone(disk=self._called)
            if "in_sync" in sides[ours.kname].states:
                return
            mirror = mirrors[part]
            percent = mirror.percent or 0.0
            left = mirror.size * (100 - percent) / 100
            self._tell(step, percent / 100, round(left / mirror.speed) if mirror.speed else None)
            time.sleep(LOOK)

    def _verify(self) -> None:
        facts = gather()
        data, hashes = (self._partition(facts, one).kname for one in (Part.slot, Part.hashes))
        if programs.is_slot(data, hashes, facts.roothash):
            return
        arrays = arrays_by_part(facts)
        for part, kname in ((Part.slot, data), (Part.hashes, hashes)):
            programs.give_up(arrays[part].kname, kname)
        raise CopyDiffers(disk=self._called)

    def _tell(self, step: Step, share: float, eta: int | None = None) -> None:
        begin = SPANS.get(step, 0)
        end = min([one for one in SPANS.values() if one > begin], default=100)
        self._kept.tell(
            msgspec.structs.replace(
                about(self._wish),
                step=step,
                percent=round(begin + (end - begin) * min(1.0, share), 1),
                eta=eta,
            )
        )


def failed(wish: Wish, error: ApplianceError) -> Taking:
    """Return what is told of a wish that failed."""
    return msgspec.structs.replace(
        about(wish),
        error_code=error.code,
        error_parameters={name: str(value) for name, value in error.parameters.items()},
    )
