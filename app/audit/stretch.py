"""Stretches of the sealed history, as evidence is made of them."""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from app.audit.merkle import Tree, leaf_hash

AT_ONCE: Final = 2048


class RawEvent(msgspec.Struct, frozen=True):
    """A sealed event as the tree covers it, with the values that are not erased."""

    position: int
    content: bytes
    """Canonical JSON, byte for byte as it was sealed."""
    parts: tuple[tuple[bytes, bytes, bytes], ...]
    """Name, salt, values (canonical JSON), by name."""


def size_of(connection: sqlite3.Connection) -> int:
    """Return how many events are sealed."""
    (last,) = connection.execute("SELECT max(position) FROM events").fetchone()
    return 0 if last is None else last + 1


def raw_events(connection: sqlite3.Connection, first: int, end: int) -> Iterator[RawEvent]:
    """Yield the events from `first` to before `end`, in order. Opens no transaction of its own."""
    for start in range(first, end, AT_ONCE):
        bounds = (start, min(start + AT_ONCE, end))
        parts: dict[int, list[tuple[bytes, bytes, bytes]]] = {}
        for position, name, salt, value in connection.execute(
            "SELECT position, CAST(name AS BLOB), salt, CAST(value AS BLOB) FROM parts"
            " WHERE position >= ? AND position < ? ORDER BY position, name",
            bounds,
        ):
            parts.setdefault(position, []).append((name, salt, value))
        for position, content in connection.execute(
            "SELECT position, CAST(content AS BLOB) FROM events"
            " WHERE position >= ? AND position < ? ORDER BY position",
            bounds,
        ):
            yield RawEvent(position, content, tuple(parts.get(position, ())))


def subtrees(
    connection: sqlite3.Connection,
    first: int,
    end: int,
    heights: Iterator[int],
    step: Callable[[int], None],
) -> Iterator[bytes]:
    """Yield the roots of the perfect subtrees of `heights` that cover `first` to before `end`.

    `step` is called with the number of leaves that were hashed.
    """
    leaves = _leaves(connection, first, end)
    for height in heights:
        tree = Tree()
        for count, leaf in zip(range(1 << height), leaves, strict=False):
            tree.append(leaf)
            if count % AT_ONCE == AT_ONCE - 1:
                step(AT_ONCE)
        yield tree.root


def _leaves(connection: sqlite3.Connection, first: int, end: int) -> Iterator[bytes]:
    for start in range(first, end, AT_ONCE):
        rows = connection.execute(
            "SELECT CAST(content AS BLOB) FROM events"
            " WHERE position >= ? AND position < ? ORDER BY position",
            (start, min(start + AT_ONCE, end)),
        )
        for (content,) in rows.fetchall():
            yield leaf_hash(content)


def notes_around(
    connection: sqlite3.Connection, first: int, end: int, inside: int
) -> tuple[str, ...]:
    """Return the signed checkpoints that cover a stretch, the smallest first.

    The last before it, up to about `inside` within it, the first behind it, and the newest.
    """
    every = max(1, (end - first) // max(1, inside))
    statements = (
        ("SELECT max(size) FROM checkpoints WHERE size <= ? AND size > 0", (first,)),
        (
            "SELECT min(size) FROM checkpoints WHERE size > ? AND size < ? GROUP BY size / ?",
            (first, end, every),
        ),
        ("SELECT min(size) FROM checkpoints WHERE size >= ?", (end,)),
        ("SELECT max(size) FROM checkpoints", ()),
    )
    sizes = {
        size
        for statement, values in statements
        for (size,) in connection.execute(statement, values)
        if size
    }
    return tuple(
        connection.execute("SELECT note FROM checkpoints WHERE size = ?", (size,)).fetchone()[0]
        for size in sorted(sizes)
    )
