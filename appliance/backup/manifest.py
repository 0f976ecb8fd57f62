"""`manifest.json`: what an archive holds, so that a restore can prove that it is all there."""

import hashlib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import msgspec

from appliance.backup.reporter import Reporter
from appliance.contract.backup_errors import ArchiveDiffers, ArchiveUnreadable

FORMAT: Final = 1
"""Raised when an older restore would misread the archive."""
NAME: Final = "manifest.json"
_CHUNK: Final = 1 << 20


class Entry(msgspec.Struct, frozen=True):
    """One file of the archive."""

    path: str
    bytes: int
    sha256: str


class Database(msgspec.Struct, frozen=True):
    """The database's copy."""

    kind: str
    """`sqlite` or `postgresql`."""
    file: str
    tables: dict[str, int]
    """Table → rows."""


class Sealed(msgspec.Struct, frozen=True):
    """The audit trail by its last checkpoint before the copy."""

    size: int
    checkpoint: str
    """C2SP tlog-checkpoint; empty before the first one."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive holds."""

    format: int = FORMAT
    product_version: str
    archive: str
    created_at: int
    """Milliseconds since 1970."""
    kit: str
    """Number of the kit that opens the key ring."""
    database: Database
    sealed: Sealed
    files: tuple[Entry, ...]
    """Every file but the manifest, sorted by path."""

    @property
    def bytes(self) -> int:
        """Bytes of all files."""
        return sum(entry.bytes for entry in self.files)

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(self.database.tables.values())


class _Versioned(msgspec.Struct, frozen=True):
    format: int


def product_version() -> str:
    """Return the version of the appliance; empty where it was not installed as a package."""
    try:
        return version("tenshu")
    except PackageNotFoundError:
        return ""


def read_manifest(archive: str, data: bytes) -> Manifest:
    """Return the manifest of an archive. Raise ArchiveUnreadable if this version cannot read it."""
    try:
        found = msgspec.json.decode(data, type=_Versioned).format
        if found > FORMAT:
            raise ArchiveUnreadable(
                archive=archive, reason=f"format {found} is newer than {FORMAT}"
            )
        return msgspec.json.decode(data, type=Manifest)
    except msgspec.DecodeError as error:
        raise ArchiveUnreadable(archive=archive, reason=str(error)) from None


def sha256_of(path: Path, reporter: Reporter) -> str:
    """Return the SHA-256 of a file, hexadecimal, advancing the reporter by its bytes."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            reporter.advance(len(chunk))
    return digest.hexdigest()


def files_under(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield every regular file under `folder` as path relative to it and path, sorted.

    Links and devices are yielded too, so that a comparison finds them; folders are not.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_dir():
            yield path.relative_to(folder).as_posix(), path


def entries_of(folder: Path, reporter: Reporter) -> tuple[Entry, ...]:
    """Return size and hash of every file under `folder`."""
    entries: list[Entry] = []
    for name, path in files_under(folder):
        entries.append(Entry(name, path.stat().st_size, sha256_of(path, reporter)))
        reporter.advance(0, 1)
    return tuple(entries)


def compare(manifest: Manifest, folder: Path, reporter: Reporter) -> None:
    """Compare every file under `folder` with the manifest, both ways.

    Raise ArchiveDiffers for the first file that is missing, added, or of other content.
    """
    there = dict(files_under(folder))
    there.pop(NAME, None)
    expected = {entry.path: entry for entry in manifest.files}
    for name in sorted(there.keys() ^ expected.keys()):
        raise ArchiveDiffers(archive=manifest.archive, path=name)
    for name, entry in expected.items():
        path = there[name]
        same = (
            not path.is_symlink()
            and path.is_file()
            and path.stat().st_size == entry.bytes
            and sha256_of(path, reporter) == entry.sha256
        )
        if not same:
            raise ArchiveDiffers(archive=manifest.archive, path=name)
        reporter.advance(0, 1)
