"""What somebody looks for in the history: the same question to the store and to the outbox."""

from collections.abc import Sequence
from typing import Final

import msgspec

from app.audit.event import Content, Outcome, Part
from app.audit.text import STORED, as_stored, search_text

_IN_VALUES: Final = (
    "EXISTS (SELECT 1 FROM parts"
    " WHERE parts.position = events.position AND instr(lower(value), :text))"
)
_HOLDS_TEXT: Final = (
    f"CASE WHEN json_valid(content) THEN instr({STORED}, :text) OR {_IN_VALUES} END"
)


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions that must all hold; an empty one asks for nothing."""

    actor: str = ""
    """Account identifier."""
    verb: str = ""
    """Operation, `accounts.create`, or the beginning of some with a star: `accounts.*`."""
    target_kind: str = ""
    target: str = ""
    """Identifier of the thing."""
    outcome: Outcome | None = None
    since: int | None = None
    """Not older than this, in milliseconds since 1970."""
    until: int | None = None
    """Older than this, in milliseconds since 1970."""
    among: tuple[str, ...] = ()
    """Operations of which it must be one."""
    without: tuple[str, ...] = ()
    """Operations of which it must be none."""
    text: str = ""
    """Stands somewhere in identifiers or values; ASCII letters in either case."""


def where(wanted: EventFilter) -> tuple[str, dict[str, str | int]]:
    """Return an SQL condition of constants for the sealed store, and its parameters."""
    conditions, values = ["1"], dict[str, str | int]()
    for name in ("actor", "target_kind", "target", "outcome"):
        if getattr(wanted, name):
            conditions.append(f"{name} = :{name}")
            values[name] = str(getattr(wanted, name))
    if wanted.verb.endswith("*"):
        conditions.append("verb >= :verb AND verb < :verb || char(0x10FFFF)")
        values["verb"] = wanted.verb[:-1]
    elif wanted.verb:
        conditions.append("verb = :verb")
        values["verb"] = wanted.verb
    if wanted.among:
        conditions.append("verb IN (SELECT value FROM json_each(:among))")
        values["among"] = msgspec.json.encode(wanted.among).decode()
    if wanted.without:
        conditions.append("verb NOT IN (SELECT value FROM json_each(:without))")
        values["without"] = msgspec.json.encode(wanted.without).decode()
    if wanted.since is not None:
        conditions.append("at >= :since")
        values["since"] = wanted.since
    if wanted.until is not None:
        conditions.append("at < :until")
        values["until"] = wanted.until
    if wanted.text:
        conditions.append(_HOLDS_TEXT)
        values["text"] = as_stored(wanted.text)
    return " AND ".join(conditions), values


def matches(wanted: EventFilter, content: Content, parts: Sequence[Part]) -> bool:
    """Tell whether an event that waits in the outbox is asked for."""
    verb, star, _ = wanted.verb.partition("*")
    text = as_stored(wanted.text)
    return (
        wanted.actor in ("", content.actor)
        and wanted.target_kind in ("", content.target_kind)
        and wanted.target in ("", content.target)
        and wanted.outcome in (None, content.outcome)
        and (content.verb.startswith(verb) if star else verb in ("", content.verb))
        and (not wanted.among or content.verb in wanted.among)
        and content.verb not in wanted.without
        and (wanted.since is None or content.at >= wanted.since)
        and (wanted.until is None or content.at < wanted.until)
        and text in search_text(content, (part.values for part in parts))
    )
