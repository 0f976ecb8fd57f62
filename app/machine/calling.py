"""Calling the agent for an operation: who asks goes along, errors come back in our words."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, TypeVar

from app.machine.errors import MachineError
from app.operations.context import Context, Plane
from appliance.contract.actions import Caller
from appliance.contract.calling import Calling
from appliance.contract.certificates.client import CertificateClient
from appliance.contract.client import AgentClient
from appliance.contract.configuration.client import MachineClient
from appliance.contract.disks.client import DiskClient
from appliance.contract.errors import ApplianceError
from appliance.contract.faults.client import FaultClient
from appliance.contract.keyboard_client import KeyboardClient
from appliance.contract.maintenance.client import MaintenanceClient
from appliance.contract.power_client import PowerClient
from appliance.contract.volume.client import VolumeClient

Client = TypeVar("Client", bound=Calling)

MACHINE: Final = "machine"
"""How the agent calls the machine's own console: nobody there is locked out by what they apply,
so a confirm of theirs needs no new connection."""


def caller_of(context: Context) -> Caller:
    """Return who asks, as the agent records it."""
    return Caller(
        account=context.actor.account,
        session=context.actor.session or context.actor.token,
        source=context.source.peer,
        plane=MACHINE if context.plane is Plane.LOCAL else context.plane.value,
    )


def agent_for(context: Context) -> AbstractContextManager[AgentClient]:
    """Open the door to the machine. Raise MachineError for whatever it answers."""
    return _open(context, AgentClient)


def machine_for(context: Context) -> AbstractContextManager[MachineClient]:
    """Open the door to the machine's document. Raise MachineError for whatever it answers."""
    return _open(context, MachineClient)


def certificates_for(context: Context) -> AbstractContextManager[CertificateClient]:
    """Open the door to the certificates. Raise MachineError for whatever it answers."""
    return _open(context, CertificateClient)


def disks_for(context: Context) -> AbstractContextManager[DiskClient]:
    """Open the door to the disks. Raise MachineError for whatever it answers."""
    return _open(context, DiskClient)


def faults_for(context: Context) -> AbstractContextManager[FaultClient]:
    """Open the door to the machine's faults. Raise MachineError for whatever it answers."""
    return _open(context, FaultClient)


def maintenance_for(context: Context) -> AbstractContextManager[MaintenanceClient]:
    """Open the door to maintenance access. Raise MachineError for whatever it answers."""
    return _open(context, MaintenanceClient)


def power_for(context: Context) -> AbstractContextManager[PowerClient]:
    """Open the door to the machine's power. Raise MachineError for whatever it answers."""
    return _open(context, PowerClient)


def keyboard_for(context: Context) -> AbstractContextManager[KeyboardClient]:
    """Open the door to the keyboard. Raise MachineError for whatever it answers."""
    return _open(context, KeyboardClient)


def volume_for(context: Context) -> AbstractContextManager[VolumeClient]:
    """Open the door to the volume's keys. Raise MachineError for whatever it answers."""
    return _open(context, VolumeClient)


@contextmanager
def _open(context: Context, client: type[Client]) -> Iterator[Client]:
    try:
        yield client(context.appliance.settings.agent_socket)
    except ApplianceError as error:
        raise MachineError(error) from error
