"""A real, small file system to fill up: a tmpfs that only this process sees."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

CLONE_NEWNS = 0x00020000
MS_REC, MS_PRIVATE = 16384, 1 << 18
MEBIBYTE = 1024 * 1024


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@pytest.fixture
def small_volume(tmp_path: Path) -> Iterator[Path]:
    """A volume of 40 MiB. Skips where this user may not mount."""
    libc = ctypes.CDLL(None, use_errno=True)
    folder = tmp_path / "volume"
    folder.mkdir()
    where = str(folder).encode()
    try:
        _check(libc.unshare(CLONE_NEWNS))
        _check(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
        _check(libc.mount(b"tmpfs", where, b"tmpfs", 0, b"size=40m"))
    except PermissionError:
        pytest.skip("a full disk is tried on a real small volume, which only root may mount")
    yield folder
    _check(libc.umount2(where, 2))


def fill(folder: Path, leave: int = 0) -> Path:
    """Fill the volume to the last block, but for `leave` bytes. Return the file that does it."""
    path = folder / f"filler-{os.urandom(4).hex()}"
    with path.open("wb", buffering=0) as file:
        found = os.statvfs(folder)
        size = found.f_bavail * found.f_frsize - leave
        if size > 0:
            os.posix_fallocate(file.fileno(), 0, size)
        # the last blocks too, which preallocation leaves
        with pytest.raises(OSError, match="No space left") if not leave else nullcontext():
            while not leave:
                file.seek(0, os.SEEK_END)
                file.write(b"x" * 4096)
    return path
