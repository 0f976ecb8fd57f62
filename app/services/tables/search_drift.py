"""Does the index of the search know every row? Looked at when the appliance starts."""

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from app.services.tables.grams import SIZE
from app.services.tables.physical import TableInfo, sql_table
from app.services.tables.search_marks import blocks, late


def unknown_blocks(connection: Connection, table: TableInfo) -> Iterator[int]:
    """Yield the blocks of a table with rows that no search would find."""
    rows = sql_table(table)
    last = connection.execute(select(func.max(rows.c.id))).scalar()
    if last is None:
        return
    known = select(blocks.c.block).where(blocks.c.table_id == table.id)
    noted = set(connection.execute(known).scalars())
    for block in range(last // SIZE + 1):
        if block not in noted:
            mine = rows.c.id.between(block * SIZE, block * SIZE + SIZE - 1)
            told = select(late.c.record_id).where(late.c.table_id == table.id)
            untold = select(rows.c.id).where(mine, rows.c.deleted_at == 0, rows.c.id.not_in(told))
            if connection.execute(untold.limit(1)).first():
                yield block


def strangers(connection: Connection, tables: set[int]) -> list[int]:
    """Return the numbers of tables that the index tells of, and that there are not."""
    found = connection.execute(select(blocks.c.table_id).distinct()).scalars()
    return sorted(set(found) - tables)
