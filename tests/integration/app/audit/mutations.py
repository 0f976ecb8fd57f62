"""Ways to alter a sealed history behind the appliance's back, drawn at random.

A mutator changes the store and returns the position at or before which the first wrong event must
be named. It gets a connection that may do anything: triggers, constraints and seals are no defence
against somebody who writes the file.
"""

import random
import sqlite3
from collections.abc import Callable

from app.audit.merkle import leaf_hash
from app.audit.store import COLUMNS, KEPT, seals

Mutator = Callable[[sqlite3.Connection, random.Random], int]


def _size(connection: sqlite3.Connection) -> int:
    return connection.execute("SELECT count(*) FROM events").fetchone()[0]


def _content(connection: sqlite3.Connection, position: int) -> str:
    return connection.execute(
        "SELECT content FROM events WHERE position = ?", (position,)
    ).fetchone()[0]


def _seal(content: str, position: int) -> int:
    return seals([leaf_hash(content.encode())], position)[0]


def _altered(content: str, chance: random.Random) -> str:
    """Change one character inside a value, so that it stays JSON."""
    places = [place for place, letter in enumerate(content) if letter.isalnum() and place > 20]
    place = chance.choice(places)
    letter = chance.choice([each for each in "0123456789" if each != content[place]])
    return content[:place] + letter + content[place + 1 :]


def _write(connection: sqlite3.Connection, position: int, content: str, seal: int | None) -> None:
    """Put a content somewhere, even one whose identifier stands elsewhere too."""
    connection.execute("DELETE FROM events WHERE position = ?", (position,))
    seal = _seal(content, position) if seal is None else seal
    columns = "INSERT INTO events (position, content, seal) VALUES (?, ?, ?)"
    try:
        connection.execute(columns, (position, content, seal))
    except sqlite3.IntegrityError:
        # a copy: under another identifier
        other = content.replace('"id":"', '"id":"f', 1)
        connection.execute(columns, (position, other, _seal(other, position)))


def flip(connection: sqlite3.Connection, chance: random.Random) -> int:
    """Change one character of an event."""
    position = chance.randrange(_size(connection))
    altered = _altered(_content(connection, position), chance)
    seal = connection.execute("SELECT seal FROM events WHERE position = ?", (position,)).fetchone()
    _write(connection, position, altered, seal[0])
    return position


def rehash(connection: sqlite3.Connection, chance: random.Random) -> int:
    """Change one character of an event and compute its seal anew."""
    position = chance.randrange(_size(connection))
    _write(connection, position, _altered(_content(connection, position), chance), None)
    return position


def delete(connection: sqlite3.Connection, chance: random.Random) -> int:
    """Remove an event; close the gap, with new seals, or leave it."""
    position, size = chance.randrange(_size(connection)), _size(connection)
    contents = [_content(connection, each) for each in range(position + 1, size)]
    if chance.random() < 0.5:
        connection.execute("DELETE FROM events WHERE position = ?", (position,))
    else:
        connection.execute("DELETE FROM events WHERE position >= ?", (position,))
        for place, content in enumerate(contents, start=position):
            _write(connection, place, content, None)
    return position


def insert(connection: sqlite3.Connection, chance: random.Random) -> int:
    """Insert a made-up event at the end, or in the middle with all behind it moved."""
    size = _size(connection)
    position = chance.choice([size, chance.randrange(size)])
    contents = [_content(connection, each) for each in range(position, size)]
    made = _altered(_content(connection, chance.randrange(size)), chance)
    connection.execute("DELETE FROM events WHERE position >= ?", (position,))
    for place, content in enumerate([made, *contents], start=position):
        _write(connection, place, content, None)
    return position


def swap(connection: sqlite3.Connection, chance: random.Random) -> int:
    """Exchange two events, with their seals or with new ones."""
    first, second = sorted(chance.sample(range(_size(connection)), 2))
    keep = chance.random() < 0.5
    rows = {}
    for position in (first, second):
        rows[position] = connection.execute(
            "SELECT content, seal FROM events WHERE position = ?", (position,)
        ).fetchone()
        connection.execute("DELETE FROM events WHERE position = ?", (position,))
    for place, origin in ((first, second), (second, first)):
        content, seal = rows[origin]
        _write(connection, place, content, seal if keep else None)
    return first


