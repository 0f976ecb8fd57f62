"""What a person can hold, declared by whoever keeps it, so that a leaver leaves nothing behind.

    declare(Holding(kind="sessions", title=mark("Sessions"), held=…, end=…))

Every module `held.py` of `app` declares what its package keeps for people: how to list it, how it
ends, how it passes to a successor. Whoever ends a person (`app.leaving`) knows no package by name.

All functions run in the transaction of the operation that calls them, with the console's database
role.
"""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlmodel import Session

import app

MODULE: Final = "held"


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a person holds."""

    id: str
    """Identifier."""
    name: str = ""
    """What people call it; empty where it has no name."""
    since: int = 0
    """When it began (ms); 0 where that is not known."""
    href: str = ""
    """Page of the console that shows it; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One kind of thing that people hold, and what becomes of it when they leave."""

    kind: str
    """Short name, for events and programs."""
    title: str
    """English text of the catalogue."""
    held: Callable[[Session, str], Sequence[Held]]
    """Lists what one account holds."""
    end: Callable[[Session, str, int], int] | None = None
    """Ends what the account holds at this time (ms); returns how many. None: it stays, under the
    person's name."""
    pass_on: Callable[[Session, str, str], int] | None = None
    """Gives what the first account holds to the second; returns how many. None: nobody takes
    over."""


_declared: dict[str, Holding] = {}


def declare(holding: Holding) -> None:
    """Add a kind of thing that people hold."""
    if holding.kind in _declared:
        msg = f"two holdings are called {holding.kind}"
        raise ValueError(msg)
    _declared[holding.kind] = holding


def all_holdings() -> tuple[Holding, ...]:
    """Import every module `held.py` of `app` and return what they declare.

    What passes to a successor comes first: nothing stops before it was passed on.
    """
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name.rpartition(".")[2] == MODULE:
            importlib.import_module(module.name)
    return tuple(sorted(_declared.values(), key=lambda one: (one.pass_on is None, one.end is None)))
