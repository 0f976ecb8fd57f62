"""What was done in a session of maintenance, as it was recorded (S11)."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from app.machine.calling import caller_of, maintenance_for
from app.machine.operations.maintenance import WindowNumber
from app.machine.operations.reading import ON_CONSOLE
from app.machine.replay import Line, replay
from app.operations.context import Context
from app.operations.download import Download
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from appliance.contract.maintenance.state import ReadRecording, RecordingPart, Session

SessionId = Annotated[str, Meta(max_length=16, description="Identifier of a session.")]
CAST = "application/x-asciicast"


class WhichRecording(msgspec.Struct, frozen=True, kw_only=True):
    """Which session."""

    window: WindowNumber
    session: SessionId


class WhichStretch(WhichRecording, frozen=True, kw_only=True):
    """Which stretch of a recording."""

    offset: Annotated[
        int, Meta(ge=0, le=2**31 - 1, description="Byte of the recording where it begins.")
    ] = 0


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a recording, as people read it."""

    session: Annotated[Session, Meta(description="The session.")]
    lines: Annotated[tuple[Line, ...], Meta(description="Its lines, oldest first.")]
    next: Annotated[int, Meta(description="Where the next stretch begins; 0 after the last.")]


def _stretch(context: Context, request: WhichStretch) -> RecordingPart:
    wanted = ReadRecording(window=request.window, session=request.session, offset=request.offset)
    with maintenance_for(context) as maintenance:
        return maintenance.part(caller_of(context), wanted)


@operation(
    "maintenance.read_recording",
    permission=Permission.MACHINE_MANAGE,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/machine/maintenance/{window}/sessions/{session}"),
    ahead=_stretch,
)
def read_recording(context: Context, request: WhichStretch) -> Replayed:
    """Show what was typed and shown in a session of maintenance."""
    part: RecordingPart = context.ahead
    context.event.about("window", str(request.window))
    context.event.references["session"] = request.session
    return Replayed(session=part.session, lines=tuple(replay(part.text)), next=part.next)


def _first(context: Context, request: WhichRecording) -> RecordingPart:
    return _stretch(context, WhichStretch(window=request.window, session=request.session))


@operation(
    "maintenance.download_recording",
    permission=Permission.MACHINE_MANAGE,
    effect=Effect.REVEAL,
    planes=ON_CONSOLE,
    route=Route("GET", "/machine/maintenance/{window}/sessions/{session}/recording"),
    ahead=_first,
)
def download_recording(context: Context, request: WhichRecording) -> Download:
    """Download the recording of a session, to be replayed (asciicast)."""
    context.event.about("window", str(request.window))
    context.event.references["session"] = request.session
    name = f"maintenance-{request.window}-{request.session}.cast"
    return Download(name, CAST, _chunks(context, request))


def _chunks(context: Context, request: WhichRecording) -> Iterator[bytes]:
    with maintenance_for(context) as maintenance:
        for part in maintenance.recording(caller_of(context), request.window, request.session):
            yield part.text.encode()
