"""What was done in a session of maintenance, as it was recorded (S11)."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from app.machine.calling import caller_of, maintenance_for
from app.machine.operations.maintenance import WhichWindow, WindowNumber
from app.machine.operations.reading import ON_CONSOLE
from app.machine.recording_check import Condition, judge, lost, told_digests
from app.machine.replay import Line, replay
from app.operations.context import Context
from app.operations.download import Download
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from appliance.contract.maintenance.state import (
    OneWindow,
    ReadRecording,
    RecordingPart,
    RecordingsFound,
    Session,
)

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


class CheckedRecording(msgspec.Struct, frozen=True, kw_only=True):
    """A recording, held against the history."""

    session: SessionId
    condition: Annotated[Condition, Meta(description="How it stands to the history.")]
    digest: Annotated[str, Meta(description="SHA-256 of the file; empty where there is none.")]
    told: Annotated[str, Meta(description="SHA-256 that the history tells; empty for none.")]


class CheckedRecordings(msgspec.Struct, frozen=True, kw_only=True):
    """The recordings of one window."""

    window: WindowNumber
    items: Annotated[tuple[CheckedRecording, ...], Meta(description="Oldest first.")]


def _digests(context: Context, request: WhichWindow) -> tuple[OneWindow, RecordingsFound]:
    with maintenance_for(context) as maintenance:
        caller = caller_of(context)
        window = maintenance.window(caller, request.window)
        return window, maintenance.recordings(caller, request.window)


@operation(
    "maintenance.check_recordings",
    permission=Permission.MACHINE_VIEW,
    effect=Effect.READ,
    planes=ON_CONSOLE,
    route=Route("GET", "/machine/maintenance/{window}/recordings"),
    ahead=_digests,
)
def check_recordings(context: Context, request: WhichWindow) -> CheckedRecordings:
    """Hold the recordings of a maintenance window against what the history tells of them."""
    one, found = context.ahead
    told = told_digests(context.appliance, request.window, one.window.opened_at)
    known = {session.id for session in one.sessions}
    items = [
        CheckedRecording(
            session=each.session,
            condition=judge(each, told.get(each.session)),
            digest=each.digest,
            told=told.get(each.session, ""),
        )
        for each in found.recordings
    ]
    items += [
        CheckedRecording(session=gone, condition=Condition.missing, digest="", told=told[gone])
        for gone in lost(told, known)
    ]
    return CheckedRecordings(window=request.window, items=tuple(items))


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
