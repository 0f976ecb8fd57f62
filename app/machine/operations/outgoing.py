"""What leaves the machine."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.machine.calling import caller_of, machine_for
from app.machine.operations.reading import ON_CONSOLE
from app.operations.context import Context
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.permissions import Permission
from appliance.contract.configuration.outgoing import Needed, Outgoing


class NeededDestinations(msgspec.Struct, frozen=True, kw_only=True):
    """What the functions of the appliance reach."""

    before: Annotated[tuple[Needed, ...], Meta(description="What the machine was told last.")]
    needed: Annotated[tuple[Needed, ...], Meta(description="All that is needed by now.")]


@operation(
    "machine.read_outgoing",
    permission=Permission.MACHINE_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/machine/outgoing"),
)
def read_outgoing(context: Context, request: NoRequest) -> Outgoing:  # noqa: ARG001
    """Tell what may leave the machine, what did, and what was kept from it."""
    with machine_for(context) as machine:
        return machine.outgoing(caller_of(context))


def _tell(context: Context, request: NeededDestinations) -> None:
    with machine_for(context) as machine:
        machine.tell_destinations(caller_of(context), request.needed)


@operation(
    "machine.tell_destinations", permission=Permission.MACHINE_MANAGE, planes=(), ahead=_tell
)
def tell_destinations(context: Context, request: NeededDestinations) -> None:
    """Let out of the machine what its functions reach by now."""
    before, after = _said(request.before), _said(request.needed)
    context.event.change(
        "destinations",
        [one for one in before if one not in after],
        [one for one in after if one not in before],
    )


def _said(needed: tuple[Needed, ...]) -> list[str]:
    return [f"{one.purpose} {one.host} {one.port}/{one.protocol}" for one in needed]
