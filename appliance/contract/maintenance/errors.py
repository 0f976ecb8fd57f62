"""What can go wrong about maintenance access."""

from appliance.contract.errors import ApplianceError


class WindowStillOpen(ApplianceError):
    """Only one window is open at a time: it is always clear who is in."""

    code = "maintenance.still_open"
    status = 409
    message = "Maintenance window {window} is still open."
    hint = "Close it first, or wait until its time is over."


class WindowUnknown(ApplianceError):
    """There is no such window."""

    code = "maintenance.unknown_window"
    status = 404
    message = "There is no maintenance window {window}."
    hint = "The list of windows has all that there are."


class WindowOver(ApplianceError):
    """The window is not open any more."""

    code = "maintenance.over"
    status = 409
    message = "Maintenance window {window} is not open any more."
    hint = "Open another one if it is needed."


class RecordingUnknown(ApplianceError):
    """There is no such session."""

    code = "maintenance.unknown_session"
    status = 404
    message = "There is no session {session} of maintenance window {window}."
    hint = "The window lists the sessions that there were."


class RecordingGone(ApplianceError):
    """The file of a recording is not there."""

    code = "maintenance.recording_gone"
    status = 410
    message = "The recording of session {session} is not there any more."
    hint = "The window tells whether it was removed for its age; its digest stays in the history."


class AddressUnreadable(ApplianceError):
    """One of the addresses is none."""

    code = "maintenance.address_unreadable"
    status = 422
    message = "{address} is no address and no network."
    hint = "Write it as 192.0.2.7 or 192.0.2.0/24; of IPv6 as 2001:db8::7."


class AddressTooWide(ApplianceError):
    """A window is for somebody, not for everybody."""

    code = "maintenance.address_too_wide"
    status = 422
    message = "{address} is too wide: a window is for one place."
    hint = "Ask the vendor for the address that they come from."


class AddressNotAdmitted(ApplianceError):
    """The area SSH does not let the addresses in, so nobody would get as far as the window."""

    code = "maintenance.address_not_admitted"
    status = 409
    message = "{address} lies in no list of the area SSH: the packet filter would let nobody in."
    hint = "Add a list with it to the area SSH under Network and access, then open the window."


class KeyUnreadable(ApplianceError):
    """The public key is none. `said` are ssh-keygen's own words."""

    code = "maintenance.key_unreadable"
    status = 422
    message = "The public key cannot be read: {said}"
    hint = "Paste the one line of the file that ends in .pub."


class KeyTooWeak(ApplianceError):
    """An RSA key below 3072 bits."""

    code = "maintenance.key_too_weak"
    status = 422
    message = "An RSA key of {bits} bits is too weak."
    hint = "Use an Ed25519 key, or one of at least 3072 bits."


class KeyNotInDevice(ApplianceError):
    """A key of a device was asked for, and this is a file."""

    code = "maintenance.key_not_in_device"
    status = 422
    message = "This key lies in a file, not in a device."
    hint = "Paste a key of the kind sk-ssh-ed25519 or sk-ecdsa, made with ssh-keygen -t ed25519-sk."


class KeyNeededToRepair(ApplianceError):
    """A made key would be shown to who approves, not to who asked."""

    code = "maintenance.key_needed"
    status = 422
    message = "To repair, the vendor's own public key is needed."
    hint = "Ask them for the one line of their file that ends in .pub."


class UserMissing(ApplianceError):
    """The machine lacks one of the two users."""

    code = "maintenance.user_missing"
    status = 409
    message = "This machine has no user {user}, by whom people come in for maintenance."
    hint = "The appliance's own image has it. Until then no window can be opened."


class WindowNotOpened(ApplianceError):
    """Something on the way failed; what had been done is undone."""

    code = "maintenance.not_opened"
    status = 500
    message = "The window was not opened: {reason}"
    hint = "Nobody can come in. Look into the agent's log for more, then try again."
