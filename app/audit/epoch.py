"""Epochs: a restore is declared inside the history that it shortened.

Whoever restores an archive (or brings the machine back to a snapshot) leaves `restored.json` in
the data folder. At its next start the sealer seals an event `audit.epoch` that names the archive
and the last known checkpoint, repeats the erasures that the archive did not know, and removes the
file. The event's identifier follows from the file, so that a crash in between opens no second one.
"""

import base64
import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from app.audit.checkpoint import Checkpoint, open_checkpoint
from app.audit.durable import write_durably
from app.audit.erasure import Erasure
from app.audit.errors import NoteMalformed, SignatureInvalid
from app.audit.event import Draft
from app.audit.note import VerifierKey
from app.audit.sealed import contents_of

VERB: Final = "audit.epoch"
SIGNAL_NAME: Final = "restored.json"


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore tells the sealer."""

    archive: str
    """Name of the archive or snapshot."""
    at: int
    """When it was restored, in milliseconds since 1970."""
    known_checkpoint: str = ""
    """The newest signed checkpoint known from elsewhere; empty where none is."""
    erasures: tuple[Erasure, ...] = ()
    """The kept list of erasures, to be applied again."""


class Epoch(msgspec.Struct, frozen=True, kw_only=True):
    """One declared restore."""

    number: int
    """Grows from epoch to epoch: its declaration in milliseconds since 1970. Epoch 0 is the
    history before any restore. A count would repeat itself when an epoch's own event is lost."""
    position: int
    """Where its event stands: what was here and behind is lost."""
    event: str
    at: int
    archive: str = ""
    known_size: int | None = None
    """Events that the last known checkpoint covered; None where none was known."""
    known_root: str = ""
    """Its root, base64."""

    @property
    def lost(self) -> tuple[int, int] | None:
        """First and last position of the events known to be lost; None where none is known."""
        if self.known_size is None or self.known_size <= self.position:
            return None
        return self.position, self.known_size - 1


def declare_restore(data: Path, restored: Restored) -> None:
    """Leave the signal in the data folder `data`; the sealer opens the epoch at its next start."""
    write_durably(data / SIGNAL_NAME, msgspec.json.encode(restored), mode=0o640)


def read_signal(data: Path) -> tuple[Restored, str] | None:
    """Return what a restore left, and the identifier of the event to seal; None where none is.

    A file that is not readable still opens an epoch: something was restored.
    """
    try:
        raw = (data / SIGNAL_NAME).read_bytes()
    except FileNotFoundError:
        return None
    identifier = hashlib.sha256(raw).hexdigest()[:28]
    try:
        return msgspec.json.decode(raw, type=Restored), identifier
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Restored(archive="", at=0), identifier


def describe_epoch(
    draft: Draft, restored: Restored, latest: int, keys: Sequence[VerifierKey]
) -> None:
    """Make `draft` the event of an epoch, the first after number `latest`.

    A known checkpoint counts only with a valid signature by one of `keys`.
    """
    draft.verb = VERB
    draft.references["archive"] = restored.archive
    draft.numbers["restored_at"] = restored.at
    known = _known(restored.known_checkpoint, keys)
    if known is not None:
        draft.references["known_root"] = base64.b64encode(known.root).decode()
        draft.numbers["known_size"] = known.size
        latest = max(latest, known.epoch)
    draft.numbers["epoch"] = max(draft.at, latest + 1)


def _known(note: str, keys: Sequence[VerifierKey]) -> Checkpoint | None:
    try:
        return open_checkpoint(note, keys)
    except (NoteMalformed, SignatureInvalid):
        return None


def read_epochs(connection: sqlite3.Connection, *, thorough: bool = False) -> list[Epoch]:
    """Return the epochs that a store declares, oldest first; `thorough` as in `contents_of`."""
    return [
        Epoch(
            number=content.numbers.get("epoch", 0),
            position=position,
            event=content.id,
            at=content.at,
            archive=content.references.get("archive", ""),
            known_size=content.numbers.get("known_size"),
            known_root=content.references.get("known_root", ""),
        )
        for position, content in contents_of(connection, VERB, thorough=thorough)
    ]