def duplicate(connection: sqlite3.Connection, chance: random.Random) -> int:
    """Put a copy of one event in the place of another."""
    source, place = chance.sample(range(_size(connection)), 2)
    _write(connection, place, _content(connection, source), None)
    return place


def alter_value(connection: sqlite3.Connection, chance: random.Random) -> int:
    """Change, remove or move the values of an event."""
    rows = connection.execute("SELECT position, name, salt, value FROM parts").fetchall()
    position, name, salt, value = chance.choice(rows)
    where = "WHERE position = ? AND name = ?"
    how = chance.randrange(4)
    if how == 0:
        connection.execute(
            f"UPDATE parts SET value = ? {where}", (_altered(f"{value:30}", chance), position, name)
        )
    elif how == 1:
        connection.execute(f"UPDATE parts SET salt = ? {where}", (salt[::-1], position, name))
    elif how == 2:
        connection.execute(f"DELETE FROM parts {where}", (position, name))
    else:
        connection.execute(f"UPDATE parts SET name = 'moved' {where}", (position, name))
    return position


def alter_checkpoint(connection: sqlite3.Connection, chance: random.Random) -> int:
    """Change one character of a checkpoint, remove one, or put one under another number."""
    rows = connection.execute("SELECT size, note FROM checkpoints").fetchall()
    size, note = chance.choice(rows)
    how = chance.randrange(3)
    if how == 0:
        connection.execute(
            "UPDATE checkpoints SET note = ? WHERE size = ?", (_altered(note, chance), size)
        )
    elif how == 1:
        connection.execute("DELETE FROM checkpoints WHERE size = ?", (size,))
    else:
        connection.execute("UPDATE checkpoints SET size = size + 1000 WHERE size = ?", (size,))
    return _size(connection)


def alter_frontier(connection: sqlite3.Connection, chance: random.Random) -> int:
    """Change a byte of what the sealer goes on from."""
    ((hashes,),) = connection.execute("SELECT hashes FROM frontier")
    place = chance.randrange(len(hashes))
    changed = bytearray(hashes)
    changed[place] ^= 1 << chance.randrange(8)
    connection.execute("UPDATE frontier SET hashes = ?", (bytes(changed),))
    return _size(connection)


def _redefined(connection: sqlite3.Connection, name: str, definition: str, statement: str) -> None:
    """Run a statement while a table or index is defined otherwise, as in a file written by hand."""
    redefine = "UPDATE sqlite_schema SET sql = ? WHERE name = ?"
    ((ours,),) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,))
    connection.execute("PRAGMA writable_schema=ON")
    connection.execute(redefine, (definition, name))
    connection.commit()
    connection.execute("PRAGMA writable_schema=RESET")  # read anew
    connection.execute(statement)
    connection.execute("PRAGMA writable_schema=ON")
    connection.execute(redefine, (ours, name))
    connection.commit()


def alter_column(connection: sqlite3.Connection, chance: random.Random) -> int:
    """Change what the search knows about an event, or take it away."""
    position, column = chance.randrange(_size(connection)), chance.choice(KEPT)
    made = chance.choice(["NULL", "'another'", "17"])
    ((had,),) = connection.execute(
        f"SELECT {column} FROM events WHERE position = ?", (position,)
    ).fetchall()
    if had is None:
        made = "''"
    plain = (
        f"CREATE TABLE events (position INTEGER PRIMARY KEY, content, seal, {', '.join(COLUMNS)})"
    )
    _redefined(
        connection,
        "events",
        plain,
        f"UPDATE events SET {column} = {made} WHERE position = {position}",
    )
    return position


def alter_index(connection: sqlite3.Connection, chance: random.Random) -> int:
    """Put an event into an index under another key, or leave it out."""
    position = chance.randrange(_size(connection))
    key, condition = chance.choice(
        [(f"iif(position = {position}, 'x', id)", ""), ("id", f"WHERE position <> {position}")]
    )
    _redefined(
        connection,
        "events_id",
        f"CREATE UNIQUE INDEX events_id ON events ({key}) {condition}",
        "REINDEX events_id",
    )
    return position


MUTATORS: tuple[Mutator, ...] = (
    flip,
    rehash,
    delete,
    insert,
    swap,
    duplicate,
    alter_value,
    alter_checkpoint,
    alter_frontier,
    alter_column,
    alter_index,
)
