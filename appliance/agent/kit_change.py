"""A new kit for repositories that have archives: all of them take it, or none does.

The new passphrase is written down before Borg hears of it, so that whatever kills the agent in
between, the repository opens at the next look. In the folder of each repository goes the key ring,
wrapped for the new kit: the archives that are there hold it wrapped for the kit before.
"""

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from appliance.backup.borg import Borg
from appliance.backup.create import explained
from appliance.book import Book, Entry
from appliance.contract.actions import ChangeKit
from appliance.contract.backup_errors import RepositoryReplaced, RingOfAnotherKit, WrongKit
from appliance.contract.errors import ApplianceError
from appliance.contract.ring import BESIDE, kit_of_ring
from appliance.contract.secret import Secret
from appliance.durable import write_whole

LOG: Final = logging.getLogger("appliance.agent")

Opener = Callable[[Path, Secret], Borg]
"""Opens the repository in a folder with a passphrase."""


def change_kit(book: Book, opener: Opener, request: ChangeKit) -> None:
    """Let every connected repository open with the new kit.

    Raise RingOfAnotherKit, or what hinders one of them (RepositoryGone, RepositoryReplaced,
    RepositoryLocked, WrongKit, RunTimedOut …): then all open with the kit that they had. What has
    the new kit already, from an attempt that was cut off, is passed over.
    """
    if kit_of_ring(request.ring.encode()) != request.kit_number:
        raise RingOfAnotherKit
    entries = [settle(book, opener, entry) for entry in book.entries()]
    before = [one for one in entries if one.repository.kit_number != request.kit_number]
    for entry in before:
        _require_whole(opener, entry)
    renewed: list[Entry] = []
    try:
        for entry in before:
            _renew(book, opener, entry, request)
            renewed.append(entry)
    except ApplianceError:
        for entry in reversed(renewed):
            _undo(book, opener, entry, request)
        raise
    for entry in entries:
        _drop_other_rings(Path(entry.repository.folder), request.kit_number)


def settle(book: Book, opener: Opener, entry: Entry) -> Entry:
    """Find out which passphrase holds where a change of the kit was cut off; write that down."""
    if not entry.next_passphrase:
        return entry
    with contextlib.suppress(WrongKit):
        opener(Path(entry.repository.folder), Secret(entry.passphrase)).listing()
        return _settled(book, entry, Secret(entry.passphrase), entry.repository.kit_number)
    opener(Path(entry.repository.folder), Secret(entry.next_passphrase)).listing()
    return _settled(book, entry, Secret(entry.next_passphrase), entry.next_kit)


def _settled(book: Book, entry: Entry, passphrase: Secret, kit: str) -> Entry:
    repository = msgspec.structs.replace(entry.repository, kit_number=kit)
    settled = Entry(repository, passphrase.reveal())
    book.replace(settled)
    return settled


def _require_whole(opener: Opener, entry: Entry) -> None:
    folder = Path(entry.repository.folder)
    if opener(folder, Secret(entry.passphrase)).listing().repository.id != entry.repository.borg_id:
        raise RepositoryReplaced(folder=str(folder))


def _renew(book: Book, opener: Opener, entry: Entry, request: ChangeKit) -> None:
    folder, new = Path(entry.repository.folder), request.passphrase
    with explained(folder):
        write_whole(folder / BESIDE.format(kit=request.kit_number), request.ring.encode())
    book.replace(
        msgspec.structs.replace(entry, next_passphrase=new.reveal(), next_kit=request.kit_number)
    )
    try:
        opener(folder, Secret(entry.passphrase)).change_passphrase(new)
    except ApplianceError:
        # it may have happened all the same; who opens the repository next finds out
        with contextlib.suppress(ApplianceError):
            settled = settle(book, opener, book.find(entry.repository.id))
            if settled.repository.kit_number == request.kit_number:
                return
        raise
    _settled(book, entry, new, request.kit_number)


def _undo(book: Book, opener: Opener, entry: Entry, request: ChangeKit) -> None:
    """Give a repository its kit back, as well as that goes: its disk may be the one that failed."""
    folder = Path(entry.repository.folder)
    try:
        opener(folder, request.passphrase).change_passphrase(Secret(entry.passphrase))
        book.replace(entry)
        with contextlib.suppress(OSError):
            (folder / BESIDE.format(kit=request.kit_number)).unlink(missing_ok=True)
    except ApplianceError as error:
        LOG.warning("%s keeps the new kit: %s", folder, error)


def _drop_other_rings(folder: Path, kit: str) -> None:
    with contextlib.suppress(OSError):
        for ring in folder.glob(BESIDE.format(kit="*")):
            if ring.name != BESIDE.format(kit=kit):
                ring.unlink()
