"""What can go wrong with the keys of the volume, and what to do then."""

from appliance.contract.errors import ApplianceError


class NoOwnVolume(ApplianceError):
    """There is no volume of ours."""

    code = "volume.not_own"
    status = 409
    message = "There is no encrypted volume here: this copy did not start from its own disk."
    hint = "The appliance's disk image encrypts what it keeps; elsewhere the host must do that."


class VolumeUnknown(ApplianceError):
    """Nobody has looked yet, since the machine started."""

    code = "volume.unknown"
    status = 503
    message = "Who opens the volume is not known yet."
    hint = "Try again in a minute; if it stays, look into the log of tenshu-keeper.service."


class KeeperFailed(ApplianceError):
    """A program could not do its step. `said` are its words."""

    code = "volume.failed"
    status = 500
    message = "The keys of the volume could not be changed: {said}"
    hint = "Nothing was taken away; try again. If it stays, look into tenshu-keeper.service's log."


class NoMachineKey(ApplianceError):
    """What would admit a new key is gone."""

    code = "volume.no_machine_key"
    status = 409
    message = "The machine's own key to the volume is missing, so no other can be added."
    hint = "Restart the machine and type the recovery key at its screen: it makes a new one."


class NoRecoveryKey(ApplianceError):
    """Without it, a keeper that is lost loses everything."""

    code = "volume.no_recovery_key"
    status = 409
    message = "Nobody has a recovery key to the volume."
    hint = "Make a recovery key first, and put it away."


class PassphraseUnfit(ApplianceError):
    """It is too short, or cannot be typed on every keyboard."""

    code = "volume.passphrase_unfit"
    status = 422
    message = "The passphrase needs {least} to {most} letters a to z, digits, and hyphens."
    hint = "Other characters lie elsewhere on the keyboard while the machine starts."


class TpmUnfit(ApplianceError):
    """There is none, or what started the machine carries no policy."""

    code = "volume.tpm_unfit"
    status = 409
    message = "The machine's TPM cannot keep the key; the page of the volume says why."
    hint = "Choose a passphrase, or give the machine a TPM 2.0 and restart it."


class ServerUnreachable(ApplianceError):
    """Nobody answers there, or not as a key server does. `said` are the program's words."""

    code = "volume.server_unreachable"
    status = 502
    message = "The key server {server} cannot be asked for its keys: {said}"
    hint = "See that it runs and that this machine reaches it: open {server}/adv in a browser."


class ServerUnnamed(ApplianceError):
    """A key server needs an address, and somebody who compared its thumbprint."""

    code = "volume.server_unnamed"
    status = 422
    message = "A key server needs an address, and the thumbprint that somebody compared."
    hint = "Give the address as http://tang.example, and ask it for its thumbprint first."


class ServerKeyDiffers(ApplianceError):
    """The thumbprint is not that of a key which the server has now."""

    code = "volume.server_key_differs"
    status = 409
    message = "The key server {server} does not have the signing key {thumbprint}."
    hint = "Compare with what tang-show-keys says on the server itself. Nothing was changed."
