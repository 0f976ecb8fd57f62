"""the index of the search: which rows hold which two characters. Built by the worker."""

import sqlalchemy as sa
from alembic import op

from app.core.identifiers import new_identifier

revision = "0023"
down_revision = "0022"

SIZE = 32_768
"""Rows of a block, as they were when this was written."""


def _key(name: str, kind: type[sa.Integer] = sa.Integer) -> sa.Column[int]:
    return sa.Column(name, kind(), primary_key=True, autoincrement=False, nullable=False)


def upgrade() -> None:
    op.create_table(
        "tables_search_gram",
        _key("table_id"),
        _key("block"),
        _key("gram", sa.BigInteger),
        _key("field_id"),
        sa.Column("rows", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        # a row always fits a page: it is neither packed nor kept elsewhere, and read at once
        op.execute("ALTER TABLE tables_search_gram ALTER COLUMN rows SET STORAGE PLAIN")
    op.create_table(
        "tables_search_block",
        _key("table_id"),
        _key("block"),
        sa.Column("built", sa.Boolean(), nullable=False),
        sa.Column("stamp", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tables_search_late",
        _key("table_id"),
        _key("record_id", sa.BigInteger),
        _key("rev"),
        sqlite_with_rowid=False,
    )
    _plan_for_what_is_there(op.get_bind())


def _plan_for_what_is_there(connection: sa.Connection) -> None:
    """Let the worker build the index of every table that exists already."""
    definitions = sa.table("tables_definition", sa.column("id"))
    blocks = sa.table(
        "tables_search_block",
        *(sa.column(name) for name in ("table_id", "block", "stamp", "at")),
        sa.column("built", sa.Boolean()),
    )
    there = set(sa.inspect(connection).get_table_names())
    for table in connection.execute(sa.select(definitions.c.id)).scalars().all():
        if f"u{table:d}" not in there:
            continue  # lost before: the start tells so, and goes on
        rows = sa.table(f"u{table:d}", sa.column("id"))
        last = connection.execute(sa.select(sa.func.max(rows.c.id))).scalar()
        if last is None:
            continue
        connection.execute(
            sa.insert(blocks),
            [
                {
                    "table_id": table,
                    "block": block,
                    "built": False,
                    "stamp": new_identifier(),
                    "at": 0,
                }
                for block in range(last // SIZE + 1)
            ],
        )
