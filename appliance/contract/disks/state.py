"""What the machine tells of its disks and the mirrors over them, and what it is asked to do."""

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.contract.actions import Identifier, Request
from appliance.contract.disks.system import SystemView

DiskIdentifier = Annotated[Identifier, Meta(description="Identifier of the disk, given here")]
Milliseconds = Annotated[int, Meta(description="Milliseconds since 1970")]
Bytes = Annotated[int, Meta(description="Bytes")]


class Role(enum.StrEnum):
    """What a disk is to this machine."""

    member = "member"
    """It carries everything that the machine runs on."""
    filling = "filling"
    """It is being taken in."""
    returned = "returned"
    """It was a member, and is here again."""
    empty = "empty"
    occupied = "occupied"
    """It holds something of somebody."""
    foreign = "foreign"
    """It holds the state of another appliance."""
    small = "small"


class Part(enum.StrEnum):
    """What is mirrored, each by itself."""

    slot = "slot"
    hashes = "hashes"
    state = "state"


class Condition(enum.StrEnum):
    """How one side of a mirror stands."""

    whole = "whole"
    filling = "filling"
    failed = "failed"
    missing = "missing"


class Standing(enum.StrEnum):
    """Whether one disk may die."""

    single = "single"
    """There has never been a second one."""
    filling = "filling"
    mirrored = "mirrored"
    lost = "lost"
    """There was a second one, and it does not serve any more."""


class Step(enum.StrEnum):
    """What is done to a disk that is taken in, in this order."""

    waiting = "waiting"
    table = "table"
    start = "start"
    slot = "slot"
    verifying = "verifying"
    state = "state"
    done = "done"


class Befell(enum.StrEnum):
    """What has happened to the disks by itself."""

    lost = "lost"
    mirrored = "mirrored"
    taken = "taken"
    """A disk is being taken in, on nobody's word: the empty one at the first start, or one that was
    a member."""
    not_taken = "not_taken"
    from_copy = "from_copy"
    """The machine came up from the copy of its system."""
    no_copy = "no_copy"
    mended = "mended"
    """A slot was not what it should be, and is again."""
    damaged = "damaged"
    """A slot is not what it should be, and could not be mended."""
    asked = "asked"
    """Somebody typed at a start what opens the encrypted volume, as it shall be."""
    asked_instead = "asked_instead"
    """Likewise, and it should have opened by itself."""


class DiskView(msgspec.Struct, frozen=True, kw_only=True):
    """One disk."""

    id: DiskIdentifier
    name: Annotated[str, Meta(description="What the kernel calls it until the next start")]
    model: Annotated[str, Meta(description="Maker's model; or empty")]
    serial: Annotated[str, Meta(description="Maker's number; or empty")]
    size: Bytes
    role: Annotated[Role, Meta(description="What it is to this machine")]
    started: Annotated[bool, Meta(description="Whether the machine started from it")] = False
    holds: Annotated[str, Meta(description="What lies on it, in the words of its table")] = ""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a mirror."""

    disk: Annotated[str, Meta(description="Identifier of its disk; empty where that is gone")]
    condition: Annotated[Condition, Meta(description="How it stands")]


class Mirror(msgspec.Struct, frozen=True, kw_only=True):
    """One mirror."""

    part: Annotated[Part, Meta(description="What it carries")]
    size: Bytes
    sides: Annotated[tuple[Side, ...], Meta(description="Both sides")]
    percent: Annotated[
        float | None, Meta(description="How far the side is that is being filled; null for none")
    ] = None
    speed: Annotated[int, Meta(description="Bytes per second of that")] = 0


class Taking(msgspec.Struct, frozen=True, kw_only=True):
    """A disk that is being taken in, or could not be."""

    disk: DiskIdentifier
    serial: Annotated[str, Meta(description="Maker's number; or empty")] = ""
    account: Annotated[str, Meta(description="Who asked for it; empty for nobody")] = ""
    begun_at: Milliseconds = 0
    step: Annotated[Step, Meta(description="What is done now")] = Step.waiting
    percent: Annotated[float, Meta(description="Share of the whole, 0 to 100")] = 0.0
    eta: Annotated[int | None, Meta(description="Seconds that are left, if known")] = None
    error_code: Annotated[str, Meta(description="Why it has failed; empty if it has not")] = ""
    error_parameters: Annotated[dict[str, str], Meta(description="What the error is about")] = {}


class DiskHappening(msgspec.Struct, frozen=True, kw_only=True):
    """Something that has happened to the disks with nobody there."""

    number: Annotated[int, Meta(ge=1, description="Its number, upwards")]
    at: Milliseconds
    what: Annotated[Befell, Meta(description="What")]
    disk: Annotated[str, Meta(description="Maker's number or name of the disk; or empty")] = ""
    reason: Annotated[str, Meta(description="Code of why; or empty")] = ""


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """That the storage beneath the one disk is redundant, as somebody said."""

    account: Annotated[str, Meta(description="Who said so")]
    at: Milliseconds


class Disks(msgspec.Struct, frozen=True, kw_only=True):
    """All disks, the mirrors over them, and what is being done."""

    standing: Annotated[Standing, Meta(description="Whether one disk may die")]
    since: Annotated[int, Meta(description="Since when, milliseconds since 1970; 0 if unknown")]
    needed: Annotated[int, Meta(description="Bytes that a further disk must have")]
    disks: Annotated[tuple[DiskView, ...], Meta(description="Those of the machine first")]
    mirrors: Annotated[tuple[Mirror, ...], Meta(description="Slot, hashes, state")]
    taking: Annotated[Taking | None, Meta(description="What is being taken in")] = None
    declared: Annotated[
        Declared | None, Meta(description="Who declared the host's storage redundant")
    ] = None
    system: Annotated[
        SystemView | None, Meta(description="The slot that runs, and what there is beside it")
    ] = None
    happenings: Annotated[
        tuple[DiskHappening, ...], Meta(description="What has happened by itself, newest first")
    ] = ()


class TakeIn(Request, frozen=True, kw_only=True):
    """Let a disk mirror everything."""

    disk: DiskIdentifier


class Declare(Request, frozen=True, kw_only=True):
    """Say whether the storage beneath the one disk is redundant."""

    redundant: Annotated[bool, Meta(description="Whether it is")]
