"""Why a copy of the appliance does not start."""

from app.core.errors import TenshuError


class KeyRingMissing(TenshuError):
    """There is data, but nothing that opens it. A new ring over old data would hide the loss."""

    code = "start.key_ring_missing"
    status = 500
    message = "The data folder {data} holds data, but its key ring {ring} is missing."
    hint = (
        "Put the folder of the keys back, or name it with TENSHU_KEYS. If it is lost, restore a "
        "backup with the key kit into an empty data folder: tenshu backup restore."
    )


class KeyRingOfAnother(TenshuError):
    """The key ring does not open this data folder."""

    code = "start.key_ring_of_another"
    status = 500
    message = "The key ring {ring} does not belong to the data folder {data}."
    hint = "Name the right folder with TENSHU_KEYS; each data folder has a key ring of its own."


class NoRoomForSnapshot(TenshuError):
    """The disk has no room for the copy that is kept before a newer version changes the schema."""

    code = "start.no_room_for_snapshot"
    status = 507
    message = (
        "The data of an earlier version is copied before it is changed, and {data} has no room "
        "for that: {free} MiB free, {needed} MiB needed."
    )
    hint = (
        "Nothing was changed: the earlier version still starts. Make the volume larger, or start "
        "the earlier version and free space under Storage."
    )


class PortTaken(TenshuError):
    """Another program listens where a plane should."""

    code = "start.port_taken"
    status = 409
    message = "Another program already listens on {address} port {port}."
    hint = "Stop it, or choose another port: {variable}=…"


class AddressUnusable(TenshuError):
    """The address to listen on is not one of this machine's, or may not be used."""

    code = "start.address_unusable"
    status = 500
    message = "This machine cannot listen on {address} port {port}: {reason}."
    hint = "Give an address of this machine (TENSHU_ADDRESS) and a port that this user may use."


class NotPrepared(TenshuError):
    """The data folder waits for its first start, or for the first one of this version."""

    code = "start.not_prepared"
    status = 409
    message = "The data folder {data} is not prepared for this version yet."
    hint = "Start the appliance once: tenshu start."


class RestoreUnfinished(TenshuError):
    """A restore into this folder was killed, or still runs."""

    code = "start.restore_unfinished"
    status = 409
    message = "A restore into the data folder {data} has not finished."
    hint = "Wait for it, or do it again: tenshu backup restore cleans up what it left."


class RolesNotMade(TenshuError):
    """The database's owner may not make the roles of the processes."""

    code = "start.roles_not_made"
    status = 500
    message = "PostgreSQL did not make the roles of the processes: {reason}."
    hint = "Let the owner of the database make them, as PostgreSQL's administrator: {remedy}"


class RoleNotAdmitted(TenshuError):
    """The server does not let the role of a process sign in with its password."""

    code = "start.role_not_admitted"
    status = 500
    message = "PostgreSQL does not let {role} sign in: {reason}"
    hint = (
        "Add this line to the beginning of pg_hba.conf, with “host” and the address of this "
        "machine where it is another one, and let PostgreSQL read it again: {line}"
    )


class LockNotKept(TenshuError):
    """systemd does not take the lock on the data folder over."""

    code = "start.lock_not_kept"
    status = 500
    message = "systemd does not keep the lock on the data folder: {reason}."
    hint = "tenshu-prepare.service needs FileDescriptorStoreMax=1 and NotifyAccess=main."
