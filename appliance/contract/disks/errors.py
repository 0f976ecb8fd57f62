"""What can go wrong with disks, and what to do then."""

from appliance.contract.errors import ApplianceError


class NoOwnDisks(ApplianceError):
    """The copy did not start from the appliance's own disk."""

    code = "disks.not_own"
    status = 409
    message = "Disks are not looked after here: this copy did not start from its own disk."
    hint = "The appliance's disk image mirrors its disks; elsewhere the host must do that."


class DisksUnreadable(ApplianceError):
    """The list of disks cannot be had. `said` are the program's words."""

    code = "disks.unreadable"
    status = 503
    message = "The disks cannot be listed: {said}"
    hint = "Try again in a minute; if it stays, look into the agent's log."


class DiskUnknown(ApplianceError):
    """There is no such disk any more."""

    code = "disks.unknown"
    status = 404
    message = "There is no disk with the identifier {disk}."
    hint = "It may have been pulled. Open the list of disks again."


class DiskTooSmall(ApplianceError):
    """It cannot hold what the others hold. Sizes in megabytes."""

    code = "disks.too_small"
    status = 409
    message = "The disk {disk} is too small: it has {size} MB, and {needed} MB are needed."
    hint = "Put in a disk that is at least as large as the one that the machine runs on."


class DiskNotEmpty(ApplianceError):
    """It holds something. `holds` in the words of its table."""

    code = "disks.not_empty"
    status = 409
    message = "The disk {disk} is not empty; on it lies: {holds}."
    hint = "Put in an empty disk, or erase exactly this one."


class DiskForeign(ApplianceError):
    """It holds another appliance's state."""

    code = "disks.foreign"
    status = 409
    message = "The disk {disk} holds the data of another appliance and is not touched."
    hint = "Put it back into its own machine. Erase it there, or elsewhere, if nobody needs it."


class DiskInUse(ApplianceError):
    """It carries the machine already."""

    code = "disks.in_use"
    status = 409
    message = "The disk {disk} carries the machine already."
    hint = "Choose another disk."


class MirrorsComplete(ApplianceError):
    """Both sides are there."""

    code = "disks.complete"
    status = 409
    message = "Both sides of the mirrors are there; a third disk is not taken in."
    hint = "Pull the disk that is to be replaced, then take in the other."


class TakingUnderWay(ApplianceError):
    """One at a time."""

    code = "disks.under_way"
    status = 409
    message = "A disk is being taken in already."
    hint = "Wait until it is done; the page of the disks shows how far it is."


class CopyDiffers(ApplianceError):
    """What was written reads otherwise."""

    code = "disks.copy_differs"
    status = 500
    message = "What was written to the disk {disk} reads otherwise; the disk is not trusted."
    hint = "Replace this disk by another one."


class NoCopy(ApplianceError):
    """The system has no copy. `said` in the words of the kernel or of a program."""

    code = "disks.no_copy"
    status = 500
    message = "The copy of the system could not be made: {said}"
    hint = "Restart the machine, which tries again; if it stays, replace the disk."


class NotRead(ApplianceError):
    """Not every slot could be read through. `said` tells which, and why."""

    code = "disks.not_read"
    status = 500
    message = "The system could not be read through: {said}"
    hint = "Replace the disk if one is named; restart the machine else, which makes its copy anew."


class DiskFailed(ApplianceError):
    """A program could not do its step. `said` are its words."""

    code = "disks.failed"
    status = 500
    message = "The disk {disk} could not be taken in: {said}"
    hint = "Try again; if it stays, replace this disk by another one."


class DiskGone(ApplianceError):
    """It was pulled meanwhile, or failed."""

    code = "disks.gone"
    status = 409
    message = "The disk {disk} was pulled or failed while it was taken in."
    hint = "Put it in again, or another one, and take that in."
