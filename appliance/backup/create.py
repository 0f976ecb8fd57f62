"""One backup: gather, archive, verify what was archived (S2: all data and settings)."""

import contextlib
import datetime as dt
import hashlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import msgspec

from appliance.backup.borg import Borg
from appliance.backup.borg_json import CreatedArchive, Line, ListedArchive
from appliance.backup.collect import find_entry, gather, require_ring
from appliance.backup.manifest import NAME, Manifest
from appliance.backup.reporter import Reporter
from appliance.contract.actions import Archive, Repository
from appliance.contract.backup_errors import (
    ArchiveDiffers,
    DiskFull,
    FolderUnusable,
    RepositoryReplaced,
    RunCancelled,
    RunTimedOut,
)
from appliance.contract.runs import BackupResult, Phase
from appliance.durable import write_whole
from appliance.place import Place


@contextlib.contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn a failure of the file system into DiskFull or FolderUnusable."""
    try:
        yield
    except OSError as error:
        if error.errno in {28, 122}:  # ENOSPC, EDQUOT
            raise DiskFull(folder=str(folder)) from error
        raise FolderUnusable(
            path=str(error.filename or folder), reason=error.strerror or str(error)
        ) from error


def back_up(
    place: Place, repository: Repository, borg: Borg, run: str, reporter: Reporter
) -> BackupResult:
    """Write one archive of everything into the repository, and verify that it is there whole.

    Raise the errors of `appliance.contract.backup_errors`; the repository is then as before.
    """
    begun = time.monotonic()
    now = dt.datetime.now(dt.UTC)
    archive = f"tenshu-{now:%Y%m%dT%H%M%SZ}-{run[-8:]}"
    require_ring(place, repository.kit_number)
    if borg.listing().repository.id != repository.borg_id:
        raise RepositoryReplaced(folder=repository.folder)
    folder = place.scratch / "archive"  # always the same, or Borg reads every file anew
    with explained(place.scratch), _scratch(place.scratch):
        folder.mkdir(mode=0o700, parents=True)
        at = int(now.timestamp() * 1000)
        manifest = gather(
            place, folder, archive, at=at, kit_number=repository.kit_number, reporter=reporter
        )
        written = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
        write_whole(folder / NAME, written)
        created = _archive(borg, manifest, len(written), folder, reporter)
        try:
            reporter.phase(Phase.verifying)
            _verify(borg, manifest, len(written))
        except (RunCancelled, RunTimedOut, ArchiveDiffers):
            borg.delete(archive)
            raise
    entry = find_entry(manifest, manifest.database.file)
    reporter.phase(Phase.finished)
    return BackupResult(
        archive=archive,
        archive_id=created.id,
        bytes=manifest.bytes + len(written),
        stored_bytes=created.stats.deduplicated_size,
        files=len(manifest.files) + 1,
        rows=manifest.rows,
        milliseconds=round((time.monotonic() - begun) * 1000),
        manifest_sha256=hashlib.sha256(written).hexdigest(),
        database_sha256=entry.sha256 if entry else "",
        sealed_size=manifest.sealed.size,
        checkpoint=manifest.sealed.checkpoint,
    )


@contextlib.contextmanager
def _scratch(folder: Path) -> Iterator[None]:
    """Clear what a killed run left behind, and after this one."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _archive(
    borg: Borg, manifest: Manifest, manifest_bytes: int, folder: Path, reporter: Reporter
) -> CreatedArchive:
    total, count = manifest.bytes + manifest_bytes, len(manifest.files) + 1
    reporter.phase(Phase.archiving, total, count)

    def hear(line: Line) -> None:
        if line.type == "archive_progress" and not line.finished:
            reporter.reach(min(line.original_size, total), line.nfiles)

    names = sorted(path.name for path in folder.iterdir())
    return borg.create(manifest.archive, folder, names, describe(manifest), hear)


def _verify(borg: Borg, manifest: Manifest, manifest_bytes: int) -> None:
    """Compare paths and sizes in the archive with the manifest.

    Raise ArchiveDiffers with the first path that is missing, added, or of another size.
    """
    expected = {entry.path: entry.bytes for entry in manifest.files} | {NAME: manifest_bytes}
    there = {one.path: one.size for one in borg.contents(manifest.archive) if one.type != "d"}
    if there != expected:
        paths = sorted(path for path, _ in there.items() ^ expected.items())
        raise ArchiveDiffers(archive=manifest.archive, path=paths[0])


def describe(manifest: Manifest) -> str:
    """Return the archive's comment: its figures for lists, without braces (Borg fills those)."""
    return urlencode(
        {
            "bytes": manifest.bytes,
            "files": len(manifest.files) + 1,
            "rows": manifest.rows,
            "version": manifest.product_version,
        }
    )


def listed(archive: ListedArchive) -> Archive:
    """Return an archive as the list shows it; figures are missing if others wrote it."""
    figures = dict(parse_qsl(archive.comment))

    def number(name: str) -> int | None:
        text = figures.get(name, "")
        return int(text) if text.isascii() and text.isdigit() else None

    return Archive(
        name=archive.name,
        id=archive.id,
        at=archive.at,
        bytes=number("bytes"),
        files=number("files"),
        rows=number("rows"),
        version=figures.get("version", "")[:50],
    )
