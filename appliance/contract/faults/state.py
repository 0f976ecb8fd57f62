"""What the machine tells of faults that it finds by itself, and that somebody has to look after."""

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

Milliseconds = Annotated[int, Meta(description="Milliseconds since 1970")]


class FaultKind(enum.StrEnum):
    """What is wrong."""

    clock_unset = "clock_unset"
    """At the start it told a time before the machine's own system was made: its battery is dead."""
    clock_behind = "clock_behind"
    """At the start it told an earlier time than when it was last believed."""
    clock_jumped = "clock_jumped"
    """It was put while the machine ran. Never lasts: it has happened."""
    address_taken = "address_taken"
    """Another device has an address of this machine; `other` is its hardware address."""
    edge_hung = "edge_hung"
    """The edge did not answer for long and was started anew. Never lasts: it has happened."""


class MachineFault(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong at this moment."""

    kind: Annotated[FaultKind, Meta(description="What is wrong")]
    subject: Annotated[str, Meta(description="Of what; of a clock the time that it told")] = ""
    other: Annotated[str, Meta(description="Who or what else; of a clock what it was put to")] = ""
    since: Milliseconds = 0


class FaultHappening(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that has begun, or is over."""

    number: Annotated[int, Meta(description="Counts up")]
    at: Milliseconds
    kind: Annotated[FaultKind, Meta(description="What was wrong")]
    over: Annotated[bool, Meta(description="Whether it is over")] = False
    subject: Annotated[str, Meta(description="Of what")] = ""
    other: Annotated[str, Meta(description="Who or what else")] = ""


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, and what was."""

    standing: Annotated[tuple[MachineFault, ...], Meta(description="What is wrong now")]
    happenings: Annotated[
        tuple[FaultHappening, ...], Meta(description="What began and ended, the newest first")
    ]
