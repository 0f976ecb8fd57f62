"""What can go wrong between the appliance, its repositories, its kit and a restore."""

from appliance.contract.errors import ApplianceError


class KitIncomplete(ApplianceError):
    """The kit's text has too few or too many characters."""

    code = "kit.incomplete"
    status = 422
    message = "A key kit has {expected} characters; this has {found}."
    hint = (
        "Type all groups of the kit, from the first to the last. Spaces and hyphens do not count."
    )


class KitMistyped(ApplianceError):
    """The kit's checksum does not fit its text."""

    code = "kit.mistyped"
    status = 422
    message = "The key kit has a typing mistake."
    hint = "Compare every group with the paper, or scan the QR code."


class WrongKit(ApplianceError):
    """The kit, or the passphrase made of it, does not open this."""

    code = "kit.wrong"
    status = 403
    message = "This key kit does not open the repository or the keys in it."
    hint = "Take the kit that was kept when this repository was created."


class RingUnreadable(ApplianceError):
    """The wrapped key ring is not what `wrap_ring` writes."""

    code = "ring.unreadable"
    message = "The wrapped key ring is damaged or of a newer version."
    hint = "Wrap the key ring again in the console, or take another archive."


class RingMissing(ApplianceError):
    """There is no wrapped key ring, so that no archive could ever be opened elsewhere."""

    code = "ring.missing"
    status = 409
    message = "There is no wrapped key ring at {path}: a backup without it could not be restored."
    hint = "Create the key kit in the console first; the console then writes the wrapped key ring."


class RingOfAnotherKit(ApplianceError):
    """Repository and wrapped ring belong to different kits."""

    code = "ring.other_kit"
    status = 409
    message = "The key ring is wrapped for another key kit than the repository's."
    hint = "Wrap the key ring for the repository's kit, or create a repository for the new kit."


class BorgMissing(ApplianceError):
    """There is no Borg on this machine."""

    code = "borg.missing"
    status = 501
    message = "The program borg is not installed."
    hint = "Install Debian's package borgbackup."


class BorgUnsupported(ApplianceError):
    """Borg is of a version that speaks differently."""

    code = "borg.unsupported"
    status = 501
    message = "Borg {version} cannot be used; 1.2 and 1.4 can."
    hint = "Install Debian's package borgbackup."


class BorgFailed(ApplianceError):
    """Borg failed at something that has no words here. `name` is Borg's own name of it."""

    code = "borg.failed"
    status = 500
    message = "Borg could not do it: {name}, exit code {exit_code}."
    hint = "The run's log has Borg's own words. Check the repository's folder and disk."


class RepositoryUnknown(ApplianceError):
    """No repository has this identifier."""

    code = "repository.unknown"
    status = 404
    message = "There is no repository {repository}."
    hint = "Go back to the list of repositories."


class RepositoryNameTaken(ApplianceError):
    """Another repository has this name already."""

    code = "repository.name_taken"
    status = 409
    message = "There is already a repository called “{name}”."
    hint = "Choose another name."


class FolderRefused(ApplianceError):
    """The folder cannot hold a repository. `reason` is one of `folder_reasons`."""

    code = "repository.folder_refused"
    status = 422
    message = "{folder} cannot hold a repository: {reason}"
    hint = "Choose an empty folder on another disk, or a folder that holds a Borg repository."


class RepositoryGone(ApplianceError):
    """The repository's folder is not there, or not any more."""

    code = "repository.gone"
    status = 409
    message = "The repository is not in {folder} any more."
    hint = "Connect or mount its disk again, then start again. Nothing on the appliance is lost."


class RepositoryReplaced(ApplianceError):
    """Another repository stands in the folder."""

    code = "repository.replaced"
    status = 409
    message = "In {folder} stands another repository than the one that was chosen."
    hint = "Put the right disk back, or add this folder as a repository of its own."


class RepositoryLocked(ApplianceError):
    """Another process works in the repository."""

    code = "repository.locked"
    status = 409
    message = "Somebody else is working in the repository {folder}."
    hint = (
        "Wait until the other one has finished. If no other machine uses this repository, "
        "run `borg break-lock` on the folder."
    )


