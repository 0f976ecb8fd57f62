"""Things that are made once and kept: whole, or made again."""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from image.paths import KEPT
from image.running import step


def place_of(kind: str, name: str) -> Path:
    """Return where a thing of that kind and name lies, once it is made."""
    return KEPT / f"{kind}-{name}"


def is_kept(kind: str, name: str) -> bool:
    """Tell whether it is there, whole."""
    return _mark(place_of(kind, name)).exists()


def kept(kind: str, name: str, says: str, make: Callable[[Path], None]) -> Path:
    """Return the folder of that kind and name; where it is not whole, make it and tell so.

    It is made where it stays: a Python environment knows its own path. Others of its kind are
    removed, as they were made from what is no more.
    """
    place = place_of(kind, name)
    if is_kept(kind, name):
        return place
    KEPT.mkdir(parents=True, exist_ok=True)
    for old in KEPT.glob(f"{kind}-*.made"):
        old.unlink()
    for old in KEPT.glob(f"{kind}-*"):
        shutil.rmtree(old)
    with step(says):
        make(place)
    _mark(place).touch()
    return place


def _mark(place: Path) -> Path:
    return place.with_name(f"{place.name}.made")


@contextmanager
def alone() -> Iterator[None]:
    """Let nobody else build meanwhile."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
