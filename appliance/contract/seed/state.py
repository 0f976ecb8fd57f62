"""What became of the seed: kept for ever, so that none is ever read again."""

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.contract.configuration.problem import Problem


class SeedOutcome(enum.StrEnum):
    """What became of it."""

    none = "none"
    """There was none."""
    accepted = "accepted"
    """It is right, and takes effect with this start."""
    applied = "applied"
    refused = "refused"
    """Nothing of it was taken."""


class SeedFault(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong with a seed."""

    line: Annotated[int, Meta(description="Line of the file; 0 where none can be named")] = 0
    problem: Annotated[Problem, Meta(description="What is wrong, and what to do")]


class SeedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the seed at the first start."""

    outcome: Annotated[SeedOutcome, Meta(description="What became of it")]
    at: Annotated[int, Meta(description="When, in milliseconds since 1970")]
    place: Annotated[str, Meta(description="Disk that brought it")] = ""
    sha256: Annotated[str, Meta(description="Of its file")] = ""
    faults: Annotated[tuple[SeedFault, ...], Meta(description="What is wrong with it")] = ()
    document: Annotated[str, Meta(description="The document that it comes to, TOML")] = ""
