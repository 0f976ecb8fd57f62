"""What the machine tells about its document: versions, plans, what waits to be confirmed."""

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.contract.actions import Limit, Offset, Request
from appliance.contract.configuration.differences import Difference
from appliance.contract.configuration.document import LARGEST
from appliance.contract.configuration.problem import Problem
from appliance.contract.identity import Doubt
from appliance.contract.seed.state import SeedRecord

Text = Annotated[str, Meta(max_length=LARGEST, description="The document, TOML")]
Milliseconds = Annotated[int, Meta(description="Milliseconds since 1970")]
Number = Annotated[int, Meta(ge=1, description="Number of a version")]
Why = Annotated[
    str, Meta(pattern=r"^[^\x00-\x1f\x7f]{0,200}$(?!\n)", description="Why, in the person's words")
]
SHORTEST, USUAL, LONGEST = 30, 60, 300
"""Seconds in which a change that may lock somebody out must be confirmed."""


class Outcome(enum.StrEnum):
    """What became of a version."""

    applying = "applying"
    waiting = "waiting"
    """In effect, and to be confirmed."""
    confirmed = "confirmed"
    reverted = "reverted"
    failed = "failed"
    """It did not take effect as a whole; what stood before stands again."""


class Reason(enum.StrEnum):
    """Why a version was taken back."""

    none = "none"
    not_confirmed = "not_confirmed"
    asked = "asked"
    interrupted = "interrupted"
    """Who applied it was killed, or the power was cut."""
    restarted = "restarted"
    """The machine was started anew before somebody confirmed."""
    not_healthy = "not_healthy"


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the document."""

    number: Number
    at: Annotated[Milliseconds, Meta(description="When it was applied")]
    account: Annotated[str, Meta(description="Identifier of who applied it")]
    source: Annotated[str, Meta(description="Address from where")] = ""
    why: Why = ""
    based_on: Annotated[int, Meta(description="Version that it was made from; 0 for none")] = 0
    outcome: Annotated[Outcome, Meta(description="What became of it")] = Outcome.applying
    reason: Annotated[Reason, Meta(description="Why it was taken back")] = Reason.none
    ended_at: Annotated[Milliseconds | None, Meta(description="When that was decided")] = None
    detail: Annotated[str, Meta(description="What a program said that refused it")] = ""


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A version that is in effect and not confirmed yet."""

    version: Number
    account: Annotated[str, Meta(description="Identifier of who applied it")]
    seconds: Annotated[int, Meta(description="Seconds in which it must be confirmed")]
    left: Annotated[float, Meta(description="Seconds of it that are left")]
    applying: Annotated[bool, Meta(description="Whether it is still being put into effect")] = False
    trouble: Annotated[
        str, Meta(description="What keeps the machine from taking it back; tried again and again")
    ] = ""


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """Something on the machine that is not as the document says."""

    path: Annotated[str, Meta(description="File, or `nftables` for the rules in the kernel")]
    missing: Annotated[bool, Meta(description="Whether it is not there at all")] = False


class Unavailable(msgspec.Struct, frozen=True, kw_only=True):
    """A concern that this place cannot serve."""

    concern: Annotated[str, Meta(description="firewall, network, time, ssh, edge or outgoing")]
    reason: Annotated[Problem, Meta(description="Why not")]


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """The document as it stands, and how the machine stands to it."""

    version: Annotated[int, Meta(description="Number of the confirmed version; 0 before the first")]
    document: Text
    pending: Annotated[Pending | None, Meta(description="What waits to be confirmed")] = None
    drift: Annotated[tuple[Drift, ...], Meta(description="What is not as it should be")] = ()
    unavailable: Annotated[
        tuple[Unavailable, ...], Meta(description="What this place cannot do")
    ] = ()
    silent: Annotated[
        tuple[str, ...], Meta(description="Interfaces of the document that carry nothing now")
    ] = ()
    seed: Annotated[
        SeedRecord | None, Meta(description="What became of the seed at the first start")
    ] = None
    doubt: Annotated[Doubt | None, Meta(description="Whether this may be a copy")] = None
    seed_attached: Annotated[
        bool, Meta(description="Whether a seed is attached; none is read after the first start")
    ] = False


class FileChange(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the machine that changes."""

    path: Annotated[str, Meta(description="Path below the machine's root")]
    concern: Annotated[str, Meta(description="firewall, network, time, ssh, edge or outgoing")]
    difference: Annotated[str, Meta(description="Lines that go and come (unified diff)")]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a document would change, and what is wrong with it."""

    based_on: Annotated[int, Meta(description="Version that it is compared with; 0 for none")]
    problems: Annotated[tuple[Problem, ...], Meta(description="What must be corrected first")]
    warnings: Annotated[tuple[Problem, ...], Meta(description="What may be meant, and is risky")]
    differences: Annotated[tuple[Difference, ...], Meta(description="Values that change")]
    files: Annotated[tuple[FileChange, ...], Meta(description="Files that change")]
    rules: Annotated[str, Meta(description="The packet filter's rules that would result")]
    confirm: Annotated[bool, Meta(description="Whether it has to be confirmed afterwards")]
    notices: Annotated[
        tuple[Problem, ...], Meta(description="What is not well, and keeps nobody from applying")
    ] = ()


class PlanConfiguration(Request, frozen=True, kw_only=True):
    """Tell what a document would change."""

    document: Text


class ApplyConfiguration(Request, frozen=True, kw_only=True):
    """Put a document into effect."""

    document: Text
    based_on: Annotated[
        int, Meta(ge=0, description="Version that the person saw; another one by now is refused")
    ]
    why: Why = ""
    seconds: Annotated[
        int, Meta(ge=SHORTEST, le=LONGEST, description="Seconds in which it must be confirmed")
    ] = USUAL
    despite_warnings: Annotated[
        bool, Meta(description="Whether the person has seen the warnings and means it")
    ] = False


class ConfirmConfiguration(Request, frozen=True, kw_only=True):
    """Keep what was applied."""

    version: Number
    generation: Annotated[
        int,
        Meta(
            ge=0, description="Version that the edge served the asking connection with; 0 for none"
        ),
    ] = 0


class OfVersion(Request, frozen=True, kw_only=True):
    """Parameters of an action on one version."""

    version: Number


class ListVersions(Request, frozen=True, kw_only=True):
    """Which page of the versions to list."""

    offset: Offset = 0
    limit: Limit = 50


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """A page of versions."""

    versions: Annotated[tuple[Version, ...], Meta(description="Newest first")]
    total: Annotated[int, Meta(description="How many there are")]


class OneVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version with its document."""

    version: Annotated[Version, Meta(description="Who, when, why, and what became of it")]
    document: Text
