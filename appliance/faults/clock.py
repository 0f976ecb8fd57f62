"""The look after the clock while the machine runs: whether it jumps, and whether it is believed.

The time since the kernel's start is set by nobody: a wall clock that moves against it was put.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.faults.state import FaultKind, MachineFault
from appliance.machine import clock
from appliance.machine.clock import TOLERANCE, Clock, Doubt, written
from appliance.machine.versions import boot_identifier, boot_time

SETTLED: Final = 3600.0
"""Seconds after which a clock that ran evenly is believed: by then it is put right, or was seen."""
KEPT_EVERY: Final = 600.0
"""Seconds; whatever is lost of it is what a clock without a battery goes back."""


class ClockLook:
    """Looks at one machine's clock."""

    def __init__(
        self,
        folder: Path,
        wall: Callable[[], float] = time.time,
        since_boot: Callable[[], float] = boot_time,
    ) -> None:
        self._folder, self._wall, self._boot = folder, wall, since_boot
        self._kept = clock.read(folder)
        self._offset: float | None = None
        self._uneven_at = self._boot() if self._doubt() else None

    def look(self) -> tuple[list[MachineFault], MachineFault | None]:
        """Return what is wrong with the clock, and how it has jumped since the last look."""
        wall, boot = self._wall(), self._boot()
        offset, before = wall - boot, self._offset
        jumped = before is not None and abs(offset - before) > TOLERANCE
        self._offset = offset
        if jumped:
            self._uneven_at = boot
        doubt = self._doubt()
        if doubt and self._is_over(doubt, offset, boot):
            self._keep(msgspec.structs.replace(self._kept, doubt=None))
            doubt = None
        self._note(wall, boot, doubt)
        told = MachineFault(
            kind=FaultKind.clock_jumped, subject=written((before or 0) + boot), other=written(wall)
        )
        return [_fault(doubt)] if doubt else [], told if jumped else None

    def _doubt(self) -> Doubt | None:
        doubt = self._kept.doubt
        return doubt if doubt and doubt.boot == boot_identifier() else None

    def _is_over(self, doubt: Doubt, offset: float, boot: float) -> bool:
        """Tell whether it was put since; or has run evenly for long, where it may be right."""
        if abs(offset - doubt.offset) > TOLERANCE:
            return True
        return doubt.kind is FaultKind.clock_behind and not self._is_uneven(boot)

    def _is_uneven(self, boot: float) -> bool:
        return self._uneven_at is not None and boot - self._uneven_at < SETTLED

    def _note(self, wall: float, boot: float, doubt: Doubt | None) -> None:
        """Keep how far time has come; one that nobody puts right must not begin anew each time."""
        unset = doubt is not None and doubt.kind is FaultKind.clock_unset
        if self._is_uneven(boot) and not unset:
            return
        if abs(wall - self._kept.seen) >= KEPT_EVERY:
            self._keep(msgspec.structs.replace(self._kept, seen=wall))

    def _keep(self, kept: Clock) -> None:
        self._kept = kept
        clock.keep(self._folder, kept)


def _fault(doubt: Doubt) -> MachineFault:
    return MachineFault(kind=doubt.kind, subject=written(doubt.told), other=written(doubt.put))
