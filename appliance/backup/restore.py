"""A whole appliance out of a repository folder and the key kit, on any machine.

Everything happens in a scratch folder inside the target and is compared with the manifest before a
file takes its place, so that a failure leaves the target empty. `restored.json` takes its place
first: it makes the audit sealer open a new epoch, and no start may see the trail without it.
"""

import json
import os
import time
from pathlib import Path
from typing import Final

import msgspec

from appliance.backup.borg import Borg
from appliance.backup.borg_json import Line, ListedArchive
from appliance.backup.collect import ERASURES, RING, find_entry
from appliance.backup.create import explained
from appliance.backup.database import (
    count_sqlite,
    require_empty_postgres,
    restore_postgres,
    sqlite_path,
)
from appliance.backup.manifest import NAME, Manifest, compare, read_manifest, sha256_of
from appliance.backup.reporter import Reporter
from appliance.backup.target import empty_targets
from appliance.contract.backup_errors import (
    ArchiveDiffers,
    ArchiveUnknown,
    ArchiveUnreadable,
    BorgFailed,
    DatabaseDiffers,
    FolderUnusable,
    RepositoryDamaged,
    WrongKit,
)
from appliance.contract.kit import KeyKit
from appliance.contract.ring import BESIDE, unwrap_ring
from appliance.contract.runs import Phase, RestoreResult
from appliance.durable import sync_folder, write_whole

MARK: Final = "restored.json"
DATABASE: Final = "tenshu.sqlite"
WARNED: Final = 1
"""Exit code of Borg where an archive has no file of the name that is asked for."""


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """`restored.json`: what the audit sealer must know to open the new epoch."""

    archive: str
    at: int
    """Milliseconds since 1970."""
    known_checkpoint: str
    """The newest checkpoint that the repository knows: what lies between is the lost range."""
    size: int
    """Size of the tree by that checkpoint."""
    newest_archive: str
    unreadable: tuple[str, ...] = ()
    erasures: msgspec.Raw
    """The newest list of erasures, a JSON list: the sealer applies it again."""


def restore(
    repository: Path,
    kit: KeyKit,
    data: Path,
    keys: Path,
    *,
    archive: str | None = None,
    database_url: str | None = None,
    reporter: Reporter | None = None,
) -> RestoreResult:
    """Restore `archive` (the newest by default) into the empty folders `data` and `keys`.

    A database of PostgreSQL goes into the empty one at `database_url`; SQLite into the data
    folder. Raise TargetNotEmpty, WrongKit, ArchiveUnknown, ArchiveDiffers, and the others of
    `appliance.contract.backup_errors`; the target is then empty as before.
    """
    begun = time.monotonic()
    reporter = reporter or Reporter()
    repository, data, keys = repository.absolute(), data.absolute(), keys.absolute()
    if keys.is_relative_to(data) or data.is_relative_to(keys):
        raise FolderUnusable(path=str(keys), reason="Keys and data must lie apart.")
    with explained(data), empty_targets(data, keys) as scratch:
        borg = Borg(repository, kit.borg_passphrase(), scratch / "borg", reporter)
        archives = borg.listing().archives
        chosen = choose(archives, archive)
        known = _newest_manifest(borg, archives, scratch / "newest", reporter)
        result = _restore(
            borg,
            kit,
            chosen,
            known,
            reporter,
            scratch=scratch,
            targets=(data, keys),
            database_url=database_url,
        )
    reporter.phase(Phase.finished)
    return msgspec.structs.replace(result, milliseconds=round((time.monotonic() - begun) * 1000))


def choose(archives: tuple[ListedArchive, ...], wanted: str | None) -> str:
    """Return the archive that is wanted, the newest by default. Raise ArchiveUnknown."""
    names = [one.name for one in archives]
    if not names or (wanted is not None and wanted not in names):
        raise ArchiveUnknown(archive=wanted or "")
    return wanted or names[-1]


class _Known(msgspec.Struct, frozen=True):
    """The newest archive that can be read, and those newer ones that cannot."""

    manifest: Manifest
    erasures: Path | None
    unreadable: tuple[str, ...]


def _newest_manifest(
    borg: Borg, archives: tuple[ListedArchive, ...], folder: Path, reporter: Reporter
) -> _Known:
    """Read checkpoint and erasures from the newest archive, so that an older one revives nobody.

    A damaged newest archive must not forbid the restore of an older one: it is skipped and named.
    """
    unreadable: list[str] = []
    for one in reversed(archives):
        try:
            return _read_known(borg, one, folder / one.id, tuple(unreadable), reporter)
        except (RepositoryDamaged, ArchiveDiffers, ArchiveUnreadable, BorgFailed):
            unreadable.append(one.name)
    raise ArchiveUnreadable(archive=unreadable[0], reason="There is no manifest in it.")


