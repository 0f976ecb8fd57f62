"""The SQL table of a table: made of numbers only, so that nobody's text becomes an identifier."""

import functools
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    func,
    literal_column,
    select,
)
from sqlalchemy import table as sa_table
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable, DropIndex, DropTable
from sqlalchemy.types import TypeEngine
from sqlmodel import Session

from app.core import postgresql_roles
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind, TableState
from app.services.tables.rules import Rules
from app.services.tables.types.registry import has_column, is_many, is_text

MOST_FIELDS: Final = 500

LEAD: Final = 100
"""Characters of a long text that an index holds on PostgreSQL: its entries have up to 2,704 bytes.
Compared by code points, texts are in the order of their beginnings."""
_SHORT: Final = frozenset({FieldKind.DATE, FieldKind.POSTAL_CODE, FieldKind.PHONE})

NUMBER: Final[TypeEngine[Any]] = BigInteger().with_variant(Integer(), "sqlite")
TEXT: Final[TypeEngine[Any]] = Text().with_variant(Text(collation="C"), "postgresql")
"""Compared by code points on both databases: pages of a list never disagree."""


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
    has_deleted: bool = False
    """Fields of it are deleted: what stood in them still lies in the rows' search texts."""
    rules: Rules = ()
    """Who may do what with it; without any, everybody who works with tables."""

    @property
    def scope(self) -> str:
        """Where permissions on it are granted."""
        return f"tables/{self.id:d}"


def is_long(field: FieldInfo) -> bool:
    """Tell whether a text of a field may be longer than an index of PostgreSQL holds."""
    return has_column(field) and is_text(field) and field.kind not in _SHORT


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
    own = filter(has_column, table.fields)
    return _sql_table(table.id, tuple((field.column, is_text(field)) for field in own))


@functools.lru_cache(maxsize=256)
def junction(field: FieldInfo) -> Table:
    """Return the table of the values of a field that may have many: record, value, place."""
    return Table(
        "j" + field.column[1:],
        MetaData(),
        Column("a", NUMBER, primary_key=True, autoincrement=False),
        Column("b", NUMBER, primary_key=True, autoincrement=False),
        Column("pos", NUMBER, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def create(session: Session, table: TableInfo) -> None:
    """Make the SQL table, in the transaction that writes its definition."""
    connection = session.connection()
    connection.execute(CreateTable(sql_table(table)))
    if connection.dialect.name == "postgresql":
        postgresql_roles.let_console_count(connection, sql_name(table.id))
    for field in filter(is_many, table.fields):
        connection.execute(CreateTable(junction(field)))
    for field in table.fields:
        if field.settings.unique:
            make_unique(session, table, field)


def add_column(session: Session, table: TableInfo, field: FieldInfo) -> None:
    """Make what holds the values of one more field, in the transaction that defines it."""
    connection = session.connection()
    if is_many(field):
        connection.execute(CreateTable(junction(field)))
    elif has_column(field):
        column: Column[Any] = Column(field.column, TEXT if is_text(field) else NUMBER)
        definition = str(CreateColumn(column).compile(dialect=connection.dialect))
        connection.exec_driver_sql(f"ALTER TABLE {sql_name(table.id)} ADD COLUMN {definition}")


def with_column(table: TableInfo, column: str, *, text: bool) -> Table:
    """Return the SQL table with one column of a field that nobody sees yet."""
    return _sql_table(table.id, ((column, text),))


def _unique_index(table: TableInfo, field: FieldInfo) -> Index:
    rows = _sql_table(table.id, ((field.column, is_text(field)),))
    alive = rows.c.deleted_at == 0
    name = f"x{field.column[1:]}"
    return Index(
        name, rows.c[field.column], unique=True, sqlite_where=alive, postgresql_where=alive
    )


def make_unique(session: Session, table: TableInfo, field: FieldInfo) -> None:
    """Let no two rows hold the same value. Raise IntegrityError where two do."""
    session.connection().execute(CreateIndex(_unique_index(table, field)))


def end_unique(session: Session, table: TableInfo, field: FieldInfo) -> None:
    """Let rows hold the same value."""
    session.connection().execute(DropIndex(_unique_index(table, field), if_exists=True))


def drop(session: Session, table: TableInfo) -> None:
    """Remove the SQL table with its rows: only for one that nobody has seen."""
    connection = session.connection()
    for field in filter(is_many, table.fields):
        connection.execute(DropTable(junction(field), if_exists=True))
    connection.execute(DropTable(sql_table(table), if_exists=True))


def continue_numbers(session: Session, table: TableInfo) -> None:
    """Let new rows follow the highest number, after rows came in with numbers of their own."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return  # SQLite's AUTOINCREMENT sees explicit numbers by itself
    rows = sql_table(table)
    highest = select(func.coalesce(func.max(rows.c.id), 0) + 1).scalar_subquery()
    sequence = func.pg_get_serial_sequence(rows.name, "id")
    connection.execute(select(func.setval(sequence, highest, False)))


def take_numbers(session: Session, table: TableInfo, count: int) -> int:
    """Take the next `count` numbers of rows, one after the other; return the first.

    Whoever adds a row at the same moment waits for the end of this transaction.
    """
    connection, rows = session.connection(), sql_table(table)
    if connection.dialect.name != "postgresql":  # the transaction is the only one that writes
        taken: Select[Any] = select(literal_column("seq")).select_from(sa_table("sqlite_sequence"))
        last = connection.execute(taken.where(literal_column("name") == rows.name)).scalar()
        return int(last or 0) + 1
    connection.exec_driver_sql(f"LOCK TABLE {rows.name} IN SHARE ROW EXCLUSIVE MODE")
    sequence = func.pg_get_serial_sequence(rows.name, "id")
    first = int(connection.execute(select(func.nextval(sequence))).scalar_one())
    if count > 1:
        connection.execute(select(func.setval(sequence, first + count - 1)))
    return first
