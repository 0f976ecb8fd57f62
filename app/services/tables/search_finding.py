"""Which rows of a table hold a text: by the index, and by the rows where it cannot tell.

The answer is exact. Blocks that are built give the rows whose grams say it for sure; rows of which
only the text itself can tell, rows that changed since and blocks that are not built are looked at.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy import (
    or_ as either,
)
from sqlmodel import Session

from app.core.doors import dialect_of
from app.core.prepared import Prepared
from app.services.tables.grams import SIZE, Wanted, wanted
from app.services.tables.physical import TableInfo
from app.services.tables.postings import Hits, any_of, places_in, unpacked
from app.services.tables.search_marks import blocks, grams, late

MOST_LATE: Final = 5_000
"""Rows that changed by themselves, of one table: more of them, and their blocks are looked at."""
LISTED: Final = "listed"
"""What the numbers of rows are called in statements."""

_BLOCKS: Final = Prepared(
    select(blocks.c.block, blocks.c.built).where(blocks.c.table_id == bindparam("table"))
)
_LATE: Final = Prepared(
    select(late.c.record_id).where(late.c.table_id == bindparam("table")).distinct()
)

Look = Callable[[ColumnElement[bool]], Select[Any]]
"""Returns the statement of the rows that hold the text, of those for which something is so."""


class _Sure(NamedTuple):
    """Rows of a block: that hold the text, and that may hold it."""

    held: int
    doubtful: int


def among(rows: Table, dialect: str) -> ColumnElement[bool]:
    """Return whether a row is one of those whose numbers are given."""
    if dialect == "postgresql":
        return rows.c.id == any_(bindparam(LISTED, type_=ARRAY(BigInteger())))
    given = func.json_each(bindparam(LISTED, type_=Text())).table_valued("value")
    return rows.c.id.in_(select(given.c.value))


def as_listed(numbers: Sequence[int], dialect: str) -> Any:  # noqa: ANN401 - what a driver takes
    """Return numbers of rows as `among` takes them."""
    return list(numbers) if dialect == "postgresql" else f"[{','.join(map(str, numbers))}]"


def find(
    session: Session,
    table: TableInfo,
    fields: Collection[int],
    needle: str,
    look: Look,
    rows: Table,
) -> Hits | None:
    """Return the rows that hold a folded text in one of these fields.

    None where no block of the table is built: then the rows themselves are all there is.
    """
    known = _BLOCKS.all(session, table=table.id)
    built = {one.block for one in known if one.built}
    if not built:
        return None
    changed = [one.record_id for one in _LATE.all(session, table=table.id)]
    unsure = {one.block for one in known if not one.built}
    if len(changed) > MOST_LATE:
        unsure.update(number // SIZE for number in changed)
    changed = [number for number in changed if number // SIZE not in unsure]
    built -= unsure
    asked = wanted(needle)
    found = _by_grams(session, table, sorted(built), frozenset(fields), asked)
    stale: defaultdict[int, int] = defaultdict(int)
    for number in changed:
        stale[number // SIZE] |= 1 << number % SIZE
    sure = {block: one.held & ~stale[block] for block, one in found.items()}
    doubtful = [
        block * SIZE + place
        for block, one in found.items()
        for place in places_in(one.doubtful & ~stale[block])
    ]
    for number in _looked_at(session, look, rows, needle, doubtful + changed, sorted(unsure)):
        sure[number // SIZE] = sure.get(number // SIZE, 0) | 1 << number % SIZE
    return Hits(sure)


def _looked_at(
    session: Session,
    look: Look,
    rows: Table,
    needle: str,
    numbers: Sequence[int],
    unsure: Sequence[int],
) -> Iterable[int]:
    """Return which of some rows, and of all rows of some blocks, hold the text."""
    connection, dialect = session.connection(), dialect_of(session)
    if numbers:
        given = {"needle": needle, LISTED: as_listed(numbers, dialect)}
        yield from connection.execute(look(among(rows, dialect)), given).scalars()
    if unsure:
        spans = [
            rows.c.id.between(first * SIZE, last * SIZE + SIZE - 1)
            for first, last in _spans(unsure)
        ]
        yield from connection.execute(look(either(*spans)), {"needle": needle}).scalars()


def _spans(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Return sorted numbers as spans of neighbours: each costs one walk along the table."""
    spans: list[tuple[int, int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return spans


def _by_grams(
    session: Session, table: TableInfo, built: Sequence[int], fields: frozenset[int], asked: Wanted
) -> dict[int, _Sure]:
    c = grams.c
    query = select(c.block, c.gram, c.field_id, c.rows).where(
        c.table_id == table.id, c.block.in_(built)
    )
    if not asked.pairs:
        query = query.where(c.gram.between(asked.first, asked.last))
        every: defaultdict[int, list[bytes]] = defaultdict(list)
        for block, _, field, kept in session.connection().execute(query):
            if field in fields:
                every[block].append(kept)
        return {block: _Sure(any_of(kept), 0) for block, kept in every.items()}
    query = query.where(c.gram.in_([*asked.pairs, *asked.twice]))
    there: defaultdict[tuple[int, int], dict[int, bytes]] = defaultdict(dict)
    for block, gram, field, kept in session.connection().execute(query):
        if field in fields:
            there[block, field][gram] = kept
    found: dict[int, _Sure] = {}
    for (block, _), held in there.items():
        if all(pair in held for pair in asked.pairs):
            one, before = _in_field(held, asked), found.get(block, _Sure(0, 0))
            found[block] = _Sure(before.held | one.held, before.doubtful | one.doubtful)
    return {block: _Sure(one.held, one.doubtful & ~one.held) for block, one in found.items()}


def _in_field(held: dict[int, bytes], asked: Wanted) -> _Sure:
    """Return the rows whose field has all the grams."""
    # the fewest first: where nothing is left, the others are not looked at
    pairs = sorted((held[pair] for pair in asked.pairs), key=len)
    bits = unpacked(pairs[0])
    for kept in pairs[1:]:
        if not bits:
            break
        bits &= unpacked(kept)
    if asked.doubtful:
        return _Sure(0, bits)
    twice = [unpacked(held[one]) for one in asked.twice if one in held] if bits else []
    doubtful = reduce(or_, twice, 0) & bits
    return _Sure(bits & ~doubtful, doubtful)
