"""Recordings looked at after their session: whether they are as they were, and how long they stay.

A window, its sessions and the digests of its recordings stay for ever; the recordings themselves
are removed when whoever keeps them says so.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.maintenance.state import (
    Ending,
    OldRecordings,
    RecordingFound,
    RemovedRecordings,
    Session,
)
from appliance.durable import sync_folder
from appliance.holding import is_held
from appliance.maintenance.recording import digest_of
from appliance.maintenance.windows import WindowBook
from appliance.records import now

AT_ONCE: Final = 50


def found_recordings(book: WindowBook, number: int) -> tuple[RecordingFound, ...]:
    """Return what lies there of a window's sessions that have ended. Raise WindowUnknown."""
    ended = (one for one in book.sessions(number) if one.ended is not Ending.none)
    return tuple(_found(one, book.recording(number, one.id)) for one in ended)


def _found(session: Session, path: Path) -> RecordingFound:
    try:
        digest, count = digest_of(path)
    except FileNotFoundError:
        digest, count = "", 0
    return RecordingFound(
        session=session.id, digest=digest, bytes=count, removed_at=session.removed_at
    )


def _old(book: WindowBook, before: int) -> Iterator[tuple[Session, Path]]:
    """Yield recordings of sessions that ended before a moment, with their session."""
    for number in reversed(book.numbers()):
        if book.read(number).opened_at >= before:
            continue
        for session in book.sessions(number):
            path = book.recording(number, session.id)
            if path.exists() and not is_held(path) and 0 < _ended(session) < before:
                yield session, path


def _ended(session: Session) -> int:
    return session.ended_at or 0


def old_recordings(book: WindowBook, before: int) -> OldRecordings:
    """Tell how many recordings are older than a moment."""
    ends = [_ended(session) for session, _ in _old(book, before)]
    return OldRecordings(count=len(ends), oldest=min(ends, default=0))


def remove_recordings(book: WindowBook, before: int) -> RemovedRecordings:
    """Remove some recordings that are older than a moment: told first, then gone. Raise OSError."""
    removed = 0
    for session, path in _old(book, before):
        book.keep_session(msgspec.structs.replace(session, removed_at=now()))
        path.unlink()
        sync_folder(path.parent)
        removed += 1
        if removed == AT_ONCE:
            break
    return RemovedRecordings(removed=removed)
