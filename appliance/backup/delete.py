"""The end of a repository: Borg's own deletion, behind a look at what stands in the folder.

Nothing is deleted unless the folder holds the repository that was meant, by its identifier, and
nothing that is not Borg's or ours: Borg would take the whole folder. Borg removes `config` first,
so a deletion that was interrupted leaves what nobody can open; a mark in the agent's folder, made
before the first byte goes, says that the rest may be removed next time, and where it lay: a disk
that is not mounted is no deleted repository.
"""

import configparser
import contextlib
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from appliance.backup.borg import Borg
from appliance.backup.create import explained
from appliance.backup.reporter import Reporter
from appliance.contract.actions import Repository
from appliance.contract.backup_errors import (
    BorgFailed,
    RepositoryDamaged,
    RepositoryGone,
    RepositoryReplaced,
    WrongKit,
)
from appliance.contract.repository_errors import DeletionUnfinished, RepositoryHoldsOthers
from appliance.contract.runs import DeletionResult, Phase
from appliance.durable import sync_folder, write_whole
from appliance.place import Place

OURS: Final = re.compile(
    r"README|config(\.old)?|data|nonce|lock\.(exclusive|roster)|(index|hints|integrity)\.\d+(\.tmp)?"
    r"|tenshu-ring-[0-9a-f]{16}\.wrapped"
)
"""What a repository's folder holds (Borg's internals, "Repository and Archives")."""
NAMED: Final = 3
"""Strangers that an error names."""


def delete(place: Place, repository: Repository, borg: Borg, reporter: Reporter) -> DeletionResult:
    """Destroy the repository with all its archives, or what an earlier deletion has left of it.

    Raise RepositoryGone, RepositoryReplaced, RepositoryHoldsOthers, RepositoryLocked: nothing was
    deleted then; DeletionUnfinished where it stopped in the middle.
    """
    begun = time.monotonic()
    folder, mark = Path(repository.folder), place.deletions / repository.id
    reporter.phase(Phase.deleting)
    with explained(folder):
        is_rest = _look(folder, repository, mark)
        archives = None if is_rest else _count(borg)
        total = size_of(folder)
        if not is_rest:
            place.deletions.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(mark, f"{_place_of(folder)}\n{_place_of(folder.parent)}".encode())
    reporter.phase(Phase.deleting, total)
    try:
        if not is_rest:
            _destroy(folder, borg, lambda: reporter.reach(max(0, total - size_of(folder))))
        _remove_rest(folder)
    except Exception as error:
        if _has_config(folder):
            mark.unlink()
            raise
        raise DeletionUnfinished(folder=str(folder)) from error
    mark.unlink()
    reporter.phase(Phase.finished)
    return DeletionResult(
        archives=archives, bytes=total, milliseconds=round((time.monotonic() - begun) * 1000)
    )


def size_of(folder: Path) -> int:
    """Return the bytes of all files under `folder`, 0 where there is none. Follow no link."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # gone meanwhile
                total += (Path(path) / name).lstat().st_size
    return total


def _look(folder: Path, repository: Repository, mark: Path) -> bool:
    """Return whether only the rest of a deletion is there; raise if it is not what was meant."""
    if folder.resolve() != folder:
        raise RepositoryReplaced(folder=str(folder))
    is_rest = not _has_config(folder)
    if is_rest and not _is_marked(folder, mark):
        raise RepositoryGone(folder=str(folder))
    if not is_rest and _identifier(folder) != repository.borg_id:
        raise RepositoryReplaced(folder=str(folder))
    there = [one.name for one in folder.iterdir()] if folder.is_dir() else []
    if strangers := sorted(name for name in there if not OURS.fullmatch(name)):
        raise RepositoryHoldsOthers(folder=str(folder), names=", ".join(strangers[:NAMED]))
    return is_rest


def _is_marked(folder: Path, mark: Path) -> bool:
    """Return True if a deletion has begun in this folder of this very disk."""
    if not mark.exists():
        return False
    there, above = mark.read_text().split()
    return _place_of(folder) == there if folder.exists() else _place_of(folder.parent) == above


def _place_of(folder: Path) -> str:
    try:
        found = folder.stat()
    except FileNotFoundError:
        return ""
    return f"{found.st_dev}:{found.st_ino}"


def _has_config(folder: Path) -> bool:
    return (folder / "config").is_file()


def _identifier(folder: Path) -> str:
    """Return the identifier in the repository's `config`; it opens nothing. "" for none."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string((folder / "config").read_text())
    except (configparser.Error, UnicodeDecodeError):
        raise RepositoryDamaged(folder=str(folder)) from None
    return parser.get("repository", "id", fallback="")


def _count(borg: Borg) -> int | None:
    """Return how many archives there are, None where nobody can read that any more."""
    try:
        return len(borg.listing().archives)
    except (WrongKit, RepositoryDamaged, BorgFailed):
        return None


def _destroy(folder: Path, borg: Borg, on_tick: Callable[[], None]) -> None:
    try:
        borg.destroy(on_tick)
    except (BorgFailed, RepositoryGone):
        # it ends so where the folder itself cannot go, because a disk is mounted there
        if _has_config(folder):
            raise


def _remove_rest(folder: Path) -> None:
    """Remove what a deletion has left, name by name; the folder itself where that can be."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if not OURS.fullmatch(path.name):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    with contextlib.suppress(OSError):  # a mounted disk's own folder stays
        folder.rmdir()
    sync_folder(folder.parent)
