"""One audit event: who did what to what, from where, with which outcome.

The *content* is what the Merkle tree covers for ever: identifiers, verbs, field names, times.
Whatever tells something about a person (names, addresses, values before and after) stands apart
in *parts*, one a subject, and the content holds only each part's salted hash. Erasing a person
deletes parts and salts; the content, and with it the tree, stays whole (architecture section 5).
"""

import enum
import hashlib
import os
from typing import Any, Final

import msgspec

from app.core.identifiers import new_identifier

SALT_BYTES: Final = 16
"""128 bits: values of few possibilities (a name, an amount) cannot be guessed from the hash."""

_canonical = msgspec.json.Encoder(order="sorted")


class Outcome(enum.StrEnum):
    """How an operation ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request came from."""

    peer: str = ""
    """Network address of the connection's other end, or `local` for the machine itself."""
    claimed: str = ""
    """Address that a proxy in front claims; empty where there is none."""
    device: str = ""
    """The browser as it names itself."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Values about one subject, erasable together."""

    name: str
    """`actor` (who and from where) or `target` (what it was called, before, after)."""
    subject: str
    """Identifier of the account or thing that the values tell about; erasure goes by it."""
    salt: str
    """Hexadecimal."""
    values: str
    """Canonical JSON object."""

    def commitment(self) -> str:
        """Return SHA-256 over salt and values, hexadecimal."""
        return _commitment(bytes.fromhex(self.salt), self.values.encode())


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands in the tree for ever."""

    id: str
    """Identifier of the event."""
    at: int
    """Milliseconds since 1970, when the operation ran."""
    verb: str
    """The operation's name, `accounts.create`."""
    outcome: Outcome
    """How the operation ended."""
    actor: str = ""
    """Account identifier; empty where nobody was signed in; `system` for the appliance itself."""
    session: str = ""
    """Identifier of the session or API token."""
    plane: str = ""
    """`console`, `workspace` or `local`."""
    machine: str = ""
    """Identifier of the machine."""
    target_kind: str = ""
    """What kind of thing it was about."""
    target: str = ""
    """Identifier of the thing."""
    error: str = ""
    """Code of the refusal or failure."""
    incident: str = ""
    """Number that page, log and history share."""
    fields: tuple[str, ...] = ()
    """Names of the changed fields."""
    numbers: dict[str, int] = {}
    """Counts (rows, bytes, seconds) that tell nothing about a person."""
    references: dict[str, str] = {}
    """Identifiers and hashes of other things: a job, an archive, a Merkle root."""
    commitments: dict[str, str] = {}
    """Part name → commitment."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it enters the outbox: canonical content, and its parts."""

    id: str
    content: str
    """Canonical JSON of Content: the bytes that the tree covers."""
    parts: tuple[Part, ...] = ()


class Draft(msgspec.Struct, kw_only=True):
    """What an operation says about itself while it runs; `seal_draft` makes the event of it."""

    verb: str
    at: int
    outcome: Outcome = Outcome.DONE
    actor: str = ""
    actor_name: str = ""
    source: Source = Source()
    session: str = ""
    plane: str = ""
    machine: str = ""
    target_kind: str = ""
    target: str = ""
    target_name: str = ""
    error: str = ""
    incident: str = ""
    before: dict[str, Any] = msgspec.field(default_factory=dict)
    after: dict[str, Any] = msgspec.field(default_factory=dict)
    numbers: dict[str, int] = msgspec.field(default_factory=dict)
    references: dict[str, str] = msgspec.field(default_factory=dict)

    def about(self, kind: str, identifier: str, name: str = "") -> None:
        """Name the thing that the operation is about."""
        self.target_kind, self.target, self.target_name = kind, identifier, name

    def change(self, field: str, before: Any, after: Any) -> None:  # noqa: ANN401
        """Note one changed field. Secrets are never passed here: only that they changed."""
        self.before[field], self.after[field] = before, after


def _add_part(parts: list[Part], name: str, subject: str, values: dict[str, Any]) -> str:
    """Add the part of these values; return its commitment."""
    salt, text = os.urandom(SALT_BYTES), _canonical.encode(values)
    parts.append(Part(name=name, subject=subject, salt=salt.hex(), values=text.decode()))
    return _commitment(salt, text)


def _commitment(salt: bytes, values: bytes) -> str:
    return hashlib.sha256(salt + values).hexdigest()


def canonical(value: object) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces."""
    return _canonical.encode(value).decode()


def seal_draft(draft: Draft, identifier: str = "") -> Event:
    """Return the event of a finished draft: canonical bytes, salted parts.

    `identifier` is given only where the same event must not come into being twice.
    """
    parts: list[Part] = []
    commitments: dict[str, str] = {}
    who = {
        name: value
        for name, value in (
            ("name", draft.actor_name),
            ("peer", draft.source.peer),
            ("claimed", draft.source.claimed),
            ("device", draft.source.device),
        )
        if value
    }
    if who:
        commitments["actor"] = _add_part(parts, "actor", draft.actor, who)
    what: dict[str, Any] = {"name": draft.target_name} if draft.target_name else {}
    if draft.before:
        what["before"] = draft.before
    if draft.after:
        what["after"] = draft.after
    if what:
        commitments["target"] = _add_part(parts, "target", draft.target, what)
    content = Content(
        id=identifier or new_identifier(),
        at=draft.at,
        verb=draft.verb,
        outcome=draft.outcome,
        actor=draft.actor,
        session=draft.session,
        plane=draft.plane,
        machine=draft.machine,
        target_kind=draft.target_kind,
        target=draft.target,
        error=draft.error,
        incident=draft.incident,
        fields=tuple(sorted({*draft.before, *draft.after})),
        numbers=draft.numbers,
        references=draft.references,
        commitments=commitments,
    )
    return Event(id=content.id, content=canonical(content), parts=tuple(parts))
