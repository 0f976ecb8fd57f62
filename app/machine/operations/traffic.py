"""What the packet filter drops, and whom it bans."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.machine.calling import caller_of, machine_for
from app.machine.operations.reading import ON_CONSOLE
from app.operations.context import Context
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.permissions import Permission
from appliance.contract.configuration.traffic import Ban, Traffic


class WhichBan(msgspec.Struct, frozen=True, kw_only=True):
    """A ban in force."""

    network: Annotated[
        str, Meta(max_length=49, description="The banned source as the list of bans names it.")
    ]


@operation(
    "machine.read_traffic",
    permission=Permission.MACHINE_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/machine/traffic"),
)
def read_traffic(context: Context, request: NoRequest) -> Traffic:  # noqa: ARG001
    """Tell what the packet filter has dropped lately, and who is banned."""
    with machine_for(context) as machine:
        return machine.traffic(caller_of(context))


def _lift(context: Context, request: WhichBan) -> Ban:
    with machine_for(context) as machine:
        return machine.lift_ban(caller_of(context), request.network)


@operation(
    "machine.lift_ban",
    permission=Permission.MACHINE_MANAGE,
    planes=ON_CONSOLE,
    route=Route("POST", "/machine/traffic/lift-ban"),
    ahead=_lift,
)
def lift_ban(context: Context, request: WhichBan) -> Ban:
    """Let a source in again that the packet filter has banned."""
    ban: Ban = context.ahead
    context.event.about("ban", request.network)
    context.event.numbers["packets"] = ban.packets
    return ban
