"""`tenshu disks`: how the mirrors stand, and taking a new disk in at the machine itself."""

import contextlib

import click

from app.core.errors import TenshuError
from app.core.messages import mark
from app.machine.errors import MachineError
from app.machine.operations.disks import (
    Redundancy,
    WhichDisk,
    declare_redundant,
    erase_disk,
    list_disks,
    take_disk,
)
from app.machine.operations.volume import show_volume
from app.machine.system_words import RUNS, STATES, how_read
from app.operations.context import Context
from app.operations.operation import NoRequest
from appliance.contract.disks.state import Disks, Role, Standing
from appliance.contract.disks.system import SystemView
from appliance.contract.errors import BY_CODE
from appliance.contract.volume.state import VolumeKeys
from cli.invocation import Invocation, everywhere, this_call
from cli.request import request
from cli.table import columns, moment
from cli.volume import protection

STANDINGS = {
    Standing.single: mark("Everything is on one disk."),
    Standing.filling: mark(
        "A disk is being filled; until it is whole, the other one must not die."
    ),
    Standing.mirrored: mark("Any one disk may die."),
    Standing.lost: mark("A disk is lost; the machine goes on with the other one alone."),
}
ROLES = {
    Role.member: mark("carries the machine"),
    Role.filling: mark("being taken in"),
    Role.returned: mark("was there before"),
    Role.empty: mark("nothing on it"),
    Role.occupied: mark("holds something"),
    Role.foreign: mark("of another appliance"),
    Role.small: mark("too small"),
}


class NoSuchDisk(TenshuError):
    """No disk is called so, or several are."""

    code = "command.no_such_disk"
    message = "There is not exactly one disk that is called {disk}."
    hint = "`tenshu disks show` lists them; name its number, its name or its identifier."


@click.group
@everywhere
def disks() -> None:
    """Look at the disks of the machine, and take new ones in."""


@disks.command
@everywhere
@this_call
def show(invocation: Invocation) -> None:
    """Show the disks and how the mirrors over them stand."""
    keys = None
    with invocation.context() as context:
        found = list_disks(context, NoRequest())
        with contextlib.suppress(MachineError):  # nobody has looked yet
            keys = show_volume(context, NoRequest())
    invocation.answer(found, lambda: _told(invocation, found, keys))


def _told(invocation: Invocation, found: Disks, keys: VolumeKeys | None = None) -> str:
    heads = (mark("Disk"), mark("Size"), mark("State"), mark("On it lies"))
    rows = [
        (
            one.serial or one.name,
            f"{one.size / 1e9:.1f} GB",
            invocation.words(ROLES[one.role]),
            one.holds,
        )
        for one in found.disks
    ]
    lines = [invocation.words(STANDINGS[found.standing])]
    if keys is not None:
        lines.append(invocation.words(protection(keys)))
    if found.system:
        lines += system_lines(invocation, found.system)
    if found.declared:
        lines.append(invocation.words(mark("The host's storage was declared redundant.")))
    if found.taking and not found.taking.error_code:
        text = mark("Taking in {disk}: {percent}%")
        called = found.taking.serial or found.taking.disk
        lines.append(invocation.words(text, disk=called, percent=round(found.taking.percent)))
    return "\n".join([*lines, "", columns([invocation.words(one) for one in heads], rows)])


def system_lines(invocation: Invocation, system: SystemView) -> list[str]:
    """Return which slot runs, and how the other one stands."""
    words = invocation.words
    runs = words(RUNS[system.copy], slot=system.slot.value.upper())
    lines = [words(mark("The machine runs from {slot}."), slot=runs)]
    if system.failed:
        lines.append(words(mark("Starts that failed before: {count}"), count=system.failed))
    head = mark("The system itself: {state}") if system.copy else mark("Copy of it: {state}")
    state = f"{words(STATES[system.state][1])} {moment(system.since)}".rstrip()
    lines.append(words(head, state=state))
    _, read, parameters = how_read(system.reading)
    state = (
        f"{words(read, **parameters)} {moment(system.reading.at if system.reading else 0)}".rstrip()
    )
    lines.append(words(mark("All of it last read through: {state}"), state=state))
    if system.error_code and system.error_code in BY_CODE:
        error = BY_CODE[system.error_code]
        lines += [words(one, **system.error_parameters) for one in (error.message, error.hint)]
    return lines


@disks.command
@click.argument("disk")
@click.option("--erase", is_flag=True, help="Erase what is on it; for good.")
@everywhere
@this_call
def take(invocation: Invocation, disk: str, erase: bool) -> None:
    """Let a disk mirror everything; it is empty, or is erased if that is said."""
    with invocation.context() as context:
        wanted = request(WhichDisk, disk=_identifier(context, disk))
        found = (erase_disk if erase else take_disk)(context, wanted)
    invocation.answer(found, lambda: _told(invocation, found))


def _identifier(context: Context, called: str) -> str:
    """Return the identifier of the one disk that is called so. Raise NoSuchDisk."""
    fitting = [
        one.id
        for one in list_disks(context, NoRequest()).disks
        if called in (one.id, one.name, one.serial)
    ]
    if len(fitting) != 1:
        raise NoSuchDisk(disk=called)
    return fitting[0]


@disks.command
@click.option("--redundant/--not-redundant", required=True, help="What the host's storage is.")
@everywhere
@this_call
def declare(invocation: Invocation, redundant: bool) -> None:
    """Say whether the host keeps the one disk on redundant storage."""
    with invocation.context() as context:
        found = declare_redundant(context, request(Redundancy, redundant=redundant))
    invocation.answer(found, lambda: _told(invocation, found))
