"""What the machine tells of its two slots: which one runs, and what it would fall back on (V11)."""

import enum
from typing import Annotated

import msgspec
from msgspec import Meta


class Slot(enum.StrEnum):
    """One of both, by its place on the disks."""

    a = "a"
    b = "b"


class CopyState(enum.StrEnum):
    """How the other slot stands."""

    none = "none"
    """It is made after the first good start."""
    making = "making"
    whole = "whole"
    """It was read to its last block when it was made."""
    failed = "failed"
    other = "other"
    """It holds another release, which is what this machine falls back on."""


class Damage(msgspec.Struct, frozen=True, kw_only=True):
    """A slot on a disk in which blocks were not what they should be."""

    disk: Annotated[str, Meta(description="Maker's number or name of the disk")]
    slot: Annotated[Slot, Meta(description="The slot")]
    bad: Annotated[int, Meta(ge=1, description="Blocks of 4096 bytes that were wrong")]
    mended: Annotated[int, Meta(ge=0, description="How many of them are right again")]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How it went when all slots were last read to their last block."""

    at: Annotated[int, Meta(description="Milliseconds since 1970")]
    size: Annotated[int, Meta(description="Bytes that were read")] = 0
    damages: Annotated[tuple[Damage, ...], Meta(description="What was wrong")] = ()
    error_code: Annotated[str, Meta(description="Why not all of it could be read; or empty")] = ""
    error_parameters: Annotated[dict[str, str], Meta(description="What the error is about")] = {}

    @property
    def left(self) -> tuple[Damage, ...]:
        """Return what is damaged still."""
        return tuple(one for one in self.damages if one.mended < one.bad)

    @property
    def is_well(self) -> bool:
        """Whether all of it was read, and is right now."""
        return not self.error_code and not self.left


class SystemView(msgspec.Struct, frozen=True, kw_only=True):
    """The slot that runs, and the other one."""

    slot: Annotated[Slot, Meta(description="The one that the machine runs from")]
    copy: Annotated[bool, Meta(description="Whether that is the copy, the system itself being out")]
    failed: Annotated[int, Meta(ge=0, description="Starts in a row that failed before this one")]
    state: Annotated[CopyState, Meta(description="How the other slot stands")]
    since: Annotated[
        int, Meta(description="When that was made, milliseconds since 1970; 0 if unknown")
    ] = 0
    error_code: Annotated[str, Meta(description="Why it could not be made; or empty")] = ""
    error_parameters: Annotated[dict[str, str], Meta(description="What the error is about")] = {}
    reading: Annotated[
        Reading | None, Meta(description="How the last look at every block went; null for none")
    ] = None
