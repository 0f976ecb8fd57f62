"""The disks of the machine: looked at, taken in, declared redundant (S1)."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.audit.event import Outcome
from app.machine.calling import caller_of, disks_for
from app.machine.operations.reading import ON_CONSOLE
from app.machine.telling import mark_told
from app.operations.context import Context
from app.operations.operation import Effect, NoRequest, Route, Tier, operation
from app.operations.permissions import Permission
from appliance.contract.disks.state import Befell, DiskHappening, DiskIdentifier, Disks

JOURNAL: Final = "disks"
"""Of what happens to disks, among those of the machine."""
IN_EARNEST: Final = (
    Befell.lost,
    Befell.not_taken,
    Befell.from_copy,
    Befell.no_copy,
    Befell.asked_instead,
    Befell.damaged,
)


@operation(
    "disks.list",
    permission=Permission.MACHINE_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/machine/disks"),
)
def list_disks(context: Context, request: NoRequest) -> Disks:  # noqa: ARG001
    """List the disks, what they are to the machine, and how its mirrors stand."""
    with disks_for(context) as machine:
        return machine.disks(caller_of(context))


class WhichDisk(msgspec.Struct, frozen=True, kw_only=True):
    """Which disk."""

    disk: DiskIdentifier


def _take(context: Context, request: WhichDisk) -> Disks:
    with disks_for(context) as machine:
        return machine.take(caller_of(context), request.disk)


@operation(
    "disks.take",
    permission=Permission.MACHINE_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/machine/disks/{disk}/take"),
    ahead=_take,
)
def take_disk(context: Context, request: WhichDisk) -> Disks:
    """Let an empty disk, or one that was a member, mirror everything."""
    return _about(context, request)


def _erase(context: Context, request: WhichDisk) -> Disks:
    with disks_for(context) as machine:
        return machine.erase(caller_of(context), request.disk)


@operation(
    "disks.erase",
    permission=Permission.MACHINE_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/machine/disks/{disk}/erase"),
    ahead=_erase,
)
def erase_disk(context: Context, request: WhichDisk) -> Disks:
    """Erase what a disk holds, and let it mirror everything."""
    return _about(context, request)


class Redundancy(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of the storage beneath the one disk."""

    redundant: Annotated[bool, Meta(description="Whether the host keeps it on more than one.")]


def _declare(context: Context, request: Redundancy) -> Disks:
    with disks_for(context) as machine:
        return machine.declare(caller_of(context), redundant=request.redundant)


@operation(
    "disks.declare",
    permission=Permission.MACHINE_MANAGE,
    planes=ON_CONSOLE,
    route=Route("PUT", "/machine/disks/redundancy"),
    ahead=_declare,
)
def declare_redundant(context: Context, request: Redundancy) -> Disks:
    """Say that the storage beneath the one disk is redundant, or is not."""
    context.event.references["redundant"] = "yes" if request.redundant else "no"
    found: Disks = context.ahead
    return found


class HappenedToDisks(msgspec.Struct, frozen=True, kw_only=True):
    """Something that has happened to the disks with nobody there."""

    happening: Annotated[DiskHappening, Meta(description="What has happened.")]


@operation("disks.tell", permission=Permission.MACHINE_MANAGE, planes=())
def tell_of_disks(context: Context, request: HappenedToDisks) -> None:
    """Tell the history what has happened to the disks by itself."""
    one = request.happening
    mark_told(context, JOURNAL, one.number)
    event = context.event
    event.at = one.at  # when it happened, not when the console heard of it
    event.about("disk", one.disk, one.disk)
    if one.what in IN_EARNEST:
        event.outcome = Outcome.FAILED
        event.error = one.reason or f"disks.{one.what}"
    else:
        event.references["outcome"] = one.what.value


def _about(context: Context, request: WhichDisk) -> Disks:
    found: Disks = context.ahead
    called = next((one.serial or one.name for one in found.disks if one.id == request.disk), "")
    context.event.about("disk", request.disk, called)
    return found
