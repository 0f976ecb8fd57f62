"""Windows that the customer opens for the vendor, and what was done through them (S11)."""

import enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from appliance.contract.actions import Limit, Offset, Request
from appliance.contract.configuration.sections import Prefix
from appliance.contract.secret import Secret

SHORTEST: Final = 5
USUAL: Final = 60
LONGEST: Final = 8 * 60
"""Minutes that a window stays open."""
LINE: Final = r"^[^\x00-\x1f\x7f]{1,200}$(?!\n)"
Number = Annotated[int, Meta(ge=1, le=2**31 - 1, description="Number of a window")]
Milliseconds = Annotated[int, Meta(description="Milliseconds since 1970")]
SessionId = Annotated[str, Meta(pattern="^[0-9a-f]{16}$", description="Identifier of a session")]
Who = Annotated[
    str, Meta(pattern=LINE, description="Who of the vendor comes in, with name and company")
]
Reason = Annotated[str, Meta(pattern=LINE, description="Why, for those who read the history")]
Networks = Annotated[
    tuple[Prefix, ...],
    Meta(min_length=1, max_length=16, description="Addresses or networks they come from"),
]
Minutes = Annotated[
    int, Meta(ge=SHORTEST, le=LONGEST, description="Minutes until it closes by itself")
]
PublicKey = Annotated[
    str,
    Meta(max_length=5000, description="Public key of their SSH client; empty to make one"),
]


class Level(enum.StrEnum):
    """What may be done through a window."""

    look = "look"
    """A closed table of commands that change nothing; no shell."""
    repair = "repair"
    """Services started anew, and a shell without rights over the machine."""


class Ending(enum.StrEnum):
    """Why a window or session is over."""

    none = "none"
    clock = "clock"
    """Its time was over."""
    click = "click"
    """Somebody closed it."""
    restart = "restart"
    """The machine was started anew."""
    failed = "failed"
    """It could not be opened as a whole."""
    gone = "gone"
    """The person went."""
    not_recorded = "not_recorded"
    """What was done could not be written down any more."""
    too_long = "too_long"
    """The recording had become as long as one may."""
    killed = "killed"
    """What records it was ended from outside."""
    restored = "restored"
    """The appliance was restored from a backup: nobody comes in through what was open then."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A window as it was opened, and what became of it."""

    number: Number
    who: Who
    why: Reason
    level: Annotated[Level, Meta(description="What may be done")]
    networks: Annotated[tuple[str, ...], Meta(description="From where they come")]
    opened_at: Annotated[Milliseconds, Meta(description="When it was opened")]
    until: Annotated[Milliseconds, Meta(description="When it closes by itself")]
    account: Annotated[str, Meta(description="Identifier of who opened it")]
    approved_by: Annotated[str, Meta(description="Account that approved it")] = ""
    source: Annotated[str, Meta(description="Address from where it was opened or approved")] = ""
    user: Annotated[str, Meta(description="User name to come in with")]
    fingerprint: Annotated[str, Meta(description="Fingerprint of the key, SHA-256")] = ""
    key_type: Annotated[str, Meta(description="Kind of the key")] = ""
    hardware: Annotated[bool, Meta(description="Whether the key never leaves a device")] = False
    certificate: Annotated[str, Meta(description="SSH certificate; no secret")] = ""
    ended: Annotated[Ending, Meta(description="Why it is over; none while it is open")] = (
        Ending.none
    )
    ended_at: Annotated[Milliseconds | None, Meta(description="When it ended")] = None
    ended_by: Annotated[str, Meta(description="Account that closed it")] = ""

    @property
    def is_open(self) -> bool:
        """Tell whether nobody and nothing has closed it."""
        return self.ended is Ending.none


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody came in through a window."""

    id: SessionId
    window: Number
    level: Annotated[Level, Meta(description="What could be done")]
    began_at: Annotated[Milliseconds, Meta(description="When it began")]
    source: Annotated[str, Meta(description="Address and port from where")] = ""
    ended: Annotated[Ending, Meta(description="Why it is over; none while it goes on")] = (
        Ending.none
    )
    ended_at: Annotated[Milliseconds | None, Meta(description="When it ended")] = None
    bytes: Annotated[int, Meta(description="Bytes of the recording")] = 0
    digest: Annotated[str, Meta(description="SHA-256 of the recording, once it ended")] = ""
    removed_at: Annotated[
        Milliseconds | None, Meta(description="When the recording was removed for its age")
    ] = None


class RecordingFound(msgspec.Struct, frozen=True, kw_only=True):
    """What lies there of a session that has ended, whatever is told of it elsewhere."""

    session: SessionId
    digest: Annotated[str, Meta(description="SHA-256 of the file; empty where there is none")]
    bytes: Annotated[int, Meta(description="Bytes of the file")]
    removed_at: Annotated[
        Milliseconds | None, Meta(description="When it was removed for its age")
    ] = None


class RecordingsFound(msgspec.Struct, frozen=True, kw_only=True):
    """What lies there of a window's sessions."""

    recordings: Annotated[tuple[RecordingFound, ...], Meta(description="Oldest first")]


class OldRecordings(msgspec.Struct, frozen=True, kw_only=True):
    """Recordings that are older than a moment."""

    count: Annotated[int, Meta(description="How many")]
    oldest: Annotated[Milliseconds, Meta(description="When the oldest ended; 0 for none")] = 0


