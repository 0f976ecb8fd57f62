"""How long things are kept that nobody needs for ever, declared by whoever keeps them.

Every module `kept.py` of `app` declares its kinds. Nothing is removed unless somebody chose a
number of days (`app.privacy`).
"""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

import app
from app.operations.context import Context

MODULE: Final = "kept"


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """What is older than a moment."""

    count: int
    """How many things."""
    oldest: int
    """When the oldest of them ended (ms); 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of thing that may be kept for some days only."""

    kind: str
    """Short name."""
    title: str
    """English text of the catalogue."""
    help: str
    """English text of the catalogue: from when the days count."""
    due: Callable[[Context, int, int], Due]
    """Tells what is older than the first moment (ms), and, where things stay although they are
    emptied, not older than the second."""
    remove: Callable[[Context, int], int]
    """Removes some of what is older, in the running transaction; returns how many. 0: all went."""


_declared: dict[str, Kept] = {}


def declare(kept: Kept) -> None:
    """Add a kind of thing."""
    if kept.kind in _declared:
        msg = f"two kinds of kept things are called {kept.kind}"
        raise ValueError(msg)
    _declared[kept.kind] = kept


def all_kept() -> Sequence[Kept]:
    """Return what is declared."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name.rpartition(".")[2] == MODULE:
            importlib.import_module(module.name)
    return tuple(_declared.values())
