"""What this place can do, and what not and why. Never hidden, never faked."""

from appliance.backup.borg import borg_version
from appliance.backup.database import sqlite_path
from appliance.backup.process import find
from appliance.contract.actions import Capability
from appliance.contract.disks.errors import NoOwnDisks
from appliance.contract.errors import ApplianceError
from appliance.machine import units
from appliance.place import Place
from appliance.storage.facts import are_own


def capabilities(place: Place) -> tuple[Capability, ...]:
    """Return every capability, sorted by name."""
    return tuple(
        sorted((_backup(), _dump(place), _mirrors(), _units(place)), key=lambda one: one.name)
    )


def _backup() -> Capability:
    try:
        version = borg_version()
    except ApplianceError as error:
        return Capability(name="backup", available=False, reason=f"{error} {error.advice()}")
    return Capability(name="backup", available=True, detail=f"borg {version}")


def _dump(place: Place) -> Capability:
    if sqlite_path(place.database_url) is not None:
        return Capability(name="database-copy", available=True, detail="sqlite")
    if find("pg_dump") is None:
        reason = "The program pg_dump is not installed. Install Debian's package postgresql-client."
        return Capability(name="database-copy", available=False, reason=reason)
    return Capability(name="database-copy", available=True, detail="pg_dump")


def _units(place: Place) -> Capability:
    """Long actions get a systemd unit of their own only where systemd runs as the first process."""
    name = "system-units"
    if units.are_ours(place):
        return Capability(name=name, available=True, detail="systemd")
    reason = "There is no systemd here: long actions run as processes of their own instead."
    return Capability(name=name, available=False, reason=reason)


def _mirrors() -> Capability:
    """Disks are mirrored where the appliance's own disk started the machine."""
    name = "mirrored-disks"
    if are_own():
        return Capability(name=name, available=True, detail="md")
    error = NoOwnDisks()
    return Capability(name=name, available=False, reason=f"{error} {error.advice()}")
