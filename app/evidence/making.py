"""Making the evidence: one ZIP out of one state of the sealed store."""

import hashlib
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from app.audit.checkpoint import read_checkpoint
from app.audit.erasure import Erasures, read_erasures
from app.audit.merkle import leaf_hash
from app.audit.period import positions_between
from app.audit.prove import Proof, prove
from app.audit.sealed import decode_content
from app.audit.store import KEYS_NAME, reading
from app.audit.stretch import (
    RawEvent,
    notes_around,
    raw_events,
    size_of,
    subtrees,
)
from app.evidence import verify
from app.evidence.guide import GUIDES

FORMAT: Final = verify.FORMAT
INSIDE: Final = 16
"""Checkpoints within the period: enough to narrow down a forgery, few enough to check by hand."""
AT_ONCE: Final = 2048

Progress = Callable[[int, int], None]
"""Gets the events done and all there are; may raise to stop."""


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, in milliseconds since 1970."""

    since: int
    until: int


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What came into being."""

    first: int
    """Position of the first event."""
    end: int
    """Position behind the last one."""
    size: int
    """Events that the newest checkpoint covers."""
    erasures: int
    """Erasures that explain values which are gone."""


def make_evidence(
    folder: Path, target: BinaryIO, period: Period, *, at: int, progress: Progress
) -> Made:
    """Write the evidence for a period into `target`.

    The proof covers every event of the period, whatever a page showed of it. Raise StoreUnreadable.
    """
    with (
        reading(folder) as connection,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
    ):
        first, end = positions_between(connection, folder, period.since, period.until)
        notes = notes_around(connection, first, end, INSIDE)
        writer = _Writer(connection, archive, progress, size_of(connection))
        explained = writer.events(first, end)
        sizes = sorted({first, end, *(read_checkpoint(note).size for note in notes)})
        hashes = writer.subtrees(sizes, first, end)
        later = [_included(folder, event, notes[-1]) for event in sorted(explained)]
        writer.small(
            {
                "evidence.json": json.dumps(
                    {
                        "format": FORMAT,
                        "since": period.since,
                        "until": period.until,
                        "made_at": at,
                        "first": first,
                        "end": end,
                        "checkpoints": list(notes),
                        "subtrees": hashes,
                        "later": later,
                    },
                    ensure_ascii=False,
                    indent=1,
                ).encode(),
                "key.txt": (folder / KEYS_NAME).read_bytes(),
                "verify.py": Path(verify.__file__).read_bytes(),
                **{name: text.encode() for name, text in GUIDES.items()},
            }
        )
    return Made(
        first=first, end=end, size=read_checkpoint(notes[-1]).size if notes else 0,
        erasures=writer.erasures,
    )  # fmt: skip


def _included(folder: Path, event: str, note: str) -> dict[str, object]:
    """Return an erasure behind the period, with the proof that it stands in the history."""
    proof = msgspec.json.decode(prove(folder, event, against=note), type=Proof)
    path = [msgspec.json.decode(f'"{each}"', type=bytes).hex() for each in proof.path]
    return {"position": proof.position, "content": proof.content, "path": path}


class _Writer:
    """Writes the files of one archive and counts what is done."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        archive: zipfile.ZipFile,
        progress: Progress,
        size: int,
    ) -> None:
        self._connection, self._archive = connection, archive
        self._progress, self._size, self._done = progress, size, 0
        self.erasures = 0

    def _step(self, events: int) -> None:
        self._done += events
        self._progress(min(self._done, self._size), self._size)

    def events(self, first: int, end: int) -> set[str]:
        """Write the events; return which erasures behind them explain missing values."""
        known = read_erasures(self._connection)
        explained: set[tuple[int, str]] = set()
        with self._archive.open("events.jsonl", "w", force_zip64=True) as file:
            for count, event in enumerate(raw_events(self._connection, first, end), 1):
                file.write(line_of(event))
                explained |= _explaining(event, known)
                if count % AT_ONCE == 0:
                    self._step(AT_ONCE)
        self.erasures = len(explained)
        return {event for position, event in explained if position >= end}

    def subtrees(self, sizes: list[int], first: int, end: int) -> list[str]:
        """Return the hashes over which the tree grows outside the period, in its order."""
        hashes: list[str] = []
        reached = 0
        for stop in sizes:
            if not first <= reached < end:
                heights = verify.heights(reached, stop)  # type: ignore[no-untyped-call]
                found = subtrees(self._connection, reached, stop, heights, self._step)
                hashes += [each.hex() for each in found]
            reached = stop
        return hashes

    def small(self, files: dict[str, bytes]) -> None:
        """Write the other files, and the list of their hashes."""
        sums = ""
        for name, content in files.items():
            self._archive.writestr(name, content)
            sums += f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        self._archive.writestr("SHA256SUMS", sums)


def line_of(event: RawEvent) -> bytes:
    """Return an event as a line: lengths stand before what they measure, so nothing is escaped."""
    parts = b",".join(
        b'["%s","%s",%d,%s]' % (name, salt.hex().encode(), len(values), values)
        for name, salt, values in event.parts
    )
    seal = leaf_hash(event.content).hex()[:16].encode()
    return b'{"position":%d,"bytes":%d,"seal":"%s","parts":[%s],"content":%s}\n' % (
        event.position, len(event.content), seal, parts, event.content,
    )  # fmt: skip


def _explaining(event: RawEvent, known: Erasures) -> set[tuple[int, str]]:
    """Return the erasures that took values of this event."""
    have = {name.decode() for name, _, _ in event.parts}
    if len(have) == 2 or not known.all:  # what operations write has two parts at most
        return set()
    content = decode_content(event.content)
    if content is None:
        return set()
    found = (
        known.of_part(event.position, content, name) for name in content.commitments.keys() - have
    )
    return {(one.position, one.event) for one in found if one is not None}
