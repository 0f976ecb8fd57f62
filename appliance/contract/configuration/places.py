"""Places in the document: `access.lists."Head office".networks[0]`. Written and read alike."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar

import msgspec

from appliance.contract.configuration.problems import NoSuchPlace

T = TypeVar("T")
Step = str | int
"""A key, or the number of an entry."""
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_STEP: Final = re.compile(r'(?:\A|\.)(?:([A-Za-z0-9_-]+)|("(?:[^"\\]|\\.)*"))|\[([0-9]{1,9})\]')


def below(place: str, name: str) -> str:
    """Return the place of a key, quoted where TOML would quote it."""
    spelt = name if _BARE.fullmatch(name) else msgspec.json.encode(name).decode()
    return f"{place}.{spelt}" if place else spelt


def placed(entries: Iterable[T], place: str) -> Iterator[tuple[str, T]]:
    """Yield the entries of a list, each with its place: `network.dns[0]`."""
    for number, entry in enumerate(entries):
        yield f"{place}[{number}]", entry


def steps(place: str) -> tuple[Step, ...]:
    """Return the keys and numbers that lead to a place. Raise NoSuchPlace if it is none."""
    found: list[Step] = []
    end = 0
    while match := _STEP.match(place, end):
        bare, quoted, number = match.groups()
        found.append(int(number) if number else bare or _unquoted(quoted, place))
        end = match.end()
    if end < len(place) or place.startswith((".", "[")) or not found:
        raise NoSuchPlace(place=place)
    return tuple(found)


def _unquoted(text: str, place: str) -> str:
    try:
        return msgspec.json.decode(text, type=str)
    except msgspec.DecodeError:
        raise NoSuchPlace(place=place) from None


def put(tree: Any, place: str, value: Any) -> None:  # noqa: ANN401 - TOML values
    """Put a value at a place of a tree; None takes out what is there.

    Tables on the way are made, the entry after a list's last one is added. Raise NoSuchPlace where
    the way leads through something else.
    """
    *way, last = steps(place)
    for step in way:
        if isinstance(tree, dict) and isinstance(step, str):
            tree = tree.setdefault(step, {})
        elif leads(tree, step):
            tree = tree[step]
        else:
            raise NoSuchPlace(place=place)
    if isinstance(tree, list) and last == len(tree) and value is not None:
        tree.append(value)
    elif leads(tree, last) or (isinstance(tree, dict) and isinstance(last, str)):
        if value is not None:
            tree[last] = value
        elif leads(tree, last):
            del tree[last]
    else:
        raise NoSuchPlace(place=place)


def leads(tree: Any, step: Step) -> bool:  # noqa: ANN401 - TOML values
    """Return whether there is something at a step."""
    if isinstance(step, int):
        return isinstance(tree, list) and step < len(tree)
    return isinstance(tree, dict) and step in tree
