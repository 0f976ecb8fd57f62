"""Repositories: made, taken up, connected again, struck off the list."""

import contextlib
import secrets
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from appliance.agent.folders import accept_folder, is_repository
from appliance.agent.kit_change import change_kit, settle
from appliance.agent.patience import READING_SECONDS
from appliance.backup.borg import Borg, borg_version
from appliance.backup.create import explained
from appliance.backup.reporter import Reporter
from appliance.book import Book, Entry, Opened
from appliance.contract.actions import (
    ChangeKit,
    ConnectRepository,
    CreateRepository,
    Repository,
)
from appliance.contract.backup_errors import RepositoryGone, RepositoryNameTaken, RepositoryReplaced
from appliance.contract.repository_errors import RepositoriesBusy
from appliance.contract.secret import Secret
from appliance.contract.table import TABLE
from appliance.place import Place
from appliance.records import now

WAIT: Final = 20.0
"""Seconds to wait for somebody else who changes the book."""


class Repositories:
    """The repositories of one copy."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._book = Book(place)
        self._lock = threading.Lock()

    def all(self) -> tuple[Repository, ...]:
        """Return the connected repositories, then those that are only known."""
        return self._book.all()

    def open(self, identifier: str) -> Opened:
        """Return one repository with its passphrase.

        Raise RepositoryUnknown, RepositoryNotConnected.
        """
        entry = self._book.find(identifier)
        return settle(self._book, self._opener, entry).opened

    def create(self, request: CreateRepository) -> Repository:
        """Make the repository, or take up the one that stands in the folder.

        Raise RepositoryNameTaken, FolderRefused, WrongKit (the one that stands there is another
        kit's), BorgMissing, DiskFull. A folder that was empty is empty again then.
        """
        borg_version()
        with self._alone():
            known = [entry.repository for entry in self._book.entries()]
            if any(one.name == request.name for one in known):
                raise RepositoryNameTaken(name=request.name)
            folder = accept_folder(self._place, request.folder, [one.folder for one in known])
            adopted = is_repository(folder)
            with explained(folder):
                borg_id = self._make(folder, request.passphrase, adopted=adopted)
            repository = Repository(
                id=secrets.token_hex(8),
                name=request.name,
                folder=str(folder),
                borg_id=borg_id,
                kit_number=request.kit_number,
                created_at=now(),
                adopted=adopted,
            )
            self._book.add(Entry(repository, request.passphrase.reveal()))
            return repository

    def connect(self, request: ConnectRepository) -> Repository:
        """Connect a repository that a restored archive names, under the same identifier.

        Raise RepositoryUnknown, RepositoryNameTaken, FolderRefused, RepositoryGone (the folder
        holds none), RepositoryReplaced (it holds another one), WrongKit.
        """
        with self._alone():
            known = self._book.find_known(request.repository)
            others = [entry.repository for entry in self._book.entries()]
            if any(one.name == known.name for one in others):
                raise RepositoryNameTaken(name=known.name)
            taken = [one.folder for one in others]
            folder = accept_folder(self._place, request.folder or known.folder, taken)
            if not is_repository(folder):
                raise RepositoryGone(folder=str(folder))
            with explained(folder):
                borg_id = self._make(folder, request.passphrase, adopted=True)
            if borg_id != known.borg_id:
                raise RepositoryReplaced(folder=str(folder))
            connected = msgspec.structs.replace(
                known,
                folder=str(folder),
                kit_number=request.kit_number,
                adopted=True,
                connected=True,
            )
            self._book.add(Entry(connected, request.passphrase.reveal()))
            return connected

    def change_kit(self, request: ChangeKit) -> None:
        """Let every connected repository open with a new kit, all or none."""
        with self._alone():
            change_kit(self._book, self._opener, request)

    def _opener(self, folder: Path, passphrase: Secret) -> Borg:
        return Borg(folder, passphrase, self._place.borg, Reporter(seconds=READING_SECONDS))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Change the book alone. Raise RepositoriesBusy where somebody takes long."""
        if not self._lock.acquire(timeout=WAIT):
            raise RepositoriesBusy
        try:
            yield
        finally:
            self._lock.release()

    def forget(self, identifier: str) -> Repository:
        """Strike a repository off the list, connected or known. Raise RepositoryUnknown."""
        with self._alone():
            gone = self._book.remove(identifier)
        (self._place.deletions / identifier).unlink(missing_ok=True)
        return gone

    def _make(self, folder: Path, passphrase: Secret, *, adopted: bool) -> str:
        # a person has just named this folder: a known repository may have moved here
        reporter = Reporter(seconds=TABLE["CreateRepository"].timeout)
        borg = Borg(folder, passphrase, self._place.borg, reporter, moved=True)
        if adopted:
            return borg.listing().repository.id
        new = not folder.exists()
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            borg.create_repository()
            return borg.listing().repository.id
        except BaseException:
            _empty(folder)
            if new:
                folder.rmdir()
            raise


def _empty(folder: Path) -> None:
    """Remove what a failed creation left in a folder that was empty before it."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
