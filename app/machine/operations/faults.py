"""What the machine finds wrong around itself: shown, and told to the history."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.audit.event import Outcome
from app.machine.calling import caller_of, faults_for
from app.machine.operations.reading import ON_CONSOLE
from app.machine.telling import mark_told
from app.operations.context import Context
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.permissions import Permission
from appliance.contract.faults.state import FaultHappening, FaultKind, Faults

JOURNAL: Final = "faults"
"""Of faults, among the journals of the machine."""
HARMLESS: Final = (FaultKind.clock_jumped,)
"""What may be as somebody wants it."""


@operation(
    "faults.list",
    permission=Permission.MACHINE_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/machine/faults"),
)
def list_faults(context: Context, request: NoRequest) -> Faults:  # noqa: ARG001
    """List what the machine finds wrong around itself: its clock, its addresses."""
    with faults_for(context) as machine:
        return machine.faults(caller_of(context))


class FaultFound(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that has begun, or is over."""

    happening: Annotated[FaultHappening, Meta(description="What has happened.")]


@operation("faults.tell", permission=Permission.MACHINE_MANAGE, planes=())
def tell_of_fault(context: Context, request: FaultFound) -> None:
    """Tell the history of a fault that the machine has found, or that is over."""
    one = request.happening
    mark_told(context, JOURNAL, one.number)
    event = context.event
    event.at = one.at  # when it happened, not when the console heard of it
    event.about("fault", one.kind.value, one.subject)
    if one.other:
        event.references["other"] = one.other
    if one.over or one.kind in HARMLESS:
        event.references["outcome"] = "over" if one.over else one.kind.value
    else:
        event.outcome = Outcome.FAILED
        event.error = f"faults.{one.kind}"
