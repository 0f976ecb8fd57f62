"""One partition written over another and read back: what the loader starts from is no mirror."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

CHUNK: Final = 4 << 20
"""Bytes."""


def copy(source: Path, target: Path, told: Callable[[int], None]) -> bool:
    """Copy all of one device to another that is as large; tell whether it reads the same there.

    `told` hears the bytes done, of twice the size: once written, once read. Raise OSError.
    """
    written, done = hashlib.sha256(), 0
    with source.open("rb", buffering=0) as reading, target.open("r+b", buffering=0) as writing:
        _forget(reading.fileno())
        while chunk := reading.read(CHUNK):
            left = memoryview(chunk)
            while left:
                left = left[writing.write(left) :]
            written.update(chunk)
            done += len(chunk)
            told(done)
        os.fsync(writing.fileno())
        _forget(writing.fileno())
    return _digest(target, done, told) == written.digest()


def _digest(path: Path, size: int, told: Callable[[int], None]) -> bytes:
    read, done = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as file:
        while done < size and (chunk := file.read(min(CHUNK, size - done))):
            read.update(chunk)
            done += len(chunk)
            told(size + done)
    return read.digest()


def _forget(handle: int) -> None:
    """Let what is read next come from the disk, not from memory."""
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
