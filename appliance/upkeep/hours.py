"""Which night it is, and which work is due in it. Pure.

A host with many machines is not hit at once: each machine waits a part of the night that is always
the same for it and differs from machine to machine.
"""

import datetime as dt
import hashlib
import zoneinfo
from typing import Final, NamedTuple

from appliance.contract.configuration.upkeep import Upkeep

DAY: Final = dt.timedelta(days=1)
SPREAD: Final = 2
"""Machines begin within one part in so many of the night: what is left is for the work itself."""


class Night(NamedTuple):
    """The hours of one night."""

    begins: dt.datetime
    ends: dt.datetime

    @property
    def length(self) -> dt.timedelta:
        """How long it is; the night of a change to summer time is shorter."""
        return self.ends - self.begins


class Work(NamedTuple):
    """A unit of systemd that makes load, and in how many nights once."""

    unit: str
    nights: int


START, GO_ON = "mdcheck_start.service", "mdcheck_continue.service"
SLOTS: Final = "tenshu-scrub.service"
WORKS: Final = (Work("fstrim.service", 7), Work(START, 28), Work(GO_ON, 1), Work(SLOTS, 28))
"""Free space told to the disks; both sides of the mirrors read and compared, over several nights,
where one goes on with what another did not come to the end of, or else does nothing; all slots of
the system read through."""


def night_at(upkeep: Upkeep, now: dt.datetime) -> Night | None:
    """Return the night that a moment lies in; none by day."""
    zone = zoneinfo.ZoneInfo(upkeep.zone)
    today = now.astimezone(zone).date()
    begins, ends = dt.time.fromisoformat(upkeep.begins), dt.time.fromisoformat(upkeep.ends)
    for day in (today, today - DAY):
        last = day if begins < ends else day + DAY
        night = Night(
            dt.datetime.combine(day, begins, zone).astimezone(dt.UTC),
            dt.datetime.combine(last, ends, zone).astimezone(dt.UTC),
        )
        if night.begins <= now < night.ends:
            return night
    return None


def delay(machine: str, night: Night) -> dt.timedelta:
    """Return how long a machine waits into a night."""
    number = int.from_bytes(hashlib.sha256(machine.encode()).digest()[:8])
    return night.length / SPREAD * (number / 2**64)


def due(machine: str, night: Night, now: dt.datetime, done: dict[str, int]) -> list[Work]:
    """Return what is to be begun now. `done` has the night of each unit's last time (seconds)."""
    if now < night.begins + delay(machine, night):
        return []
    found = [one for one in WORKS if _is_due(one, night, done.get(one.unit))]
    tonight = {one.unit for one in found} | {
        unit for unit, last in done.items() if last == int(night.begins.timestamp())
    }
    if START in tonight:  # what begins anew has nothing to go on with, and reads enough
        found = [one for one in found if one.unit not in (GO_ON, SLOTS)]
    return found


def _is_due(work: Work, night: Night, last: int | None) -> bool:
    if last is None:
        return True
    since = night.begins - dt.datetime.fromtimestamp(last, dt.UTC)
    # half a day: nights are not equally far apart where there is summer time. One that lies ahead
    # is of a clock that was put back since
    return since < -DAY / 2 or since >= work.nights * DAY - DAY / 2