def manifest_of(borg: Borg, archive: str, into: Path) -> Manifest:
    """Take an archive's manifest alone out, into a folder. Raise ArchiveUnreadable."""
    try:
        borg.extract(archive, into, (NAME,))
    except BorgFailed as error:
        if error.parameters["exit_code"] != WARNED:
            raise
        raise ArchiveUnreadable(archive=archive, reason="There is no manifest in it.") from None
    return read_manifest(archive, (into / NAME).read_bytes())


def _read_known(
    borg: Borg,
    archive: ListedArchive,
    into: Path,
    unreadable: tuple[str, ...],
    reporter: Reporter,
) -> _Known:
    into.mkdir(parents=True)
    manifest = manifest_of(borg, archive.name, into)
    entry = find_entry(manifest, ERASURES)
    if entry is None:
        return _Known(manifest, None, unreadable)
    borg.extract(archive.name, into, (ERASURES,))
    path = into / ERASURES
    if sha256_of(path, reporter) != entry.sha256:
        raise ArchiveDiffers(archive=archive.name, path=ERASURES)
    return _Known(manifest, path, unreadable)


def _restore(
    borg: Borg,
    kit: KeyKit,
    chosen: str,
    known: _Known,
    reporter: Reporter,
    *,
    scratch: Path,
    targets: tuple[Path, Path],
    database_url: str | None,
) -> RestoreResult:
    data, keys = targets
    folder = scratch / "archive"
    folder.mkdir()
    reporter.phase(Phase.extracting)

    def hear(line: Line) -> None:
        if line.type == "progress_percent" and line.total:
            reporter.reach(line.current, bytes_total=line.total)

    borg.extract(chosen, folder, on_progress=hear)
    if not (folder / NAME).is_file():
        raise ArchiveUnreadable(archive=chosen, reason="There is no manifest in it.")
    manifest = read_manifest(chosen, (folder / NAME).read_bytes())
    _require_database(manifest, database_url)
    reporter.phase(Phase.comparing, manifest.bytes, len(manifest.files))
    compare(manifest, folder, reporter)
    ring = _open_ring(kit, (folder / RING).read_bytes(), borg.folder)
    reporter.phase(Phase.placing)
    lite = manifest.database.kind == "sqlite"
    if lite and count_sqlite(folder / manifest.database.file) != manifest.database.tables:
        raise ArchiveDiffers(archive=chosen, path=manifest.database.file)
    mark = Restored(
        archive=chosen,
        at=time.time_ns() // 1_000_000,
        known_checkpoint=known.manifest.sealed.checkpoint,
        size=known.manifest.sealed.size,
        newest_archive=known.manifest.archive,
        unreadable=known.unreadable,
        erasures=_erasures(known.erasures or folder / ERASURES),
    )
    os.sync()  # what was compared stands on the disk before it takes its place
    if known.erasures is not None:
        known.erasures.replace(folder / ERASURES)
    write_whole(data / MARK, msgspec.json.encode(mark), 0o640)
    write_whole(keys / "ring.json", ring)
    if not lite and database_url is not None:
        rows = restore_postgres(database_url, folder / manifest.database.file, reporter)
        if rows != manifest.database.tables:
            raise ArchiveDiffers(archive=chosen, path=manifest.database.file)
    _place(folder, data, manifest)
    return RestoreResult(
        archive=chosen,
        data=str(data),
        keys=str(keys),
        bytes=manifest.bytes,
        files=len(manifest.files) + 1,
        rows=manifest.rows,
        milliseconds=0,
        known_size=mark.size,
        newest_archive=mark.newest_archive,
        unreadable=mark.unreadable,
    )


def _open_ring(kit: KeyKit, wrapped: bytes, repository: Path) -> bytes:
    """Return the key ring of an archive.

    In an archive that was made with an earlier kit it is wrapped for that one; whoever changed the
    kit has put a copy for the new one beside the archives. It holds every key that the older had.
    """
    try:
        return unwrap_ring(kit, wrapped)
    except WrongKit:
        beside = repository / BESIDE.format(kit=kit.number())
        if not beside.is_file():
            raise
        return unwrap_ring(kit, beside.read_bytes())


def _erasures(path: Path) -> msgspec.Raw:
    """Return the list of erasures as it stands in the file; an empty one where there is none."""
    try:
        return msgspec.Raw(msgspec.json.encode(json.loads(path.read_bytes())))
    except FileNotFoundError:
        return msgspec.Raw(b"[]")


def _require_database(manifest: Manifest, database_url: str | None) -> None:
    wanted = "sqlite" if database_url is None or sqlite_path(database_url) else "postgresql"
    if wanted != manifest.database.kind:
        raise DatabaseDiffers(archived=manifest.database.kind, wanted=wanted)
    if wanted == "postgresql" and database_url is not None:
        require_empty_postgres(database_url)


def _place(folder: Path, data: Path, manifest: Manifest) -> None:
    """Move what was compared to its place, the database last."""
    (folder / NAME).unlink()
    database = folder / manifest.database.file
    lite = manifest.database.kind == "sqlite"
    for entry in sorted(folder.iterdir()):
        if entry != database:
            entry.rename(data / entry.name)
    if lite:
        database.rename(data / DATABASE)
    sync_folder(data)
