"""The book of repositories: which ones this copy has, and what opens them.

`repositories.json` in the keys folder, mode 0600, owned by the agent: a repository is named by its
identifier afterwards, never by its folder. Agent and runs change it under one lock.

A second file of that name, in the data folder, comes out of an archive: the repositories that the
appliance had when the archive was made, without what opens them. They are *known*, not connected.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.actions import Repository
from appliance.contract.backup_errors import RepositoryUnknown
from appliance.contract.repository_errors import RepositoryNotConnected
from appliance.contract.secret import Secret
from appliance.durable import write_whole
from appliance.place import Place

MODE: Final = 0o600


class Opened(msgspec.Struct, frozen=True):
    """A repository with what opens it."""

    repository: Repository
    passphrase: Secret


class Entry(msgspec.Struct, frozen=True):
    """A line of the book."""

    repository: Repository
    passphrase: str
    next_passphrase: str = ""
    """Of the kit that is taking the place of this one; empty unless that was cut off."""
    next_kit: str = ""
    """Number of that kit."""

    @property
    def opened(self) -> Opened:
        """The repository with what opens it."""
        return Opened(self.repository, Secret(self.passphrase))


class Book:
    """The repositories of one copy."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def entries(self) -> list[Entry]:
        """Return the connected repositories in the order of their creation."""
        try:
            return msgspec.json.decode(self._place.repositories.read_bytes(), type=list[Entry])
        except FileNotFoundError:
            return []

    def known(self) -> list[Repository]:
        """Return the repositories that a restored archive names and that are not connected yet."""
        there = {entry.repository.borg_id for entry in self.entries()}
        return [
            msgspec.structs.replace(one, connected=False)
            for one in read_known(self._place.known_repositories)
            if one.borg_id not in there
        ]

    def all(self) -> tuple[Repository, ...]:
        """Return the connected repositories, then the known ones."""
        return (*(entry.repository for entry in self.entries()), *self.known())

    def find(self, identifier: str) -> Entry:
        """Return the line of a connected repository.

        Raise RepositoryUnknown, or RepositoryNotConnected if it is only known.
        """
        for entry in self.entries():
            if entry.repository.id == identifier:
                return entry
        raise RepositoryNotConnected(name=self.find_known(identifier).name)

    def find_known(self, identifier: str) -> Repository:
        """Return a repository that is known, not connected. Raise RepositoryUnknown."""
        for one in self.known():
            if one.id == identifier:
                return one
        raise RepositoryUnknown(repository=identifier)

    def add(self, entry: Entry) -> None:
        """Write a repository down, for good."""
        with self._changing() as entries:
            entries.append(entry)

    def replace(self, changed: Entry) -> None:
        """Write a connected repository down anew."""
        with self._changing() as entries:
            for at, entry in enumerate(entries):
                if entry.repository.id == changed.repository.id:
                    entries[at] = changed

    def remove(self, identifier: str) -> Repository:
        """Strike a repository out, connected or known; return it. Raise RepositoryUnknown."""
        with self._changing() as entries:
            for at, entry in enumerate(entries):
                if entry.repository.id == identifier:
                    del entries[at]
                    return entry.repository
            gone = self.find_known(identifier)
            left = [one for one in self.known() if one.id != identifier]
            write_whole(self._place.known_repositories, msgspec.json.encode(left), MODE)
            return gone

    @contextlib.contextmanager
    def _changing(self) -> Iterator[list[Entry]]:
        self._place.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(
            self._place.repositories.with_suffix(".lock"),
            os.O_RDWR | os.O_CREAT | os.O_CLOEXEC,
            MODE,
        )
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            entries = self.entries()
            before = list(entries)
            yield entries
            if entries != before:
                write_whole(self._place.repositories, msgspec.json.encode(entries), MODE)
        finally:
            os.close(handle)


def read_known(path: Path) -> list[Repository]:
    """Return the repositories that the file names; none where it is not there or unreadable."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Repository])
    except (FileNotFoundError, msgspec.DecodeError):
        return []
