"""Whether recordings are what the history holds of them (S11).

Who has the machine can change a recording, and what lies beside it. The history told its digest
when the session ended, and the history is sealed: the two are held against each other.
"""

import enum
from typing import Final

from app.audit import search as trail
from app.audit.filters import EventFilter
from app.operations.context import Appliance
from appliance.contract.maintenance.state import RecordingFound

ENDED: Final = "maintenance.session_end"


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
    database, folder = appliance.database, appliance.settings.sealed_store
    wanted = EventFilter(verb=ENDED, target_kind="window", target=str(window), since=since)
    found: dict[str, str] = {}
    after, more = "", True
    while more:
        page = trail.search(database, folder, wanted, after=after)
        for row in page.rows:
            references = trail.detail(database, folder, row.id).content.references
            # the first to tell is the newest: an older one may be of a journal that is lost
            found.setdefault(references.get("session", ""), references.get("sha256", ""))
        after, more = page.next, bool(page.next)
    return found
