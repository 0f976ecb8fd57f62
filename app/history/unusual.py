"""What an auditor would ask about: work at night, sign-ins from a new address, mass downloads.

Pure decisions over counts and sign-ins. Nothing is forbidden by it, and nothing is stopped: it
marks what somebody should be able to explain.
"""

import datetime as dt
import enum
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from app.audit.activity import Bucket
from app.audit.rows import EventRow
from app.core import clock
from app.operations.context import SYSTEM_ACCOUNT

NIGHT: Final = frozenset((22, 23, 0, 1, 2, 3, 4))
"""Hours of the day, where the viewer is (労働基準法 第37条: 22 to 5 o'clock is night work)."""
MASS: Final = 20
"""Downloads and exports of one person within an hour."""
KNOWN_FOR: Final = 90 * 24 * clock.HOUR
"""An address is new where nobody signed in to this account from it for so long (ms)."""


class Reason(enum.StrEnum):
    """Why something is marked."""

    NIGHT = "night"
    NEW_ADDRESS = "new_address"
    MASS_DOWNLOAD = "mass_download"


class Unusual(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is marked."""

    reason: Annotated[Reason, Meta(description="Why it is marked.")]
    at: Annotated[int, Meta(description="Beginning of the hour, or the sign-in (ms).")]
    actor: Annotated[str, Meta(description="Account identifier.")]
    count: Annotated[int, Meta(description="Events in that hour.")] = 1
    peer: Annotated[str, Meta(description="The new address.")] = ""
    event: Annotated[str, Meta(description="Identifier of the sign-in.")] = ""


def at_night(counted: Counter[Bucket], zone: ZoneInfo) -> Iterator[Unusual]:
    """Give each hour of the night in which a person did something, with how much."""
    hours = _by_person_and_hour(counted)
    for (hour, actor), count in hours.items():
        if dt.datetime.fromtimestamp(hour * 3600, zone).hour in NIGHT:
            yield Unusual(reason=Reason.NIGHT, at=hour * clock.HOUR, actor=actor, count=count)


def mass_downloads(downloads: Counter[Bucket]) -> Iterator[Unusual]:
    """Give each hour in which one person took away much."""
    for (hour, actor), count in _by_person_and_hour(downloads).items():
        if count >= MASS:
            yield Unusual(
                reason=Reason.MASS_DOWNLOAD, at=hour * clock.HOUR, actor=actor, count=count
            )


def new_addresses(sign_ins: Iterable[EventRow], since: int) -> Iterator[Unusual]:
    """Give the sign-ins from `since` on that came from an address new to the account.

    `sign_ins` are those that succeeded, of `KNOWN_FOR` before `since` too. Somebody's very first
    sign-in is no surprise.
    """
    last: dict[tuple[str, str], int] = {}
    known = set[str]()
    for row in sorted(sign_ins, key=lambda row: row.at):
        if not row.peer:
            continue  # erased
        seen = last.get((row.actor, row.peer))
        is_new = row.actor in known and (seen is None or row.at - seen > KNOWN_FOR)
        if is_new and row.at >= since:
            yield Unusual(
                reason=Reason.NEW_ADDRESS,
                at=row.at,
                actor=row.actor,
                peer=row.peer,
                event=row.id,
            )
        known.add(row.actor)
        last[row.actor, row.peer] = row.at


def _by_person_and_hour(counted: Counter[Bucket]) -> Counter[tuple[int, str]]:
    found: Counter[tuple[int, str]] = Counter()
    for bucket, count in counted.items():
        if bucket.actor not in ("", SYSTEM_ACCOUNT):
            found[bucket.hour, bucket.actor] += count
    return found
