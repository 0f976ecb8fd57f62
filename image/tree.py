"""A folder's content as a tar archive that is the same bit by bit whenever it is written.

Order, owners and times of files come from nothing but the folder and the time that is given.
"""

import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

Chosen = dict[str, Path]
"""What goes in, by its path below the root."""
FORGOTTEN: Final = (
    *("dev/", "proc/", "run/", "sys/", "tmp/", "var/tmp/", "var/log/"),
    *("var/cache/apt/", "var/lib/apt/lists/", "var/cache/debconf/", "var/cache/ldconfig/"),
)
"""What is of one run of a machine, or of a build: the folders stay, and are empty."""
OLDER: Final = {f"etc/{name}-" for name in ("passwd", "group", "shadow", "gshadow")}
"""How lists of users were before; nothing reads them."""


def content(root: Path) -> Chosen:
    """Return what of a root belongs to an image, by path, in order."""
    return {path: root / path for path in sorted(_below(root, "")) if not _is_forgotten(path)}


def _below(root: Path, folder: str) -> Iterator[str]:
    with os.scandir(root / folder) as entries:
        for entry in entries:
            path = f"{folder}{entry.name}"
            yield path
            if entry.is_dir(follow_symlinks=False):
                yield from _below(root, f"{path}/")


def _is_forgotten(path: str) -> bool:
    return path.startswith(FORGOTTEN) or path in OLDER


def write_tree(chosen: Chosen, file: BinaryIO, newest: int) -> None:
    """Write the archive; no file in it is newer than `newest`, seconds since 1970."""
    first: dict[tuple[int, int], str] = {}
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, source in chosen.items():
            _add(archive, path, source, newest, first)


def _add(
    archive: tarfile.TarFile,
    path: str,
    source: Path,
    newest: int,
    first: dict[tuple[int, int], str],
) -> None:
    found = source.lstat()
    entry = tarfile.TarInfo(path)
    entry.mode = stat.S_IMODE(found.st_mode)
    entry.uid, entry.gid = found.st_uid, found.st_gid
    entry.mtime = min(int(found.st_mtime), newest)
    if stat.S_ISDIR(found.st_mode):
        entry.type = tarfile.DIRTYPE
        archive.addfile(entry)
    elif stat.S_ISLNK(found.st_mode):
        entry.type, entry.linkname = tarfile.SYMTYPE, str(source.readlink())
        archive.addfile(entry)
    elif stat.S_ISREG(found.st_mode):
        known = first.setdefault((found.st_dev, found.st_ino), path)
        if known != path:
            entry.type, entry.linkname = tarfile.LNKTYPE, known
            archive.addfile(entry)
            return
        entry.size = found.st_size
        with source.open("rb") as data:
            archive.addfile(entry, data)
