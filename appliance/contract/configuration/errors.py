"""What can go wrong where a document is put into effect."""

from appliance.contract.errors import ApplianceError


class MachineNotOwned(ApplianceError):
    """A copy that runs beside other things, on a machine that is not its own."""

    code = "machine.not_owned"
    status = 409
    message = "This copy does not set up its machine: it runs as a guest on it."
    hint = "The appliance's own image does. Here, network and firewall are the machine's affair."


class ConfigurationRefused(ApplianceError):
    """The document has problems. `problems` is the first one in words, `count` how many."""

    code = "machine.configuration_refused"
    status = 422
    message = "The document was not applied. {problem}"
    hint = "Look at the plan: it lists all {count}. Nothing was changed."


class WarningsNotSeen(ApplianceError):
    """The document is dangerous, and nobody has said that this is meant."""

    code = "machine.warnings_not_seen"
    status = 409
    message = "The document was not applied. {problem}"
    hint = "Confirm that you mean it, or correct it. Nothing was changed."


class ConfigurationMoved(ApplianceError):
    """Somebody else has applied another version in the meantime."""

    code = "machine.configuration_moved"
    status = 409
    message = "Version {current} was applied in the meantime; your change was made from {based_on}."
    hint = "Look at what changed, then make your change once more. Nothing is lost: copy your text."


class ApplyUnderWay(ApplianceError):
    """Another change is being applied, or waits to be confirmed."""

    code = "machine.apply_under_way"
    status = 409
    message = "Another change is under way: version {version} is being applied or confirmed."
    hint = "Wait until it is confirmed or taken back, at most a few minutes."


class ProgramRefused(ApplianceError):
    """A program does not take its file. `said` are its own words."""

    code = "machine.program_refused"
    status = 422
    message = "{program} does not take what would be written: {said}"
    hint = "Correct the part of the document that it names. Nothing was changed."


class ApplyFailed(ApplianceError):
    """It did not take effect as a whole, and was taken back."""

    code = "machine.apply_failed"
    status = 500
    message = "The change did not take effect and was taken back: {reason}"
    hint = "The machine is as it was before. Look into the agent's log for more."


class TakingBack(ApplianceError):
    """It did not take effect, and could not be taken back yet. The guard goes on trying."""

    code = "machine.taking_back"
    status = 500
    message = "The change did not take effect, and cannot be taken back yet: {reason}"
    hint = "Put right what it names. It is taken back as soon as that is possible."


class NothingToConfirm(ApplianceError):
    """The version does not wait for a confirmation."""

    code = "machine.nothing_to_confirm"
    status = 409
    message = "Version {version} does not wait to be confirmed."
    hint = "The history of versions says what became of it."


class ConnectionTooOld(ApplianceError):
    """The connection was opened before the change: it says nothing of what the change allows."""

    code = "machine.connection_too_old"
    status = 409
    message = "This connection was opened before version {version} took effect."
    hint = "Open the page anew, in a new window if need be, and confirm there."


class VersionUnknown(ApplianceError):
    """There is no such version."""

    code = "machine.version_unknown"
    status = 404
    message = "There is no version {version}."
    hint = "The history of versions lists all that there are."


class ExcludesYou(ApplianceError):
    """A warning: the address that asks would not be let in any more."""

    code = "machine.excludes_you"
    status = 409
    message = "Your own address {address} would not reach the console any more."
    hint = "Add its network to a list of the console, unless you mean to go on from elsewhere."


class CertificateNotShown(ApplianceError):
    """A warning: the certificate is there and cannot be shown, as one that has ended."""

    code = "machine.certificate_not_shown"
    status = 409
    message = "{place}: the certificate “{name}” cannot be shown now; the own one stands in for it."
    hint = "Look at it on the page of certificates: it may have ended, or be still to come."


class DiskFullForMachine(ApplianceError):
    """There is no room to write down what is to be changed."""

    code = "machine.disk_full"
    status = 507
    message = "The disk is full: the change could not be written down, and nothing was changed."
    hint = "Make room under Storage, then apply it again."


class BanUnknown(ApplianceError):
    """A source whose ban is to be lifted, and that is not banned."""

    code = "machine.ban_unknown"
    status = 404
    message = "{network} is not banned."
    hint = "The ban may have ended by itself: look at the list again."
