"""The look after the mirrors: a side that is lost is noticed within seconds, and put down.

What sysfs says of the arrays costs a few small reads, so it is read every few seconds; all of it,
with lsblk, only where that has changed, and each minute.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from appliance.contract.configuration.errors import ProgramRefused
from appliance.contract.disks.state import Befell, Standing
from appliance.contract.errors import ApplianceError
from appliance.machine import units
from appliance.machine.programs import ask
from appliance.place import Place
from appliance.records import now
from appliance.storage.facts import Facts, are_own, gather, read_arrays
from appliance.storage.judging import standing
from appliance.storage.keeping import Kept, Stands
from appliance.storage.looking import Seen, look

LOG: Final = logging.getLogger("appliance.storage")
UNIT: Final = "tenshu-mirror.service"
PAUSE_SECONDS: Final = 3.0
LOOKS: Final = 20
"""Pauses after which everything is looked at, changed or not."""


def start_work(place: Place) -> None:
    """Let the unit that changes disks look at what is to be done. Raise ProgramRefused."""
    if units.are_ours(place):
        ask("systemctl", "start", "--no-block", UNIT)


def note(kept: Kept, seen: Seen) -> Stands:
    """Write down how the mirrors stand, and what has happened to them; return it."""
    before = kept.stands()
    stands = standing(seen, were_mirrored=before.were_mirrored)
    if stands is before.standing and before.since:
        return before
    if stands is Standing.mirrored:
        kept.happened(Befell.mirrored)
    elif before.standing is Standing.mirrored:
        LOG.warning("a disk is lost: the machine runs on one side of its mirrors")
        kept.happened(Befell.lost, _left(seen))
    after = Stands(
        standing=stands,
        since=now(),
        were_mirrored=before.were_mirrored or stands is Standing.mirrored,
    )
    kept.stand(after)
    return after


def _left(seen: Seen) -> str:
    """Return what the disk is called that is left."""
    carrying = {side.disk for mirror in seen.mirrors for side in mirror.sides if side.disk}
    return next((one.serial or one.name for one in seen.disks if one.id in carrying), "")


class Watching(threading.Thread):
    """Looks until it is stopped; whoever wants to hear of it is told what each look has found."""

    def __init__(
        self, place: Place, stop: threading.Event, hear: Callable[[Facts], None] | None = None
    ) -> None:
        super().__init__(name="disks", daemon=True)
        self._place, self._kept, self._stop_asked = place, Kept(place), stop
        self._hear = hear

    def run(self) -> None:
        """Look at the start, whenever the arrays have changed, and each minute."""
        if not are_own():
            return
        before, looks = None, 0
        while True:
            arrays = tuple((one.kname, one.members) for one in read_arrays(Path("/sys/block")))
            if arrays != before or looks >= LOOKS:
                before, looks = arrays, 0
                self._look()
            if self._stop_asked.wait(PAUSE_SECONDS):
                return
            looks += 1

    def _look(self) -> None:
        try:
            facts = gather()
            seen = look(facts)
            note(self._kept, seen)
            if self._hear is not None:
                self._hear(facts)
            if seen.has_failed or self._kept.wish() is not None:
                start_work(self._place)
        except (ApplianceError, ProgramRefused, OSError):
            LOG.exception("the disks cannot be looked after; trying again")
