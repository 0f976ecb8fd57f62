"""The repositories that this copy knows, with their passphrases, in the keys folder.

One file, mode 0600, owned by the agent. Afterwards a repository is named by its identifier only.
"""

import secrets
import shutil
import threading
from pathlib import Path
from typing import Final

import msgspec

from appliance.agent.folders import accept_folder, is_repository
from appliance.backup.borg import Borg, borg_version
from appliance.backup.create import explained
from appliance.backup.reporter import Reporter
from appliance.contract.actions import TABLE, CreateRepository, Repository
from appliance.contract.backup_errors import RepositoryNameTaken, RepositoryUnknown
from appliance.contract.secret import Secret
from appliance.durable import write_whole
from appliance.place import Place
from appliance.records import now

MODE: Final = 0o600


class Opened(msgspec.Struct, frozen=True):
    """A repository with what opens it."""

    repository: Repository
    passphrase: Secret


class _Stored(msgspec.Struct, frozen=True):
    repository: Repository
    passphrase: str


class Repositories:
    """The book of repositories."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lock = threading.Lock()

    def all(self) -> tuple[Repository, ...]:
        """Return all repositories in the order of their creation."""
        return tuple(stored.repository for stored in self._read())

    def open(self, identifier: str) -> Opened:
        """Return one repository with its passphrase. Raise RepositoryUnknown."""
        for stored in self._read():
            if stored.repository.id == identifier:
                return Opened(stored.repository, Secret(stored.passphrase))
        raise RepositoryUnknown(repository=identifier)

    def create(self, request: CreateRepository) -> Repository:
        """Make the repository, or take up the one that stands in the folder.

        Raise RepositoryNameTaken, FolderRefused, WrongKit (the one that stands there is another
        kit's), BorgMissing, DiskFull. A folder that was empty is empty again then.
        """
        borg_version()
        with self._lock:
            known = self._read()
            if any(stored.repository.name == request.name for stored in known):
                raise RepositoryNameTaken(name=request.name)
            taken = [stored.repository.folder for stored in known]
            folder = accept_folder(self._place, request.folder, taken)
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
            stored = _Stored(repository, request.passphrase.reveal())
            self._write([*known, stored])
            return repository

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

    def _read(self) -> list[_Stored]:
        try:
            return msgspec.json.decode(self._place.repositories.read_bytes(), type=list[_Stored])
        except FileNotFoundError:
            return []

    def _write(self, stored: list[_Stored]) -> None:
        self._place.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._place.repositories, msgspec.json.encode(stored), MODE)


def _empty(folder: Path) -> None:
    """Remove what a failed creation left in a folder that was empty before it."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
