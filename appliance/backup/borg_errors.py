"""What Borg's failures mean in our words."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from appliance.backup.borg_json import Line
from appliance.contract.backup_errors import (
    ArchiveUnknown,
    BorgFailed,
    DiskFull,
    RepositoryDamaged,
    RepositoryGone,
    RepositoryLocked,
    RepositoryReplaced,
    WrongKit,
)
from appliance.contract.errors import ApplianceError

ERRORS: Final[dict[str, type[ApplianceError]]] = {
    "PassphraseWrong": WrongKit,
    "Repository.DoesNotExist": RepositoryGone,
    "Repository.InvalidRepository": RepositoryGone,
    "Repository.InvalidRepositoryConfig": RepositoryDamaged,
    "Repository.CheckNeeded": RepositoryDamaged,
    "Repository.ObjectNotFound": RepositoryDamaged,
    "Repository.InsufficientFreeSpaceError": DiskFull,
    "Cache.RepositoryAccessAborted": RepositoryReplaced,
    "Cache.RepositoryReplay": RepositoryReplaced,
    "LockTimeout": RepositoryLocked,
    "LockFailed": RepositoryLocked,
    "IntegrityError": RepositoryDamaged,
    "DecompressionError": RepositoryDamaged,
    "FileIntegrityError": RepositoryDamaged,
    "NoManifestError": RepositoryDamaged,
    "TAMInvalid": RepositoryDamaged,
    "TAMRequiredError": RepositoryDamaged,
    "ArchiveTAMInvalid": RepositoryDamaged,
    "ArchiveTAMRequiredError": RepositoryDamaged,
    "RepoKeyNotFoundError": RepositoryDamaged,
    "KeyfileInvalidError": RepositoryDamaged,
    "Archive.DoesNotExist": ArchiveUnknown,
}
"""Borg's message identifiers (its documented interface for programs) → our errors."""


def explain(
    exit_code: int, words: Sequence[Line], arguments: Sequence[str], folder: Path, base: Path
) -> ApplianceError:
    """Say what a failure was, by Borg's message identifiers and by what is there.

    `folder` is the repository's, `base` Borg's own.
    """
    names = [line.msgid for line in words if line.msgid and line.levelname == "ERROR"]
    known = next((ERRORS[name] for name in names if name in ERRORS), None)
    if known is ArchiveUnknown:
        archive = next((one.split("::")[1] for one in arguments if "::" in one), "")
        return ArchiveUnknown(archive=archive)
    if known is WrongKit:
        return WrongKit()
    # Python's own spelling of ENOSPC; Borg has no identifier for it
    if known is DiskFull or any("[Errno 28]" in line.message for line in words):
        return DiskFull(folder=_fuller(folder, base))
    with contextlib.suppress(OSError):
        if arguments[0] != "init" and not (folder / "config").is_file():
            return RepositoryGone(folder=str(folder))
    if known is not None:
        return known(folder=str(folder))
    return BorgFailed(name=names[0] if names else "?", exit_code=exit_code)


def _fuller(*folders: Path) -> str:
    """Name the fuller of the disks that Borg writes to."""

    def free(folder: Path) -> int:
        try:
            return os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
        except OSError:
            return 0

    return str(min(folders, key=free))
