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
