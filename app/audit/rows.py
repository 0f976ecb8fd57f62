"""Events as people read them: content and values put together again."""

from typing import Any

import msgspec

from app.audit.erasure import Erasure
from app.audit.event import Content, Part


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the history."""

    id: str
    """Identifier of the event."""
    position: int | None
    """Place in the sealed history, from 0; None while it waits to be sealed."""
    at: int
    """Milliseconds since 1970."""
    verb: str
    """Name of the operation."""
    outcome: str
    """`done`, `refused` or `failed`."""
    actor: str
    """Account identifier; empty where nobody was signed in."""
    actor_name: str = ""
    """Name at that time; empty where it was erased."""
    peer: str = ""
    """Network address that the request came from."""
    claimed: str = ""
    """Address that a proxy in front claimed."""
    plane: str = ""
    """`console`, `workspace` or `local`."""
    target_kind: str = ""
    """What kind of thing it was about."""
    target: str = ""
    """Identifier of the thing."""
    target_name: str = ""
    """What the thing was called then; empty where it was erased."""
    error: str = ""
    """Code of the refusal or failure."""
    readable: bool = True
    """False where somebody altered the sealed content so that it is no event any more."""


class EventDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One event with all that is known about it."""

    row: EventRow
    """The event as one line of the history."""
    content: Content
    """What stands in the tree."""
    device: str = ""
    """The browser as it named itself; empty where it was erased."""
    before: dict[str, Any] = {}
    """Field → value before."""
    after: dict[str, Any] = {}
    """Field → value after."""
    erased: dict[str, Erasure] = {}
    """Part name → the erasure that took its values."""


def row_of(position: int | None, content: Content, parts: tuple[Part, ...]) -> EventRow:
    """Return the line of an event; `position` is None while it waits to be sealed."""
    values = _values(parts)
    who, what = values.get("actor", {}), values.get("target", {})
    return EventRow(
        id=content.id,
        position=position,
        at=content.at,
        verb=content.verb,
        outcome=content.outcome,
        actor=content.actor,
        actor_name=str(who.get("name", "")),
        peer=str(who.get("peer", "")),
        claimed=str(who.get("claimed", "")),
        plane=content.plane,
        target_kind=content.target_kind,
        target=content.target,
        target_name=str(what.get("name", "")),
        error=content.error,
    )


def unreadable_row(position: int) -> EventRow:
    """Return the line of a sealed event that is no event any more."""
    return EventRow(id="", position=position, at=0, verb="", outcome="", actor="", readable=False)


def detail_of(
    position: int | None, content: Content, parts: tuple[Part, ...], erased: dict[str, Erasure]
) -> EventDetail:
    """Return everything about an event; `erased` says why values are missing."""
    values = _values(parts)
    who, what = values.get("actor", {}), values.get("target", {})
    return EventDetail(
        row=row_of(position, content, parts),
        content=content,
        device=str(who.get("device", "")),
        before=what.get("before", {}),
        after=what.get("after", {}),
        erased=erased,
    )


def _values(parts: tuple[Part, ...]) -> dict[str, dict[str, Any]]:
    return {part.name: _decode_values(part.values) for part in parts}


def _decode_values(raw: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}  # altered in the store: verification names it
