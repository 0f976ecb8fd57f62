"""The reserve: preallocated space on the data volume, so that a full disk locks nobody out.

States: *kept* (the file holds its space), *released* (the disk was full: the space serves sign-in,
audit and cleaning; every other change is refused), *spent* (released, and used up). It is taken
back by itself once twice its size is free. Released, kept and taken back by whichever process
meets the case first: the file itself is the state.

Ordinary changes are refused a little *before* the disk is full, because logs and sealed store need
room too, and because PostgreSQL ends where it finds no room for its next 16 MiB of log, and does
not start again before there is. So on PostgreSQL the reserve is opened while there still is room
for that, and counts as spent before it is eaten up.
"""

import contextlib
import enum
import errno
import fcntl
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from app.core.database_errors import DatabaseBusy, DiskFull
from app.core.settings import MEBIBYTE, Settings

FILE_NAME: Final = "reserve"
SPENT_BELOW: Final = 256 * 1024
"""With fewer bytes free, not even one more event is sure to fit."""
POSTGRESQL_SPENT_BELOW: Final = (16 + 4) * MEBIBYTE
"""One segment of its log, as large as PostgreSQL makes them by default, and what goes beside."""


class ReserveSpent(DiskFull):
    """The disk is full and so is what was kept back for this case."""

    code = "database.reserve_spent"
    message = "The disk is full and its reserve is spent; nothing was changed."
    hint = "Free space on the machine itself: nothing more can be written until then."


class State(enum.StrEnum):
    """What has become of the reserve."""

    KEPT = "kept"
    RELEASED = "released"
    SPENT = "spent"


class ReserveState(msgspec.Struct, frozen=True, kw_only=True):
    """The reserve as monitoring and storage pages show it. Sizes in bytes."""

    state: State
    free: int
    """What an unprivileged process may still write on the data volume."""
    size: int
    """What the reserve holds when it is kept; 0 where there is none."""


def state(settings: Settings) -> ReserveState:
    """Return what has become of the reserve, and the free space beside it."""
    free = _free(settings)
    if is_kept(settings):
        found = State.KEPT
    else:
        found = State.SPENT if free < _spent_below(settings) else State.RELEASED
    return ReserveState(state=found, free=free, size=settings.reserve_bytes)


def is_kept(settings: Settings) -> bool:
    """Tell whether the reserve holds its space, or none is wanted (size 0)."""
    if not settings.reserve_bytes:
        return True
    try:
        found = os.stat(_name(settings.data))  # noqa: PTH116 - each change asks
    except FileNotFoundError:
        return False
    # blocks, not length: a sparse file (a copy, a restore) holds nothing
    return min(found.st_size, found.st_blocks * 512) >= settings.reserve_bytes


def require_space(settings: Settings, shrink: Callable[[], None]) -> None:
    """Raise DiskFull unless an ordinary change may start. `shrink` gives unused space back."""
    if _has_room(settings):
        return
    with contextlib.suppress(DiskFull, DatabaseBusy):  # what it could not give back stays
        try:
            shrink()
        except DiskFull:  # giving back needs a little room itself
            if release(settings):
                shrink()
    if not _has_room(settings):
        raise DiskFull


def keep_server_alive(settings: Settings) -> bool:
    """Open the reserve before PostgreSQL finds no room for its log; tell whether it has some.

    SQLite needs no such care: it says that the disk is full, and goes on.
    """
    if settings.on_sqlite or not settings.reserve_bytes:
        return True
    if _free(settings) >= POSTGRESQL_SPENT_BELOW:
        return True
    release(settings)  # or another process did, a moment ago
    return _free(settings) >= POSTGRESQL_SPENT_BELOW


def release(settings: Settings) -> bool:
    """Free the reserve's space; tell whether there was any."""
    released = False
    for path in (_path(settings), _beside(settings)):
        try:
            path.unlink()
        except FileNotFoundError:
            continue
        released = True
    return released


def take_back(settings: Settings) -> bool:
    """Hold the space (again) if twice the reserve is free; tell whether it is held now."""
    if is_kept(settings):
        return True
    if _free(settings) < 2 * settings.reserve_bytes:
        return False
    beside = _beside(settings)
    descriptor = os.open(beside, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # another process may be at it
        if is_kept(settings):
            return True
        os.posix_fallocate(descriptor, 0, settings.reserve_bytes)
        os.fsync(descriptor)
        beside.replace(_path(settings))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        beside.unlink(missing_ok=True)
        return False
    finally:
        os.close(descriptor)
    return True


def _spent_below(settings: Settings) -> int:
    return SPENT_BELOW if settings.on_sqlite else POSTGRESQL_SPENT_BELOW


def _has_room(settings: Settings) -> bool:
    kept = settings.reserve_bytes
    return take_back(settings) and (not kept or _free(settings) >= kept // 2)


def _path(settings: Settings) -> Path:
    return settings.data / FILE_NAME


@functools.lru_cache(maxsize=8)
def _name(data: Path) -> str:
    return str(data / FILE_NAME)  # joining paths costs more than looking at the file


def _beside(settings: Settings) -> Path:
    return settings.data / f"{FILE_NAME}.new"


def _free(settings: Settings) -> int:
    found = os.statvfs(settings.data)
    return found.f_bavail * found.f_frsize
