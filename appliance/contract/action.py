"""One line of the closed table: what is asked for, who may, how dangerous it is, how long."""

import enum
from typing import Final

import msgspec

from appliance.contract.actions import Request

START_SECONDS: Final = 30
"""A long action only starts within its call."""


class Tier(enum.IntEnum):
    """Risk tiers of the architecture, section 2."""

    READ = 0
    REVERSIBLE = 1
    DANGEROUS = 2
    IRREVERSIBLE = 3


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table."""

    name: str
    """Varlink method."""
    request: type[Request]
    result: type[msgspec.Struct]
    permission: str
    """What the person must be allowed; the asking side checks it."""
    tier: Tier
    timeout: int
    """Seconds. For a long action: of the run, not of the call that starts it."""
    verb: str
    """Verb of the audit event; empty for reads that write none."""
    says: str
    """What it does, one line."""
    long: bool = False
    """True if it runs as a process of its own and its result is a Run."""
    follows: bool = False
    """True if it may be called with `more`."""


def call_seconds(action: Action) -> int:
    """Return how long a call may take until it is answered."""
    return START_SECONDS if action.long else action.timeout
