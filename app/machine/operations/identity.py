"""Which machine this is, where it does not know itself again."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.machine.calling import caller_of, machine_for
from app.machine.operations.reading import ON_CONSOLE
from app.operations.context import Context
from app.operations.operation import Route, Tier, operation
from app.operations.permissions import Permission
from appliance.contract.identity import Decided, Verdict


class WhichMachine(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator knows of this machine."""

    verdict: Annotated[Verdict, Meta(description="The machine itself, or a copy of it.")]


def _decide(context: Context, request: WhichMachine) -> Decided:
    with machine_for(context) as machine:
        return machine.decide_identity(caller_of(context), request.verdict)


@operation(
    "machine.decide_identity",
    permission=Permission.MACHINE_MANAGE,
    tier=Tier.T2_DANGEROUS,
    planes=ON_CONSOLE,
    route=Route("POST", "/machine/identity"),
    ahead=_decide,
)
def decide_identity(context: Context, request: WhichMachine) -> Decided:
    """Settle whether this is the machine itself or a copy, which gets keys of its own."""
    decided: Decided = context.ahead
    doubt, event = decided.doubt, context.event
    event.about("machine", doubt.now.hardware)
    event.references["verdict"] = request.verdict.value
    event.change("hardware_uuid", doubt.before.hardware, doubt.now.hardware)
    event.change("cards", list(doubt.before.cards), list(doubt.now.cards))
    event.change("generation", doubt.before.generation, doubt.now.generation)
    event.change("disks", list(doubt.before.disks), list(doubt.now.disks))
    return decided
