"""Building the index of the search, a block at a time: read first, written in a short transaction.

Reading a block and finding its grams takes the longest and holds nobody up. What is written then
counts only if the block is as it was when it was read.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlmodel import Session

from app.core import clock
from app.core.database_errors import named
from app.core.identifiers import new_identifier
from app.services.tables.folding import END, KEYED, key_of
from app.services.tables.grams import SIZE, grams_of, number_of
from app.services.tables.physical import TableInfo, sql_table
from app.services.tables.postings import packed
from app.services.tables.search_marks import blocks, grams, late

INSERT: Final = """INSERT INTO tables_search_gram (table_id, block, gram, field_id, rows)
    VALUES (?, ?, ?, ?, ?)"""
COPY: Final = "COPY tables_search_gram (table_id, block, gram, field_id, rows) FROM STDIN"
ENOUGH_LATE: Final = 1_000
"""Rows that changed by themselves: from so many on, their blocks are built anew."""
AT_ONCE: Final = 2_000
MOST_HELD: Final = 8_000_000
"""Characters of a block's texts that are held before their grams are taken out of them."""

_Places = defaultdict[str, list[int]]


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A block as it was read, and what its rows hold."""

    number: Annotated[int, Meta(description="Which block.")]
    stamp: Annotated[str, Meta(description="Its last change; empty: none was noted yet.")]
    seen: Annotated[list[Any], Meta(description="Notes of single rows: number and state.")]
    rows: Annotated[int, Meta(description="How many rows it has.")]
    found: Annotated[list[Any], Meta(description="Gram, field and places of the rows.")]


def pending(session: Session, table: TableInfo) -> list[int]:
    """Return the blocks of a table that have to be built."""
    connection, c = session.connection(), blocks.c
    unbuilt = select(c.block).where(c.table_id == table.id, c.built.is_(False))
    found = set(connection.execute(unbuilt).scalars())
    mine = late.c.table_id == table.id
    count = connection.execute(select(func.count()).select_from(late).where(mine)).scalar_one()
    if count >= ENOUGH_LATE:
        numbers = connection.execute(select(late.c.record_id).where(mine)).scalars()
        found.update(number // SIZE for number in numbers)
    return sorted(found)


def waiting(session: Session, before: int) -> list[int]:
    """Return the tables of which blocks have to be built; none that are written just now."""
    connection, c = session.connection(), blocks.c
    unbuilt = (
        select(c.table_id)
        .where(c.built.is_(False))
        .group_by(c.table_id)
        .having(func.max(c.at) < before)
    )
    count = func.count()
    changed = select(late.c.table_id).group_by(late.c.table_id).having(count >= ENOUGH_LATE)
    found = set(connection.execute(unbuilt).scalars())
    return sorted(found | set(connection.execute(changed).scalars()))


def read_block(session: Session, table: TableInfo, block: int) -> Block:
    """Return what has to stand in the index for the rows of a block."""
    connection = session.connection()
    rows, first = sql_table(table), block * SIZE
    noted = select(late.c.record_id, late.c.rev).where(
        late.c.table_id == table.id, late.c.record_id.between(first, first + SIZE - 1)
    )
    seen = [(row.record_id, row.rev) for row in connection.execute(noted)]
    held = select(rows.c.id, rows.c.s).where(
        rows.c.id.between(first, first + SIZE - 1), rows.c.deleted_at == 0
    )
    result = connection.execute(
        held.order_by(rows.c.id),
        execution_options={"stream_results": True, "max_row_buffer": AT_ONCE},
    )
    taking, count = _Taking(), 0
    for part in result.partitions(AT_ONCE):
        taking.take((number - first, text) for number, text in part)
        count += len(part)
    stamp = _stamp(connection, table, block)
    return Block(number=block, stamp=stamp, seen=seen, rows=count, found=taking.finish())


def _stamp(connection: Connection, table: TableInfo, block: int) -> str:
    c = blocks.c
    noted = select(c.stamp).where(c.table_id == table.id, c.block == block)
    return str(connection.execute(noted).scalar() or "")


class _Taking:
    """Takes the grams out of rows: out of each text once, however many rows hold it."""

    def __init__(self) -> None:
        self._places: defaultdict[str, _Places] = defaultdict(lambda: defaultdict(list))
        """By key of the field and gram."""
        self._texts: defaultdict[str, _Places] = defaultdict(lambda: defaultdict(list))
        """By key of the field and text."""
        self._held = 0

    def take(self, rows: Iterable[tuple[int, str]]) -> None:
        """Take some rows: place in the block, search text."""
        texts = self._texts
        for place, whole in rows:
            for part in whole.split(END):
                if part:
                    key, _, text = part.partition(KEYED)
                    texts[key][text].append(place)
            self._held += len(whole)
            if self._held > MOST_HELD:
                self._take_out()

    def _take_out(self) -> None:
        for key, texts in self._texts.items():
            found = self._places[key]
            for text, places in texts.items():
                if len(places) == 1:  # by far the most, and the shortest way for them
                    (place,) = places
                    for gram in grams_of(text):
                        found[gram].append(place)
                else:
                    for gram in grams_of(text):
                        found[gram] += places
        self._texts.clear()
        self._held = 0

    def finish(self) -> list[tuple[int, int, bytes]]:
        """Return all that was found, in the index's order."""
        self._take_out()
        found = [
            (number_of(gram), field, packed(places))
            for key, held in self._places.items()
            for field in (_field_of(key),)
            for gram, places in held.items()
        ]
        found.sort()
        return found


def _field_of(key: str) -> int:
    """Return the number of the field whose key begins a part of a search text."""
    number = 0
    for digit in reversed(key[1:]):
        number = number << 12 | ord(digit) & 0xFFF
    assert key + KEYED == key_of(number)  # noqa: S101 - what `folding` writes, read back
    return number


def write_block(session: Session, table: TableInfo, block: Block) -> bool:
    """Write a block that was read; False where it was changed since: then nothing is written."""
    connection, c = session.connection(), blocks.c
    if _stamp(connection, table, block.number) != block.stamp:
        return False
    gone = grams.c.table_id == table.id, grams.c.block == block.number
    connection.execute(delete(grams).where(*gone))
    _insert(connection, table, block)
    seen_notes = [{"number": number, "state": rev} for number, rev in block.seen]
    if seen_notes:
        _take_notes(connection, table, seen_notes)
    told = {"built": True, "stamp": new_identifier(), "at": clock.now()}
    if block.stamp:
        mine = c.table_id == table.id, c.block == block.number
        connection.execute(update(blocks).where(*mine).values(told))
    else:
        new = insert(blocks).values(table_id=table.id, block=block.number, **told)
        connection.execute(new)
    return True


def _take_notes(connection: Connection, table: TableInfo, seen: list[dict[str, Any]]) -> None:
    one = delete(late).where(
        late.c.table_id == table.id,
        late.c.record_id == bindparam("number"),
        late.c.rev == bindparam("state"),
    )
    connection.execute(one, seen)


def _insert(connection: Connection, table: TableInfo, block: Block) -> None:
    """Write grams as fast as the database takes them."""
    lines = [(table.id, block.number, *one) for one in block.found]
    if not lines:
        return
    if connection.dialect.name != "postgresql":
        connection.exec_driver_sql(INSERT, lines)
        return
    try:
        with connection.connection.cursor().copy(COPY) as copy:
            for line in lines:
                copy.write_row(line)
    except connection.dialect.loaded_dbapi.Error as error:  # COPY runs past SQLAlchemy
        raise named(error, connection.dialect) from error
