"""The spool: where a large upload waits for its job, under an identifier.

Two files each: the content `{id}` and its description `{id}.json`. Nobody's file name becomes a
path; nothing is opened through a link; only the account that uploaded a file may use it.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from app.core import clock
from app.core.database_errors import in_our_words
from app.core.identifiers import new_identifier
from app.core.shared import PRIVATE, mode_in
from app.files.errors import UploadGone, UploadTooLarge

MEGABYTE: Final = 1024 * 1024
SHARED: Final = 0o640
LARGEST_UPLOAD: Final = 1024 * MEGABYTE
KEPT: Final = 2 * clock.DAY
"""How long an upload that nobody imports stays."""

_IDENTIFIER: Final = re.compile(r"[0-9a-f]{28}")


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file in the spool."""

    id: str
    owner: str
    """Account that uploaded it."""
    name: str
    """As the person's computer called it; only ever shown."""
    size: int
    """Bytes."""
    sha256: str
    created_at: int
    told: str = ""
    """What whoever made it here keeps of it, as JSON; empty for what a person sent."""


class Incoming:
    """An upload that is being written. `finish` makes it usable; without that it vanishes."""

    def __init__(self, folder: Path, owner: str, name: str, limit: int) -> None:
        self._folder, self._owner, self._name, self._limit = folder, owner, name, limit
        self.id = new_identifier()
        self._hash = hashlib.sha256()
        self._size = 0
        new = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        descriptor = os.open(folder / self.id, new, PRIVATE)
        # the worker reads it, which may be another user's process
        os.fchmod(descriptor, mode_in(folder, SHARED))
        self._file = os.fdopen(descriptor, "wb")
        self.upload: Upload | None = None

    def write(self, chunk: bytes) -> None:
        """Add a chunk. Raise UploadTooLarge beyond the limit, DiskFull where it does not fit."""
        self._size += len(chunk)
        if self._size > self._limit:
            raise UploadTooLarge(megabytes=self._limit // MEGABYTE)
        self._hash.update(chunk)
        with in_our_words():
            self._file.write(chunk)

    def finish(self, *, become: str = "", told: str = "") -> Upload:
        """Make the upload durable and return its description.

        `become` gives it an identifier that follows from something; a file of it is replaced.
        """
        upload = Upload(
            id=become or self.id,
            owner=self._owner,
            name=self._name[:255],
            size=self._size,
            sha256=self._hash.hexdigest(),
            created_at=clock.now(),
            told=told,
        )
        with in_our_words():
            self._file.flush()
            os.fsync(self._file.fileno())
            beside = self._folder / f"{self.id}.json"
            with beside.open("xb") as file:
                os.fchmod(file.fileno(), mode_in(self._folder, SHARED))
                file.write(msgspec.json.encode(upload))
                file.flush()
                os.fsync(file.fileno())
            if become:  # two who ask at once write the same twice
                (self._folder / self.id).replace(self._folder / become)
                beside.replace(self._folder / f"{become}.json")
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        self.upload = upload
        return upload

    def close(self) -> None:
        """Close the file; remove it unless it was finished."""
        self._file.close()
        if self.upload is None:
            remove(self._folder, self.id)


@contextmanager
def receive(folder: Path, owner: str, name: str, limit: int = LARGEST_UPLOAD) -> Iterator[Incoming]:
    """Take an upload in, chunk by chunk, up to `limit` bytes.

    If the block ends without `incoming.finish()`, nothing remains.
    """
    incoming = Incoming(folder, owner, name, limit)
    try:
        yield incoming
    finally:
        incoming.close()


def find(folder: Path, identifier: str, owner: str) -> Upload:
    """Return the description of one's own upload. Raise UploadGone."""
    upload = _describe(folder, identifier)
    if upload.owner != owner:
        raise UploadGone
    return upload


def _describe(folder: Path, identifier: str) -> Upload:
    if not _IDENTIFIER.fullmatch(identifier):
        raise UploadGone
    try:
        return msgspec.json.decode((folder / f"{identifier}.json").read_bytes(), type=Upload)
    except (OSError, msgspec.DecodeError) as error:
        raise UploadGone from error


def open_upload(folder: Path, identifier: str) -> BinaryIO:
    """Open the content of an upload for reading. Raise UploadGone; follow no link."""
    if not _IDENTIFIER.fullmatch(identifier):
        raise UploadGone
    try:
        descriptor = os.open(folder / identifier, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise UploadGone from error
    return os.fdopen(descriptor, "rb", buffering=MEGABYTE)


def remove(folder: Path, identifier: str) -> None:
    """Remove an upload; one that is gone already is fine."""
    if _IDENTIFIER.fullmatch(identifier):
        for name in (f"{identifier}.json", identifier):
            (folder / name).unlink(missing_ok=True)


def uploads(folder: Path) -> Iterator[Upload]:
    """Give the description of every upload that is whole."""
    for path in sorted(folder.glob("*.json")):
        try:
            yield _describe(folder, path.stem)
        except UploadGone:
            continue


def sweep(folder: Path, keep: frozenset[str] = frozenset(), age: int = KEPT) -> int:
    """Remove uploads older than `age` milliseconds, but those in `keep`; return how many."""
    names = {path.name for path in folder.iterdir() if _IDENTIFIER.fullmatch(path.name)}
    removed = 0
    for name in sorted(names - keep):
        if (folder / name).lstat().st_mtime * clock.SECOND < clock.now() - age:
            remove(folder, name)
            removed += 1
    return removed
