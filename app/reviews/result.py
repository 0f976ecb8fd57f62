"""What came of a review: canonical JSON, kept as evidence.

Its digest stands in the event of the closing, which is sealed with the history; the history's
checkpoints are signed. Whoever holds the file and a checkpoint proves both without us.
"""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from app.reviews.models import Campaign, ReviewLine

FORMAT: Final = "tenshu access review 1"


class ResultLine(msgspec.Struct, frozen=True, kw_only=True):
    """One person × one right, and what came of it."""

    account: str
    """Whose right it was."""
    login_id: str
    """As it was called when the review began."""
    name: str
    """As the person was called when the review began."""
    group: str
    """Identifier of the group under which it was reviewed; empty for nobody's."""
    kind: str
    """grant or membership."""
    thing: str
    """Identifier of the grant, or of the group."""
    right: str
    """`role:viewer tables/1`, `records.view`, or the name of the group."""
    since: int
    """Since when (ms); 0: not known."""
    decision: str
    """confirm, withdraw or empty."""
    reason: str
    """Why it was withdrawn."""
    decided_by: str
    """Account; empty: nobody."""
    decided_at: int
    """Milliseconds since 1970; 0: never."""
    outcome: str
    """kept, withdrawn, gone, undecided, or the code of what stood against it."""


class ErasedName(msgspec.Struct, frozen=True, kw_only=True):
    """A name that was erased from a result, or a reason that held one."""

    account: str
    """Whose; empty for a reason."""
    at: int
    """When (ms)."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a review, as it is kept."""

    id: str
    """Identifier of the review."""
    name: str
    """As it was called."""
    owner: str
    """Account that answered where no head was left."""
    due_at: int
    """Milliseconds since 1970."""
    created_at: int
    """Milliseconds since 1970."""
    created_by: str
    """Account."""
    closed_at: int
    """Milliseconds since 1970."""
    closed_by: str
    """Account."""
    people: dict[str, str]
    """Account → name of whoever decided, owned or closed."""
    lines: list[ResultLine]
    """By group and login ID."""
    erasures: list[ErasedName] = []
    """What was erased since: the digest is another one than at the closing."""


LINE: Final = ResultLine.__struct_fields__

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


def without_person(text: str, account: str, name: str, *, at: int) -> str:
    """Return a result in which `name` stands for a person who was erased; the same without them."""
    told = msgspec.json.decode(text, type=dict[str, Any])
    lines = [line for line in told["lines"] if line["account"] == account]
    if not lines and account not in told["people"]:
        return text
    for line in lines:
        line.update(login_id=name, name=name, reason="")
    if account in told["people"]:
        told["people"][account] = name
    if all(one["account"] != account for one in told.get("erasures", ())):
        told["erasures"] = [*told.get("erasures", ()), {"account": account, "at": at}]
    return _canonical.encode(told).decode()


def without_reason(text: str, line: ReviewLine, *, at: int) -> str:
    """Return a result without the reason of a line; the same where it holds none."""
    told = msgspec.json.decode(text, type=dict[str, Any])
    mine = (line.account, line.kind, line.thing)
    reasoned = [
        one
        for one in told["lines"]
        if (one["account"], one["kind"], one["thing"]) == mine and one["reason"]
    ]
    if not reasoned:
        return text
    for one in reasoned:
        one["reason"] = ""
    told["erasures"] = [*told.get("erasures", ()), {"account": "", "at": at}]
    return _canonical.encode(told).decode()


def read_result(result: str) -> Result:
    """Return the result of a text of `write_result`."""
    return msgspec.json.decode(result, type=Result)


def digest_of(result: str) -> str:
    """Return SHA-256 over the bytes of a result, in hexadecimal."""
    return hashlib.sha256(result.encode()).hexdigest()
