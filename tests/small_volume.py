"""A real, small file system to fill up: a tmpfs that only this process sees."""

import ctypes
import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

CLONE_NEWNS = 0x00020000
MS_REC, MS_PRIVATE = 16384, 1 << 18
MNT_DETACH = 2
MEBIBYTE = 1024 * 1024
ATTEMPTS = 20
ONLY_ROOT = "a full disk is tried on a real small volume, which only root may mount"


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def mounted(folder: Path, mebibytes: int) -> Iterator[Path]:
    """Mount a volume of that size on a folder. Raise PermissionError where this user may not."""
    libc = ctypes.CDLL(None, use_errno=True)
    where = str(folder).encode()
    _check(libc.unshare(CLONE_NEWNS))
    _check(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
    _check(libc.mount(b"tmpfs", where, b"tmpfs", 0, b"size=%dm" % mebibytes))
    try:
        yield folder
    finally:
        _check(libc.umount2(where, MNT_DETACH))


@pytest.fixture
def small_volume(tmp_path: Path) -> Iterator[Path]:
    """A volume of 40 MiB. Skips where this user may not mount."""
    folder = tmp_path / "volume"
    folder.mkdir()
    with ExitStack() as stack:
        try:
            stack.enter_context(mounted(folder, 40))
        except PermissionError:
            pytest.skip(ONLY_ROOT)
        yield folder


def free_on(folder: Path) -> int:
    """Bytes that are free on the volume."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def take(folder: Path, size: int) -> Path:
    """Take `size` bytes of the volume. Return the file that does it; none is left by a failure."""
    path = folder / f"filler-{os.urandom(4).hex()}"
    try:
        with path.open("wb", buffering=0) as file:
            if size > 0:
                os.posix_fallocate(file.fileno(), 0, size)
    except OSError:
        path.unlink()
        raise
    return path


def fill(folder: Path, leave: int = 0) -> Path:
    """Fill the volume to the last block, but for `leave` bytes. Return the file that does it."""
    for attempt in itertools.count(1):
        try:
            path = take(folder, free_on(folder) - leave)
            break
        except OSError:  # whoever else writes there was quicker: look again
            if attempt == ATTEMPTS:
                raise
    if not leave:
        # the last blocks too, which preallocation leaves
        with path.open("ab", buffering=0) as file, pytest.raises(OSError, match="No space left"):
            while True:
                file.write(b"x" * 4096)
    return path
