"""What the newest check of all recordings of maintenance has found (S11)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.audit.event import Outcome
from app.machine.models import RecordingCheck
from app.machine.operations.maintenance import WindowNumber
from app.machine.operations.reading import ON_CONSOLE
from app.machine.operations.recordings import SessionId
from app.machine.recording_check import Condition
from app.operations.context import Context
from app.operations.operation import Effect, NoRequest, Route, operation
from app.operations.permissions import Permission


class WrongRecording(msgspec.Struct, frozen=True, kw_only=True):
    """A recording that is not what the history tells of."""

    window: WindowNumber
    session: SessionId
    condition: Annotated[Condition, Meta(description="Changed or missing.")]
    digest: Annotated[str, Meta(description="SHA-256 of the file; empty where there is none.")]
    told: Annotated[str, Meta(description="SHA-256 that the history tells.")]


class LastCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The newest check of all recordings."""

    at: Annotated[int, Meta(description="When it ended (ms); 0 before the first one.")]
    checked: Annotated[int, Meta(description="How many recordings it looked at.")]
    wrong: Annotated[tuple[WrongRecording, ...], Meta(description="What is not as told.")]


@operation(
    "maintenance.last_check",
    permission=Permission.MACHINE_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/machine/recordings"),
)
def last_check(context: Context, request: NoRequest) -> LastCheck:  # noqa: ARG001
    """Show what the newest check of all recordings of maintenance has found."""
    row = context.session.get(RecordingCheck, context.appliance.machine)
    if row is None:
        return LastCheck(at=0, checked=0, wrong=())
    return LastCheck(at=row.at, checked=row.checked, wrong=read_wrong(row))


def read_wrong(row: RecordingCheck) -> tuple[WrongRecording, ...]:
    """Return what a row holds."""
    return msgspec.json.decode(row.wrong, type=tuple[WrongRecording, ...])


@operation("maintenance.recording_wrong", permission=Permission.MACHINE_MANAGE, planes=())
def tell_wrong(context: Context, found: WrongRecording) -> None:
    """Tell that a recording of maintenance was found changed, or not at all."""
    row = context.session.get(RecordingCheck, context.appliance.machine) or RecordingCheck(
        machine=context.appliance.machine, at=0, checked=0, wrong="[]"
    )
    # what was told is kept with the event: each is told once, also where the check is cut off
    row.wrong = msgspec.json.encode((*read_wrong(row), found)).decode()
    context.session.add(row)
    event = context.event
    event.about("window", str(found.window))
    event.references.update(session=found.session, sha256=found.told, found_sha256=found.digest)
    event.outcome, event.error = Outcome.FAILED, f"maintenance.recording_{found.condition.value}"
