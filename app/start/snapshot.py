"""Database and keys as they were, kept before a newer version changes the schema.

    <data>/snapshots/0019-20261129T224500.123Z/tenshu.sqlite
    <keys>/snapshots/0019-20261129T224500.123Z/    the keys: never inside the data folder

The name says which revision of the schema it has. Migrations only expand, so an earlier version
goes on with a newer schema as a rule; where it does not, or an update went wrong, this is the way
back (docs/how-to/update-the-container.md).
"""

import datetime as dt
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from app.audit.durable import sync_folder, write_durably
from app.core import clock
from app.core.database import Database
from app.core.settings import MEBIBYTE, Settings
from app.migrations.revisions import current_revision, known_revisions
from app.start.errors import NoRoomForSnapshot

FOLDER: Final = "snapshots"
UNFINISHED: Final = ".making"
KEPT: Final = 2
MARGIN: Final = 16 * MEBIBYTE
"""Free beside the copy: the migration itself writes too."""
FILE: Final = "tenshu.sqlite"


def before_migrating(settings: Settings, database: Database) -> Path | None:
    """Keep a copy where this version is going to change the schema; return its folder.

    Raise NoRoomForSnapshot; then nothing was changed.
    """
    revision = current_revision(database)
    if not settings.on_sqlite or revision is None or revision not in known_revisions()[:-1]:
        return None  # PostgreSQL has its own ways, and what is new has nothing to lose
    source = Path(str(database.engine.url.database))
    _require_room(settings, source)
    at = dt.datetime.fromtimestamp(clock.now() / 1000, dt.UTC).strftime("%Y%m%dT%H%M%S.%f")
    name = f"{revision}-{at[:-3]}Z"
    _make(settings.keys / FOLDER, name, lambda folder: _copy_keys(settings.keys, folder))
    _make(settings.data / FOLDER, name, lambda folder: _copy_database(source, folder / FILE))
    for parent in (settings.keys / FOLDER, settings.data / FOLDER):
        for old in sorted(parent.iterdir())[:-KEPT]:
            shutil.rmtree(old)
    return settings.data / FOLDER / name


def _require_room(settings: Settings, source: Path) -> None:
    """Raise NoRoomForSnapshot where the copy would leave no room for what comes after it."""
    beside = [source, source.with_name(source.name + "-wal")]
    needed = sum(one.stat().st_size for one in beside if one.exists()) + MARGIN
    free = shutil.disk_usage(settings.data).free
    if free < needed:
        raise NoRoomForSnapshot(
            data=settings.data, free=free // MEBIBYTE, needed=-(-needed // MEBIBYTE)
        )


def _make(parent: Path, name: str, fill: Callable[[Path], None]) -> None:
    """Make a folder that is whole or not there; what a killed start has left is made anew."""
    parent.mkdir(mode=0o700, exist_ok=True)
    unfinished = parent / UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    try:
        fill(unfinished)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)  # a full disk gets its room back
        raise
    sync_folder(unfinished)
    unfinished.rename(parent / name)
    sync_folder(parent)


def _copy_keys(keys: Path, folder: Path) -> None:
    for one in sorted(keys.iterdir()):
        if one.is_file() and not one.is_symlink():
            write_durably(folder / one.name, one.read_bytes(), mode=0o600)


def _copy_database(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as before, closing(sqlite3.connect(target)) as after:
        before.backup(after)
    target.chmod(0o600)
    _sync(target)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
