"""Everything that an archive holds, gathered in one scratch folder on the data's own disk.

The order matters. The database comes first: an event that it holds in its outbox is sealed sooner
or later, so the sealed store taken after it misses none. Of the trail, the checkpoints come before
the store: the store may then be longer than its last checkpoint, never shorter, which would look
like truncation.
"""

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Final

import msgspec

from appliance.backup.database import (
    POSTGRES_FILE,
    SQLITE_FILE,
    copy_database,
    copy_sqlite,
    sqlite_path,
)
from appliance.backup.manifest import Database, Entry, Manifest, Sealed, entries_of, product_version
from appliance.backup.recordings import copy_recordings
from appliance.backup.reporter import Reporter
from appliance.book import Book
from appliance.contract.backup_errors import (
    FolderUnusable,
    RingMissing,
    RingOfAnotherKit,
    SealedStoreMissing,
)
from appliance.contract.ring import kit_of_ring
from appliance.contract.runs import Phase
from appliance.durable import write_whole
from appliance.place import Place

RING: Final = "ring.wrapped"
SETTINGS: Final = "appliance.toml"
REPOSITORIES: Final = "repositories.json"
"""The list of repositories, without what opens them: a restored appliance then knows its own."""
TRAIL_FILES: Final = ("checkpoints.log", "audit.vkey", "erasures.json")
SEALED: Final = "sealed.sqlite"
ERASURES: Final = "audit/erasures.json"


def require_ring(place: Place, kit_number: str) -> None:
    """Raise RingMissing, RingUnreadable or RingOfAnotherKit if the archive could not be opened."""
    path = place.data / RING
    if not path.is_file():
        raise RingMissing(path=str(path))
    if kit_of_ring(path.read_bytes()) != kit_number:
        raise RingOfAnotherKit


def gather(
    place: Place, folder: Path, archive: str, *, at: int, kit_number: str, reporter: Reporter
) -> Manifest:
    """Fill `folder` with everything of the appliance; return its manifest, not yet written.

    Raise what `require_ring`, `copy_database` raise, SealedStoreMissing, FolderUnusable, DiskFull.
    """
    require_ring(place, kit_number)
    if not (place.data / "audit" / SEALED).is_file():
        raise SealedStoreMissing(path=str(place.data / "audit" / SEALED))
    reporter.phase(Phase.snapshot)
    tables = copy_database(place.database_url, folder, reporter)
    sealed = _copy_trail(place.data / "audit", folder / "audit", reporter)
    reporter.phase(Phase.collecting)
    for name in (RING, SETTINGS):
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(place.data / name, folder / name)
            shutil.copymode(place.data / name, folder / name)
    write_whole(folder / REPOSITORIES, msgspec.json.encode(Book(place).all()), durable=False)
    _link_tree(place.data / "tls", folder / "tls", link=False)
    _link_tree(place.data / "files", folder / "files", link=True)
    copy_recordings(place.data, folder)
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    reporter.phase(Phase.collecting, sum(sizes), len(sizes))
    lite = sqlite_path(place.database_url) is not None
    return Manifest(
        product_version=product_version(),
        archive=archive,
        created_at=at,
        kit=kit_number,
        database=Database(
            "sqlite" if lite else "postgresql", SQLITE_FILE if lite else POSTGRES_FILE, tables
        ),
        sealed=sealed,
        files=entries_of(folder, reporter),
    )


def find_entry(manifest: Manifest, path: str) -> Entry | None:
    """Return the manifest's entry of one file, or None."""
    return next((entry for entry in manifest.files if entry.path == path), None)


def _copy_trail(source: Path, target: Path, reporter: Reporter) -> Sealed:
    target.mkdir(mode=0o700)
    for name in TRAIL_FILES:
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(source / name, target / name)
    copy_sqlite(source / SEALED, target / SEALED, reporter)
    try:
        log = (target / "checkpoints.log").read_text()
    except FileNotFoundError:
        log = ""
    return head_of(target / SEALED) or last_checkpoint(log)


def head_of(store: Path) -> Sealed | None:
    """Return the newest checkpoint in a copied store: it covers every event of the copy.

    The log beside it is up to a minute older. None where the store holds none.
    """
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        try:
            row = connection.execute(
                "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1"
            ).fetchone()
        except sqlite3.DatabaseError:  # of another version: the log tells
            return None
    return Sealed(*row) if row else None


def last_checkpoint(log: str) -> Sealed:
    """Return the last checkpoint of a log of checkpoints, with the size of its tree.

    A C2SP tlog-checkpoint is origin, size, root, an empty line, then lines of signatures that
    begin with "— ".
    """
    lines = log.splitlines()
    signatures = [number for number, line in enumerate(lines) if line.startswith("— ")]
    while signatures:
        last = signatures.pop()
        first = last
        while first > 0 and lines[first - 1].startswith("— "):
            first -= 1
        start = first - 4  # origin, size, root, empty line
        if start >= 0 and lines[first - 1] == "" and lines[start + 1].isdecimal():
            return Sealed(int(lines[start + 1]), "\n".join(lines[start : last + 1]) + "\n")
    return Sealed(0, "")


def _link_tree(source: Path, target: Path, *, link: bool) -> None:
    """Bring a tree's regular files into `target`, as links where the disk can (they never change).

    A file that is deleted meanwhile is left out: whoever deleted it wanted it gone. Raise
    FolderUnusable for what is neither file nor folder.
    """
    if not source.is_dir():
        return
    target.mkdir(mode=0o700)
    with os.scandir(source) as entries:
        for entry in entries:
            path = target / entry.name
            if entry.is_dir(follow_symlinks=False):
                _link_tree(Path(entry.path), path, link=link)
                continue
            if not entry.is_file(follow_symlinks=False):
                raise FolderUnusable(path=entry.path, reason="It is neither file nor folder.")
            with contextlib.suppress(FileNotFoundError):
                if link:
                    with contextlib.suppress(PermissionError):  # links to others' files forbidden
                        os.link(entry.path, path, follow_symlinks=False)
                        continue
                shutil.copyfile(entry.path, path)
                shutil.copymode(entry.path, path)
