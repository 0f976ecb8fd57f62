"""What came of a review: canonical JSON, kept as evidence.

Its digest stands in the event of the closing, which is sealed with the history; the history's
checkpoints are signed. Whoever holds the file and a checkpoint proves both without us.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from app.reviews.models import Campaign, ReviewLine

FORMAT: Final = "tenshu access review 1"
LINE: Final = (
    "account", "login_id", "name", "group", "kind", "thing", "right", "since",
    "decision", "reason", "decided_by", "decided_at", "outcome",
)  # fmt: skip

_canonical: Final = msgspec.json.Encoder(order="sorted")


def write_result(campaign: Campaign, lines: Iterable[ReviewLine], people: dict[str, str]) -> str:
    """Return the result as text: the same result, the same bytes."""
    return _canonical.encode(
        {
            "format": FORMAT,
            "id": campaign.id,
            "name": campaign.name,
            "owner": campaign.owner,
            "due_at": campaign.due_at,
            "created_at": campaign.created_at,
            "created_by": campaign.created_by,
            "closed_at": campaign.closed_at,
            "closed_by": campaign.closed_by,
            "people": people,
            "lines": [{name: getattr(line, name) for name in LINE} for line in lines],
        }
    ).decode()


def digest_of(result: str) -> str:
    """Return SHA-256 over the bytes of a result, in hexadecimal."""
    return hashlib.sha256(result.encode()).hexdigest()
