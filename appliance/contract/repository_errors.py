"""What can go wrong where repositories come, go, and stand on disks of their own."""

from appliance.contract.errors import ApplianceError


class RepositoriesBusy(ApplianceError):
    """The repositories are being changed."""

    code = "repository.busy"
    status = 409
    message = "The repositories are being changed at this moment."
    hint = "Wait a minute, then try again."


class RepositoryNotConnected(ApplianceError):
    """The repository is known from a restored archive, and nobody has connected it yet."""

    code = "repository.not_connected"
    status = 409
    message = "The repository “{name}” is known from before the restore, but not connected."
    hint = "Connect it again under Backups. Make sure first that no other appliance writes to it."


class RepositorySilent(ApplianceError):
    """The repository's disk or network does not answer in time."""

    code = "repository.silent"
    status = 504
    message = "{folder} does not answer."
    hint = "Check its disk or its network. Everything else on the appliance works meanwhile."


class RepositoryHoldsOthers(ApplianceError):
    """Something of somebody else's lies in the repository's folder. `names` are its names."""

    code = "repository.holds_others"
    status = 409
    message = "In {folder} lies something that is not the repository's: {names}"
    hint = "Move it elsewhere, then delete the repository again. Nothing was deleted."


class DeletionUnfinished(ApplianceError):
    """A deletion ended in the middle."""

    code = "repository.deletion_unfinished"
    status = 500
    message = "The deletion ended in the middle: what is left in {folder} opens for nobody."
    hint = "Check the disk, then delete the repository again: that removes the rest."
