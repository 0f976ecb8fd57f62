"""What Borg's failures mean in our words."""

from typing import Final

from appliance.contract.backup_errors import (
    ArchiveUnknown,
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
