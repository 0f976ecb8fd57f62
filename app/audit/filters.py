"""What somebody looks for in the history: the same question to the store and to the outbox."""

from collections.abc import Sequence

import msgspec

from app.audit.event import Content, Outcome, Part


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
    for name in ("actor", "target_kind", "target"):
        if getattr(wanted, name):
            conditions.append(f"{name} = :{name}")
            values[name] = getattr(wanted, name)
    if wanted.outcome is not None:
        # word by word, so that the partial index is used
        conditions.append(f"outcome = '{wanted.outcome}'")
        if wanted.outcome is not Outcome.DONE:
            conditions.append("outcome <> 'done'")
    if wanted.verb.endswith("*"):
        conditions.append("verb >= :verb AND verb < :verb || char(0x10FFFF)")
        values["verb"] = wanted.verb[:-1]
    elif wanted.verb:
        conditions.append("verb = :verb")
        values["verb"] = wanted.verb
    # the plus keeps the order by position
    if wanted.among:
        conditions.append("+verb IN (SELECT value FROM json_each(:among))")
        values["among"] = msgspec.json.encode(wanted.among).decode()
    if wanted.without:
        conditions.append("+verb NOT IN (SELECT value FROM json_each(:without))")
        values["without"] = msgspec.json.encode(wanted.without).decode()
    _add_times(wanted, conditions, values)
    if wanted.text:
        conditions.append(
            "(content LIKE :text ESCAPE '!' OR EXISTS (SELECT 1 FROM parts"
            " WHERE parts.position = events.position AND value LIKE :text ESCAPE '!'))"
        )
        values["text"] = f"%{_escaped(_as_stored(wanted.text))}%"
    return " AND ".join(conditions), values


def _add_times(wanted: EventFilter, conditions: list[str], values: dict[str, str | int]) -> None:
    """Bound the positions by the index over times; the plus keeps the order by position."""
    if wanted.since is not None:
        conditions.append(
            "+at >= :since AND position >= (SELECT min(position) FROM events WHERE at >= :since)"
        )
        values["since"] = wanted.since
    if wanted.until is not None:
        conditions.append(
            "+at < :until AND position <= (SELECT max(position) FROM events WHERE at < :until)"
        )
        values["until"] = wanted.until


def matches(wanted: EventFilter, content: Content, raw: str, parts: Sequence[Part]) -> bool:
    """Tell whether an event that waits in the outbox is asked for."""
    verb, star, _ = wanted.verb.partition("*")
    text = _as_stored(wanted.text).lower()
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
        and any(text in stored.lower() for stored in (raw, *(part.values for part in parts)))
    )


def _as_stored(text: str) -> str:
    """Return a text as it stands inside JSON: quotes and line ends are escaped there."""
    return msgspec.json.encode(text).decode()[1:-1]


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
