"""Calling the agent for an operation: who asks goes along, errors come back in our words."""

import contextlib
from collections.abc import Iterator
from typing import Final

from app.machine.errors import MachineError
from app.operations.context import Context, Plane
from appliance.contract.actions import Caller
from appliance.contract.certificates.client import CertificateClient
from appliance.contract.client import AgentClient
from appliance.contract.configuration.client import MachineClient
from appliance.contract.disks.client import DiskClient
from appliance.contract.errors import ApplianceError
from appliance.contract.keyboard_client import KeyboardClient
from appliance.contract.maintenance.client import MaintenanceClient
from appliance.contract.power_client import PowerClient
from appliance.contract.volume.client import VolumeClient

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


@contextlib.contextmanager
def agent_for(context: Context) -> Iterator[AgentClient]:
    """Open the door to the machine. Raise MachineError for whatever it answers."""
    try:
        yield AgentClient(context.appliance.settings.agent_socket)
    except ApplianceError as error:
        raise MachineError(error) from error


@contextlib.contextmanager
def machine_for(context: Context) -> Iterator[MachineClient]:
    """Open the door to the machine's document. Raise MachineError for whatever it answers."""
    try:
        yield MachineClient(context.appliance.settings.agent_socket)
    except ApplianceError as error:
        raise MachineError(error) from error


@contextlib.contextmanager
def certificates_for(context: Context) -> Iterator[CertificateClient]:
    """Open the door to the certificates. Raise MachineError for whatever it answers."""
    try:
        yield CertificateClient(context.appliance.settings.agent_socket)
    except ApplianceError as error:
        raise MachineError(error) from error


@contextlib.contextmanager
def disks_for(context: Context) -> Iterator[DiskClient]:
    """Open the door to the disks. Raise MachineError for whatever it answers."""
    try:
        yield DiskClient(context.appliance.settings.agent_socket)
    except ApplianceError as error:
        raise MachineError(error) from error


@contextlib.contextmanager
def maintenance_for(context: Context) -> Iterator[MaintenanceClient]:
    """Open the door to maintenance access. Raise MachineError for whatever it answers."""
    try:
        yield MaintenanceClient(context.appliance.settings.agent_socket)
    except ApplianceError as error:
        raise MachineError(error) from error


@contextlib.contextmanager
def power_for(context: Context) -> Iterator[PowerClient]:
    """Open the door to the machine's power. Raise MachineError for whatever it answers."""
    try:
        yield PowerClient(context.appliance.settings.agent_socket)
    except ApplianceError as error:
        raise MachineError(error) from error


@contextlib.contextmanager
def keyboard_for(context: Context) -> Iterator[KeyboardClient]:
    """Open the door to the keyboard. Raise MachineError for whatever it answers."""
    try:
        yield KeyboardClient(context.appliance.settings.agent_socket)
    except ApplianceError as error:
        raise MachineError(error) from error


@contextlib.contextmanager
def volume_for(context: Context) -> Iterator[VolumeClient]:
    """Open the door to the volume's keys. Raise MachineError for whatever it answers."""
    try:
        yield VolumeClient(context.appliance.settings.agent_socket)
    except ApplianceError as error:
        raise MachineError(error) from error
