"""What a verification says. Texts are English templates; pages and the command translate them."""

import enum
from typing import Final

import msgspec

from app.audit.epoch import Epoch
from app.audit.erasure import Erasure
from app.core.messages import mark

EXIT_WHOLE: Final = 0
EXIT_UNREADABLE: Final = 2
EXIT_TAMPERED: Final = 3


class State(enum.StrEnum):
    """The three answers."""

    WHOLE = "whole"
    TAMPERED = "tampered"
    UNREADABLE = "unreadable"


class Wrong(enum.StrEnum):
    """Kinds of tampering."""

    CHANGED = "changed"
    REMOVED = "removed"
    MOVED = "moved"
    INSERTED = "inserted"
    REWRITTEN = "rewritten"
    VALUE_CHANGED = "value_changed"
    VALUE_REMOVED = "value_removed"
    VALUE_INSERTED = "value_inserted"
    COLUMNS = "columns"
    CHECKPOINT = "checkpoint"
    CHAIN = "chain"
    FRONTIER = "frontier"
    STRUCTURE = "structure"
    SEGMENT = "segment"
    ROLLED_BACK = "rolled_back"
    FORKED = "forked"


DESCRIPTIONS: Final[dict[Wrong, str]] = {
    Wrong.CHANGED: mark("The event was changed after it was sealed."),
    Wrong.REMOVED: mark("The event was removed."),
    Wrong.MOVED: mark("The event that stands here was sealed at position {other}."),
    Wrong.INSERTED: mark("The event was inserted: no checkpoint covers it."),
    Wrong.REWRITTEN: mark(
        "One or more events from {first} to {last} were rewritten together with their seals: "
        "the signed checkpoint of {size} events does not fit."
    ),
    Wrong.VALUE_CHANGED: mark("The values “{name}” of the event were changed."),
    Wrong.VALUE_REMOVED: mark(
        "The values “{name}” of the event are gone, and no erasure says why."
    ),
    Wrong.VALUE_INSERTED: mark("The values “{name}” were added to the event."),
    Wrong.COLUMNS: mark("What the search knows about the event was changed."),
    Wrong.CHECKPOINT: mark("The newest checkpoint, of {size} events, was altered or removed."),
    Wrong.CHAIN: mark("The checkpoint before the one of {size} events was altered or removed."),
    Wrong.FRONTIER: mark("The sealer's note of where to go on was altered."),
    Wrong.STRUCTURE: mark("The tables of the store were altered: {detail}"),
    Wrong.SEGMENT: mark(
        "The copy for the search of the events up to {last} was altered or replaced ({file}). "
        "The events themselves are whole; remove the file, and it is made again."
    ),
    Wrong.ROLLED_BACK: mark(
        "A checkpoint held elsewhere covers {size} events; here are {have}. "
        "Events were cut off or the history was rolled back, and no restore was declared."
    ),
    Wrong.FORKED: mark(
        "A checkpoint held elsewhere of {size} events does not fit: "
        "the history was rolled back and written anew, and no restore was declared."
    ),
}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The first thing that is wrong."""

    wrong: Wrong
    position: int
    """Position of the first wrong event, or of the first one in doubt; from 0."""
    event: str = ""
    """Its identifier, where it can still be read."""
    parameters: dict[str, str | int] = {}

    @property
    def template(self) -> str:
        """English text with placeholders for `parameters`."""
        return DESCRIPTIONS[self.wrong]

    def __str__(self) -> str:
        return self.template.format(**self.parameters)


class Erased(msgspec.Struct, frozen=True):
    """Values that are gone for a stated reason."""

    erasure: Erasure
    parts: int
    """How many values it took, of those that the history once held."""


class Against(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkpoint held elsewhere showed."""

    size: int
    lost: tuple[int, int] | None = None
    """First and last position of the events that a declared restore lost; None where it fits."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a verification."""

    state: State
    size: int = 0
    """Number of events in the store."""
    root: str = ""
    """Root of the tree, base64, where it was computed."""
    proven: int = 0
    """Events from the first on that signed checkpoints vouch for; all where the state is whole."""
    checkpoints: int = 0
    """Number of signed checkpoints that were checked."""
    wrong: Finding | None = None
    reason: str = ""
    """Why the store could not be read."""
    epochs: tuple[Epoch, ...] = ()
    erased: tuple[Erased, ...] = ()
    against: tuple[Against, ...] = ()

    @property
    def rollback_excluded(self) -> bool:
        """Whether a checkpoint held elsewhere was there to exclude truncation and rollback."""
        return bool(self.against)

    @property
    def exit_code(self) -> int:
        """What `tenshu audit verify` ends with."""
        return {
            State.WHOLE: EXIT_WHOLE,
            State.TAMPERED: EXIT_TAMPERED,
            State.UNREADABLE: EXIT_UNREADABLE,
        }[self.state]
