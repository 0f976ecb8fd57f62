"""The SQL table of a table: made of numbers only, so that nobody's text becomes an identifier."""

import functools
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    MetaData,
    Table,
    Text,
    func,
    select,
)
from sqlalchemy.schema import CreateTable, DropTable
from sqlalchemy.types import TypeEngine
from sqlmodel import Session

from app.core import postgresql_roles
from app.services.tables.models import FieldKind, TableState

MOST_FIELDS: Final = 500

NUMBER: Final[TypeEngine[Any]] = BigInteger().with_variant(Integer(), "sqlite")
TEXT: Final[TypeEngine[Any]] = Text().with_variant(Text(collation="C"), "postgresql")
"""Compared by code points on both databases: pages of a list never disagree."""


class FieldInfo(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """A field as the engine works with it."""

    id: int
    name: str
    kind: FieldKind
    scale: int = 0

    @property
    def column(self) -> str:
        """Its SQL name."""
        return f"c{self.id:d}"

    @property
    def is_text(self) -> bool:
        """Tell whether it is stored as TEXT."""
        return self.kind in (FieldKind.TEXT, FieldKind.DATE)


class TableInfo(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """A table as the engine works with it, without what was deleted of it."""

    id: int
    name: str
    state: TableState
    rev: int
    created_at: int
    created_by: str
    deleted_at: int
    source: str
    fields: tuple[FieldInfo, ...]

    @property
    def scope(self) -> str:
        """Where permissions on it are granted."""
        return f"tables/{self.id:d}"


def sql_name(table: int) -> str:
    """Return the SQL name of a table."""
    return f"u{table:d}"


@functools.lru_cache(maxsize=256)
def _sql_table(table: int, columns: tuple[tuple[str, bool], ...]) -> Table:
    return Table(
        sql_name(table),
        MetaData(),
        Column("id", NUMBER, primary_key=True, autoincrement=True),
        Column("rev", NUMBER, nullable=False),
        Column("created_at", NUMBER, nullable=False),
        Column("created_by", TEXT, nullable=False),
        Column("updated_at", NUMBER, nullable=False),
        Column("updated_by", TEXT, nullable=False),
        Column("deleted_at", NUMBER, nullable=False),
        Column("s", TEXT, nullable=False),
        *(Column(name, TEXT if text else NUMBER) for name, text in columns),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )


SYSTEM_COLUMNS: Final = (
    "id",
    "rev",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "deleted_at",
    "s",
)
FIRST_VALUE: Final = 6
"""Where the fields begin in a row that people are shown."""
SHOWN_COLUMNS: Final = SYSTEM_COLUMNS[:FIRST_VALUE]


@functools.lru_cache(maxsize=256)
def sql_table(table: TableInfo) -> Table:
    """Return the SQL table as SQLAlchemy's object."""
    return _sql_table(table.id, tuple((field.column, field.is_text) for field in table.fields))


def create(session: Session, table: TableInfo) -> None:
    """Make the SQL table, in the transaction that writes its definition."""
    connection = session.connection()
    connection.execute(CreateTable(sql_table(table)))
    if connection.dialect.name == "postgresql":
        postgresql_roles.let_console_count(connection, sql_name(table.id))


def drop(session: Session, table: TableInfo) -> None:
    """Remove the SQL table with its rows: only for one that nobody has seen."""
    session.connection().execute(DropTable(sql_table(table), if_exists=True))


def continue_numbers(session: Session, table: TableInfo) -> None:
    """Let new rows follow the highest number, after rows came in with numbers of their own."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return  # SQLite's AUTOINCREMENT sees explicit numbers by itself
    rows = sql_table(table)
    highest = select(func.coalesce(func.max(rows.c.id), 0) + 1).scalar_subquery()
    sequence = func.pg_get_serial_sequence(rows.name, "id")
    connection.execute(select(func.setval(sequence, highest, False)))
