"""Files that one process holds: the kernel lets go of them, whatever ends the process."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def alone(file: Path) -> Iterator[bool]:
    """Tell whether nobody else holds a file; hold it meanwhile. It is made with its folders."""
    with _opened(file) as handle:
        yield _taken(handle)


@contextlib.contextmanager
def in_turn(file: Path) -> Iterator[bool]:
    """Hold a file as soon as nobody else does; tell whether that had to be waited for."""
    with _opened(file) as handle:
        waits = not _taken(handle)
        if waits:
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield waits


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[int]:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_held(file: Path) -> bool:
    """Tell whether a process that lives holds a file; no where there is none."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
