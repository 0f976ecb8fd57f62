"""Whether recordings are what the history holds of them (S11).

Who has the machine can change a recording, and what lies beside it. The history told its digest
when the session ended, and the history is sealed: the two are held against each other.
"""

import enum
from collections.abc import Container, Iterator, Mapping
from typing import Final

import msgspec

from app.audit import search as trail
from app.audit.filters import EventFilter
from app.operations.context import Appliance
from appliance.contract.maintenance.state import RecordingFound

ENDED: Final = "maintenance.session_end"
ALL: Final = EventFilter(verb=ENDED)


class Condition(enum.StrEnum):
    """How a recording stands to the history."""

    unchanged = "unchanged"
    changed = "changed"
    """It is another than the history tells of."""
    missing = "missing"
    """It is gone, and nobody wrote down that it was removed."""
    removed = "removed"
    """It was removed for its age."""
    untold = "untold"
    """The history does not tell of this session, yet."""


def judge(found: RecordingFound, told: str | None) -> Condition:
    """Return how a recording stands to what the history tells; `told` None: nothing. Pure."""
    if told is None:
        return Condition.untold
    if found.digest == told:
        return Condition.unchanged
    if found.digest:
        return Condition.changed
    return Condition.missing if found.removed_at is None else Condition.removed


def told_digests(appliance: Appliance, window: int, since: int) -> dict[str, str]:
    """Return session → digest, as the history tells of a window. Raise StoreUnreadable."""
    wanted = EventFilter(verb=ENDED, target_kind="window", target=str(window), since=since)
    # the first to tell is the newest: an older one may be of a journal that is lost
    found: dict[str, str] = {}
    for one in every_told(appliance, wanted):
        found.setdefault(one.session, one.digest)
    return found


class ToldSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that ended, as the history tells of it."""

    window: int
    session: str
    at: int
    digest: str


def every_told(appliance: Appliance, wanted: EventFilter = ALL) -> Iterator[ToldSession]:
    """Yield the sessions that ended, the newest first. Raise StoreUnreadable."""
    database, folder = appliance.database, appliance.settings.sealed_store
    after, more = "", True
    while more:
        page = trail.search(database, folder, wanted, after=after)
        for row in page.rows:
            references = trail.detail(database, folder, row.id).content.references
            if row.target.isdigit():
                yield ToldSession(
                    window=int(row.target),
                    session=references.get("session", ""),
                    at=row.at,
                    digest=references.get("sha256", ""),
                )
        after, more = page.next, bool(page.next)


def lost(told: Mapping[str, str], known: Container[str]) -> list[str]:
    """Return the recorded sessions of which the machine knows nothing any more. Pure."""
    return [session for session, digest in told.items() if digest and session not in known]