class RemovedRecordings(msgspec.Struct, frozen=True, kw_only=True):
    """Recordings that are gone."""

    removed: Annotated[int, Meta(description="How many; there may be more unless it is 0")]


class OneWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window with its sessions."""

    window: Annotated[Window, Meta(description="The window")]
    sessions: Annotated[tuple[Session, ...], Meta(description="Oldest first")]


class Windows(msgspec.Struct, frozen=True, kw_only=True):
    """A page of windows."""

    windows: Annotated[tuple[Window, ...], Meta(description="As they were asked for")]
    total: Annotated[int, Meta(description="How many there are of those that were asked for")]
    opened: Annotated[
        Window | None, Meta(description="The one that is open, whatever was asked for")
    ] = None
    unavailable: Annotated[
        str, Meta(description="Code of why none can be opened here; empty where one can")
    ] = ""
    port: Annotated[int, Meta(description="TCP port of SSH")] = 22


class OpenedWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window that was just opened."""

    window: Annotated[Window, Meta(description="The window")]
    port: Annotated[int, Meta(description="TCP port of SSH")]
    private_key: Annotated[
        Secret, Meta(description="The key that was made, shown once; empty where one was given")
    ]


class RecordingPart(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a recording (asciicast v2)."""

    session: Annotated[Session, Meta(description="Whose recording it is")]
    text: Annotated[str, Meta(description="Whole lines of the recording")]
    next: Annotated[int, Meta(description="Where the next stretch begins; 0 after the last")] = 0


class What(enum.StrEnum):
    """What happened through or to a window without somebody asking for it on the console."""

    session_began = "session_began"
    session_ended = "session_ended"
    command = "command"
    closed = "closed"


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the machine's own journal of maintenance."""

    number: Annotated[int, Meta(description="Number in the journal")] = 0
    at: Annotated[Milliseconds, Meta(description="When")]
    what: Annotated[What, Meta(description="What happened")]
    window: Number
    who: Annotated[str, Meta(description="Whom the window is for")] = ""
    session: Annotated[str, Meta(description="Identifier of the session, if one")] = ""
    source: Annotated[str, Meta(description="Address and port from where, if a session")] = ""
    command: Annotated[str, Meta(description="Name of the command that ran")] = ""
    exit_code: Annotated[int, Meta(description="What it ended with")] = 0
    ended: Annotated[Ending, Meta(description="Why it is over")] = Ending.none
    digest: Annotated[str, Meta(description="SHA-256 of the recording")] = ""
    bytes: Annotated[int, Meta(description="Bytes of the recording")] = 0


class Happenings(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of the journal in their order."""

    journal: Annotated[str, Meta(description="Identifier of the journal; another after a loss")]
    happenings: Annotated[tuple[Happening, ...], Meta(description="Oldest first")]


class OpenWindow(Request, frozen=True, kw_only=True):
    """Open a window."""

    who: Who
    why: Reason
    level: Annotated[Level, Meta(description="What may be done")] = Level.look
    networks: Networks
    minutes: Minutes = USUAL
    key: PublicKey = ""
    hardware: Annotated[
        bool, Meta(description="Whether only a key is taken that never leaves a device")
    ] = False
    approved_by: Annotated[str, Meta(max_length=200, description="Account that approved it")] = ""


class WindowPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a window would let in."""

    networks: Annotated[tuple[str, ...], Meta(description="From where they would come")]
    fingerprint: Annotated[str, Meta(description="Fingerprint of the key, if one was given")]
    key_type: Annotated[str, Meta(description="Kind of the key, if one was given")]


class OfWindow(Request, frozen=True, kw_only=True):
    """Parameters of an action on one window."""

    window: Number


class WindowOrder(enum.StrEnum):
    """What a list of windows is ordered by; varlink knows no sign in a name."""

    newest = "newest"
    oldest = "oldest"
    who = "who"
    who_down = "who_down"
    level = "level"
    level_down = "level_down"
    until = "until"
    until_down = "until_down"


class ListWindows(Request, frozen=True, kw_only=True):
    """Which page of which windows to list."""

    offset: Offset = 0
    limit: Limit = 50
    text: Annotated[
        str, Meta(max_length=200, description="Words that all stand in number, who, why or from")
    ] = ""
    state: Annotated[
        Ending | None, Meta(description="Only those that ended so; `none`: the open one")
    ] = None
    level: Annotated[Level | None, Meta(description="Only those of this level")] = None
    order: Annotated[WindowOrder, Meta(description="In which order")] = WindowOrder.newest


class ReadRecording(Request, frozen=True, kw_only=True):
    """Which stretch of a recording to tell."""

    window: Number
    session: SessionId
    offset: Annotated[int, Meta(ge=0, description="Byte where the stretch begins")] = 0


class ListHappenings(Request, frozen=True, kw_only=True):
    """Which entries of the journal to list."""

    after: Annotated[int, Meta(ge=0, description="Number of the last that is known")] = 0
    limit: Limit = 50


class OlderThan(Request, frozen=True, kw_only=True):
    """Parameters of an action on recordings by their age."""

    before: Annotated[Milliseconds, Meta(ge=0, description="Of sessions that ended before")]
