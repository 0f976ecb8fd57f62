"""The recording of a session: asciicast v2, one JSON line an event, appended and never changed.

Both sides are kept: what was shown and what was typed, so that a terminal that was told not to show
what is typed hides nothing from those who read it.
"""

import codecs
import contextlib
import fcntl
import hashlib
import os
import time
from pathlib import Path
from typing import Final

import msgspec

from appliance.records import now

LARGEST: Final = 32 * 1024 * 1024
"""Bytes of a recording: hours of reading. What would go beyond ends the session."""
PART: Final = 256 * 1024
"""Bytes of a stretch that is told at once."""


class RecordingFull(Exception):
    """The recording has become as long as one may."""


class NotRecorded(Exception):
    """What happens cannot be written down."""


class Recording:
    """A recording that is being written. Whoever writes holds its lock: a free one has ended."""

    def __init__(self, path: Path, title: str, width: int, height: int) -> None:
        """Begin a recording. Raise OSError, NotRecorded."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._handle = os.open(path, flags, 0o600)
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        self._began = time.monotonic()
        self._hash, self.bytes = hashlib.sha256(), 0
        kinds = ("o", "i")
        self._decoders = {kind: codecs.getincrementaldecoder("utf-8")("replace") for kind in kinds}
        self._write({"version": 2, "width": width, "height": height, "timestamp": now() // 1000,
                     "title": title})  # fmt: skip

    def shown(self, data: bytes) -> None:
        """Keep what is going to be shown. Raise NotRecorded, RecordingFull."""
        self._event("o", data)

    def typed(self, data: bytes) -> None:
        """Keep what was typed. Raise NotRecorded, RecordingFull."""
        self._event("i", data)

    def _event(self, kind: str, data: bytes) -> None:
        text = self._decoders[kind].decode(data)
        if text:
            self._write([round(time.monotonic() - self._began, 3), kind, text])

    def _write(self, value: object) -> None:
        line = msgspec.json.encode(value) + b"\n"
        if self.bytes + len(line) > LARGEST:
            raise RecordingFull
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except OSError as error:
            raise NotRecorded from error
        self._hash.update(line)
        self.bytes += len(line)

    def keep(self) -> None:
        """Make what is written survive a power cut. Raise NotRecorded."""
        try:
            os.fdatasync(self._handle)
        except OSError as error:
            raise NotRecorded from error

    def end(self) -> str:
        """Close the recording as far as it came; return its SHA-256."""
        with contextlib.suppress(NotRecorded):
            self.keep()
        os.close(self._handle)
        return self._hash.hexdigest()


def digest_of(path: Path) -> tuple[str, int]:
    """Return the SHA-256 of a recording as it lies there, and its bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()


def stretch(path: Path, offset: int) -> tuple[str, int]:
    """Return whole lines from a byte on, and where the next begin; 0 after the last."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(offset)
        data = file.read(PART)
    if offset + len(data) < size:
        data = data[: data.rfind(b"\n") + 1]
        return data.decode("utf-8", "replace"), offset + len(data)
    return data.decode("utf-8", "replace"), 0
