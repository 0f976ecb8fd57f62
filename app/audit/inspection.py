"""The appliance verifies its own history: what it found last, and when it looks again.

The sealer does it, because nobody else needs to read the sealed store: a process of its own at the
lowest priority checks the whole history, and its result lies beside the store. It is for the pages
only. Whoever can forge the store can forge the result too; proof is `tenshu audit verify`
elsewhere, with a checkpoint that was kept elsewhere.
"""

from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.audit.durable import write_durably
from app.audit.verdict import State, Verdict
from app.core import clock

FILE_NAME: Final = "verification.json"
VERB: Final = "audit.verify"
"""Its event asks for a verification at once, as the event of an erasure asks for the erasure."""
EVERY: Final = clock.HOUR
SHARE: Final = 100
"""At most a hundredth of the time is spent on it: a long history is looked at less often."""


class Inspected(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification found."""

    at: Annotated[int, Meta(description="When it ended (ms).")]
    took: Annotated[int, Meta(description="Milliseconds.")]
    state: Annotated[State, Meta(description="Whole, tampered, or unreadable.")]
    size: Annotated[int, Meta(description="Events that it checked; newer ones are not covered.")]
    position: Annotated[int | None, Meta(description="Position of the first wrong event.")] = None
    event: Annotated[str, Meta(description="Its identifier, where it can still be read.")] = ""
    template: Annotated[str, Meta(description="What is wrong, with placeholders.")] = ""
    parameters: Annotated[
        dict[str, str | int], Meta(description="What the placeholders stand for.")
    ] = {}


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A verification that goes on."""

    since: Annotated[int, Meta(description="When it began (ms).")]
    done: Annotated[int, Meta(description="Events checked so far.")]
    of: Annotated[int, Meta(description="Events to check; 0 while that is unknown.")]


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known."""

    latest: Annotated[Inspected | None, Meta(description="The last one that ended.")] = None
    running: Annotated[Running | None, Meta(description="The one that goes on.")] = None


def read_inspection(folder: Path) -> Inspection:
    """Return what lies beside the store in `folder`; nothing where it is missing or unreadable."""
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=Inspection)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return Inspection()


def write_inspection(folder: Path, inspection: Inspection) -> None:
    """Replace it. Raise OSError."""
    write_durably(folder / FILE_NAME, msgspec.json.encode(inspection))


def is_due(inspection: Inspection, now: int) -> bool:
    """Tell whether it is time for the next; a clock that was set back makes it time too."""
    latest = inspection.latest
    return latest is None or not 0 <= now - latest.at < max(EVERY, SHARE * latest.took)


def inspected(verdict: Verdict, began: int, now: int) -> Inspected:
    """Return a verdict as it is kept."""
    wrong = verdict.wrong
    return Inspected(
        at=now,
        took=max(now - began, 0),
        state=verdict.state,
        size=verdict.size,
        position=wrong.position if wrong else None,
        event=wrong.event if wrong else "",
        template=wrong.template if wrong else "",
        parameters=wrong.parameters if wrong else {},
    )
