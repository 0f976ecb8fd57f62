"""A clock that cannot be right: found at the start, put as near as can be known, and told.

Without a battery a machine's clock begins in 1970; systemd puts it to the day of its own release.
Nothing that is dated by it could be trusted: certificates that were made last year would not hold
yet, and what is newest in the history would lie before what is oldest. So, before anything of ours
starts, such a clock is put to the newest time that is known for certain: that at which the machine
ran last, or, at the first start, that of its system.

A clock that is merely earlier than when it was last believed is told and not put: it may be the
one that is right, and the one before the wrong one.

    <data>/machine/clock.json    the newest time that was believed, and the doubt of this start
"""

import datetime as dt
import logging
import time
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.faults.state import FaultKind
from appliance.durable import write_whole
from appliance.machine.versions import boot_identifier, boot_time

LOG: Final = logging.getLogger("appliance.machine")
SYSTEM: Final = Path("/usr")
"""Its time is that of the commit which the system was made from (`image.slot`)."""
TOLERANCE: Final = 120.0
"""Seconds: what a time server puts right in one step is no jump."""


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """Why the clock of a start is not believed."""

    kind: FaultKind
    told: float
    """What it told, in seconds since 1970."""
    put: float
    """What it was put to; the same where it was not."""
    boot: str
    """Of which run of the kernel this is."""
    offset: float
    """Between the clock, as it was left, and the time since the kernel's start."""


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept."""

    seen: float = 0.0
    """The newest time that was believed, in seconds since 1970; 0: none yet."""
    doubt: Doubt | None = None


def read(folder: Path) -> Clock:
    """Return what is kept in the machine's folder; a damaged file is none."""
    try:
        return msgspec.json.decode(_path(folder).read_bytes(), type=Clock)
    except (OSError, msgspec.MsgspecError):
        return Clock()


def keep(folder: Path, clock: Clock) -> None:
    """Keep it. A power cut may lose it: then an older time is known."""
    write_whole(_path(folder), msgspec.json.encode(clock), durable=False)


def judge(told: float, made: float, seen: float) -> tuple[FaultKind, float] | None:
    """Return what is wrong with a clock, and what to put it to; none where nothing is. Pure.

    `made` is when the system was made, `seen` the newest time that was believed.
    """
    if told < made:
        return FaultKind.clock_unset, max(made, seen)
    if told < seen - TOLERANCE:
        return FaultKind.clock_behind, told
    return None


def look_at_start(folder: Path, system: Path = SYSTEM) -> Doubt | None:
    """Put a clock that cannot be right; return what is doubted, which is kept, too.

    Where it may not be put, as in a container, it is told all the same.
    """
    before, told = read(folder), time.time()
    found = judge(told, system.stat().st_mtime, before.seen)
    if found is None:
        keep(folder, Clock(seen=before.seen))
        return None
    kind, wanted = found
    if wanted != told and not _put(wanted):
        wanted = told
    offset = time.time() - boot_time()
    doubt = Doubt(kind=kind, told=told, put=wanted, boot=boot_identifier(), offset=offset)
    keep(folder, Clock(seen=before.seen, doubt=doubt))
    LOG.warning("the clock told %s and is not believed: %s", written(told), kind)
    return doubt


def written(seconds: float) -> str:
    """Return a time as RFC 3339 writes it."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _put(seconds: float) -> bool:
    try:
        time.clock_settime(time.CLOCK_REALTIME, seconds)
    except OSError as error:
        LOG.warning("the clock cannot be put: %s", error)
        return False
    return True


def _path(folder: Path) -> Path:
    return folder / "clock.json"
