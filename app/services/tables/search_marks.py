"""What tells the index of the search that rows are not as it says any more.

A row that is changed by itself is noted (`late`) in the transaction that changes it, with the state
in which it is since; where many rows are written at once, their blocks are. Both are looked at
themselves by every search until the worker has built their blocks anew: a search is exact at any
time. What the worker read before a change never hides that change: it takes out exactly the notes
that it saw, and leaves a block that was noted since.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Table, delete, insert, select, update
from sqlmodel import Session, SQLModel

from app.core import clock
from app.core.identifiers import new_identifier
from app.core.prepared import Prepared
from app.services.tables.grams import SIZE
from app.services.tables.models import SearchBlock, SearchGram, SearchLate
from app.services.tables.physical import TableInfo, sql_table

grams: Final[Table] = SQLModel.metadata.tables[str(SearchGram.__tablename__)]
blocks: Final[Table] = SQLModel.metadata.tables[str(SearchBlock.__tablename__)]
late: Final[Table] = SQLModel.metadata.tables[str(SearchLate.__tablename__)]
AT_ONCE: Final = 500
"""Numbers in one list of a statement."""
_LATE: Final = Prepared(insert(late), [column.name for column in late.c])


def one_changed(session: Session, table: TableInfo, number: int, rev: int) -> None:
    """Note that a row is in another state, or new, or deleted, or back."""
    _LATE.run(session, table_id=table.id, record_id=number, rev=rev)


def many_changed(session: Session, table: TableInfo, numbers: Iterable[int]) -> None:
    """Note that rows are written: their blocks say nothing until they are built anew."""
    for block in sorted({number // SIZE for number in numbers}):
        _block_changed(session, table, block)


def between_changed(session: Session, table: TableInfo, first: int, last: int) -> None:
    """Note that the rows from one number to another are written."""
    for block in range(first // SIZE, last // SIZE + 1):
        _block_changed(session, table, block)


def _block_changed(session: Session, table: TableInfo, block: int) -> None:
    connection, c = session.connection(), blocks.c
    told = {"built": False, "stamp": new_identifier(), "at": clock.now()}
    change = update(blocks).where(c.table_id == table.id, c.block == block).values(told)
    if not connection.execute(change).rowcount:
        connection.execute(insert(blocks).values(table_id=table.id, block=block, **told))


def forget_rows(session: Session, table: TableInfo, numbers: Sequence[int]) -> None:
    """Leave nothing of rows in the index, before they are erased: their blocks are built anew.

    A deleted row that is not late has left the index before.
    """
    connection, rows = session.connection(), sql_table(table)
    held: set[int] = set()
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        alive = select(rows.c.id).where(rows.c.id.in_(some), rows.c.deleted_at == 0)
        mine = late.c.table_id == table.id, late.c.record_id.in_(some)
        held.update(connection.execute(alive).scalars())
        held.update(connection.execute(select(late.c.record_id).where(*mine)).scalars())
        connection.execute(delete(late).where(*mine))
    for block in sorted({number // SIZE for number in held}):
        c = grams.c
        connection.execute(delete(grams).where(c.table_id == table.id, c.block == block))
        _block_changed(session, table, block)


def forget_table(session: Session, table: TableInfo) -> None:
    """Leave nothing of a table that goes for good."""
    for kept in (grams, blocks, late):
        session.connection().execute(delete(kept).where(kept.c.table_id == table.id))
