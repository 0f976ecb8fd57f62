"""A clock that is believed only while it runs evenly: a wrong date must end nobody.

A wall clock that jumps (a dead battery, a wrong time server, a snapshot that was taken back) is
not believed for an hour; in that time it is set right again, or somebody has seen the wrong date
on the pages. CLOCK_BOOTTIME goes on while the machine sleeps (clock_gettime(2)), so that a laptop
that wakes has not jumped.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from app.core import clock

TOLERANCE: Final = 2 * clock.MINUTE
"""What a time server sets right in one step is no jump."""
SETTLED: Final = clock.HOUR
AWAY: Final = 3 * clock.DAY
"""So long an appliance may have been off (a weekend) without any doubt about its clock."""


def since_boot() -> int:
    """Return the milliseconds since the machine was started, its sleep included."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


@dataclass(slots=True)
class SteadyClock:
    """Tells whether the wall clock may be believed."""

    last_seen: int
    """Newest time at which the clock was believed, before this process (ms); 0: never yet."""
    boot: Callable[[], int] = since_boot
    _offset: int | None = field(default=None, init=False)
    _uneven_at: int | None = field(default=None, init=False)
    """When it jumped, by the clock that never does; None: it has not."""

    def is_steady(self) -> bool:
        """Look at both clocks; tell whether the wall clock has run evenly for long enough."""
        wall, boot = clock.now(), self.boot()
        if self._offset is None:
            if self.last_seen and not -TOLERANCE <= wall - self.last_seen <= AWAY:
                self._uneven_at = boot
        elif abs(wall - boot - self._offset) > TOLERANCE:
            self._uneven_at = boot
        self._offset = wall - boot
        if self._uneven_at is not None and boot - self._uneven_at >= SETTLED:
            self._uneven_at = None
        return self._uneven_at is None