class RepositoryDamaged(ApplianceError):
    """What stands in the repository is not what was written."""

    code = "repository.damaged"
    status = 409
    message = "The repository {folder} is damaged."
    hint = "Take another repository or an older archive, and check the disk of this one."


class ArchiveUnknown(ApplianceError):
    """The repository has no such archive."""

    code = "archive.unknown"
    status = 404
    message = "The repository has no archive {archive}."
    hint = (
        "Choose one from the list of archives; a new repository has none before its first backup."
    )


class ArchiveDiffers(ApplianceError):
    """A file of the archive is not what its manifest says. `path` is the first such file."""

    code = "archive.differs"
    status = 409
    message = "In the archive {archive}, {path} is not what the manifest says."
    hint = "Do not trust this archive: take another one, and check the repository."


class ArchiveUnreadable(ApplianceError):
    """The archive has no manifest that this version can read."""

    code = "archive.unreadable"
    status = 409
    message = "The archive {archive} has no manifest that this version can read: {reason}"
    hint = "Restore it with the newest version of the appliance, or take another archive."


class TargetNotEmpty(ApplianceError):
    """A restore would mix with what stands in the folder."""

    code = "restore.target_not_empty"
    status = 409
    message = "{folder} is not empty: a restore does not overwrite anything."
    hint = "Choose an empty folder, or one that does not exist yet."


class DatabaseDiffers(ApplianceError):
    """The archive's database is of the other kind."""

    code = "restore.database_kind"
    status = 409
    message = "The archive holds a database of {archived}; the restore was told {wanted}."
    hint = "Leave out the database's address for SQLite; give an empty database's for PostgreSQL."


class DatabaseUnreadable(ApplianceError):
    """The database, or the sealed store, cannot be read or written whole."""

    code = "backup.database_unreadable"
    status = 500
    message = "{name} cannot be copied whole: {reason}"
    hint = "Check the disk and the database; restore the newest archive if it is damaged."


class SealedStoreMissing(ApplianceError):
    """There is no sealed store: the archive would have no audit trail."""

    code = "backup.sealed_store_missing"
    status = 409
    message = "There is no sealed audit trail at {path}."
    hint = "Start the audit sealer; it makes its store within a second."


class DiskFull(ApplianceError):
    """A disk has no room. `folder` lies on it."""

    code = "disk.full"
    status = 507
    message = "The disk of {folder} is full."
    hint = "Free some room there or take a larger disk, then start again. Nothing was changed."


class FolderUnusable(ApplianceError):
    """A file or folder cannot be read or written."""

    code = "disk.unusable"
    status = 500
    message = "{path} cannot be used: {reason}"
    hint = "Check the folder's owner and permissions and its disk, then start again."


class RunUnknown(ApplianceError):
    """There is no such run."""

    code = "run.unknown"
    status = 404
    message = "There is no run {run}."
    hint = "Go back to the list of runs."


class RunInProgress(ApplianceError):
    """One long action at a time."""

    code = "run.in_progress"
    status = 409
    message = "{action} is still running."
    hint = "Wait until it has finished, or cancel it. Its number is {run}."


class RunOver(ApplianceError):
    """What has ended cannot be cancelled."""

    code = "run.over"
    status = 409
    message = "The run {run} has ended already."
    hint = "Look at its result in the list of runs."


class RunCancelled(ApplianceError):
    """Somebody cancelled it."""

    code = "run.cancelled"
    status = 409
    message = "It was cancelled."
    hint = "Start it again when you like. Nothing was changed."


class RunTimedOut(ApplianceError):
    """It took longer than it may. `seconds` is that time."""

    code = "run.timed_out"
    status = 504
    message = "It did not finish within {seconds} seconds and was ended."
    hint = "Check whether the repository's disk or network is very slow, then start again."


class RunDied(ApplianceError):
    """The run's process ended without a result: killed, or the machine went down."""

    code = "run.died"
    status = 500
    message = "The process ended in the middle, without a result."
    hint = (
        "Start it again: what it left behind is cleaned up first. Nothing on the appliance is lost."
    )
