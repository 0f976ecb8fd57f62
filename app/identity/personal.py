"""What is kept about a person, declared by whoever keeps it: told on request, erased on request.

Every module `personal_data.py` of `app` declares what its package keeps. Whoever discloses or
erases a person (`app.privacy`) knows no package by name. There are two kinds of things:

- what stands beside an account (`About`), read and erased with the console's database role;
- what may name anybody and must be searched for (`Searched`), read by the background worker, and
  erased by it, or by the console where only that may. Each thing has a place,
  `tables/12/records/345`, under which an erasure names it for ever.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlmodel import Session

import app
from app.operations.context import Context

MODULE: Final = "personal_data"
Told = dict[str, Any]
"""Field → value, as it is written into the file."""


@dataclass(frozen=True, slots=True)
class About:
    """One kind of thing that stands beside an account."""

    kind: str
    """Short name: the file in the archive is called after it."""
    title: str
    """English text of the catalogue."""
    told: Callable[[Session, str], Iterator[Told]]
    """Gives what is kept about one account, without secrets."""
    forget: Callable[[Session, str], int] | None = None
    """Erases what tells who the account was; returns how many things changed. None: it holds
    nothing that tells."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a search is about."""

    account: str
    """Identifier of an account; empty for somebody who has none."""
    texts: tuple[str, ...]
    """What may name the person: name, mail, number."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that names the person."""

    place: str
    """`tables/12/records/345`: what an erasure names."""
    title: str
    """What people call the place."""
    at: int
    """When it was last changed (ms)."""
    why: str
    """English text of the catalogue: how it names the person."""
    body: Told
    """What stands in it."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What one step of a search found."""

    found: list[Found]
    """In the order of their places."""
    after: str
    """Where the next step goes on; empty at the end."""
    looked_at: int
    """How many things were looked at."""
    skipped: list[str] = []
    """What could not be looked into, because whoever asks may not see it."""


@dataclass(frozen=True, slots=True)
class Searched:
    """One kind of thing that must be searched for the person."""

    kind: str
    """Short name; places begin with it."""
    title: str
    """English text of the catalogue."""
    look: Callable[[Context, Wanted, str], Batch]
    """Looks at the next things after a place, with the rights of whoever asks."""
    count: Callable[[Session], int]
    """Counts what there is to look at, for the progress."""
    forget: Callable[[Context, str], int]
    """Erases the thing at one place for good, its former states too; returns how many rows went.
    What is gone already is fine."""
    forget_uploads: Callable[[Context, str], int]
    """Removes files that one account left on their way; returns how many."""
    is_one_thing: Callable[[str], bool] = lambda _place: True
    """Tells whether a place is one thing that can be erased, and no container of many."""
    at_once: bool = False
    """Erased in the erasure's own transaction: it belongs to the console's database role."""


_about: dict[str, About] = {}
_searched: dict[str, Searched] = {}


def declare_about(one: About) -> None:
    """Add a kind of thing that stands beside an account."""
    if one.kind in _about:
        msg = f"two kinds of personal data are called {one.kind}"
        raise ValueError(msg)
    _about[one.kind] = one


def declare_searched(one: Searched) -> None:
    """Add a kind of thing that must be searched."""
    if one.kind in _searched:
        msg = f"two kinds of searched data are called {one.kind}"
        raise ValueError(msg)
    _searched[one.kind] = one


def all_about() -> Sequence[About]:
    """Return everything that is declared beside accounts."""
    _load()
    return tuple(_about.values())


def all_searched() -> Sequence[Searched]:
    """Return everything that must be searched."""
    _load()
    return tuple(_searched.values())


def _load() -> None:
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name.rpartition(".")[2] == MODULE:
            importlib.import_module(module.name)
