"""Indexes that saved views walk along: which a table needs, made and dropped one at a time.

An index is of a column, not of a view: views that begin with the same field share it. Its name is
made of numbers, `v12` on the column `c12`.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from sqlalchemy import Column, Index, MetaData, Table, func, inspect, literal_column
from sqlalchemy.schema import CreateIndex, DropIndex
from sqlmodel import Session

from app.services.tables.definition import Definition
from app.services.tables.fields import FieldInfo
from app.services.tables.physical import LEAD, NUMBER, TEXT, TableInfo, is_long, sql_table
from app.services.tables.types.registry import has_column, is_text

MOST_INDEXES: Final = 8
"""Indexes of views on one table: each makes every change of a record a little slower."""
_NAME: Final = re.compile(r"v[0-9]+")


def needed(table: TableInfo, definitions: Iterable[Definition]) -> list[str]:
    """Return the columns that views begin with or tell owners by, those of most views first."""
    by_id = {field.id: field for field in table.fields}
    counted: Counter[str] = Counter()
    for definition in definitions:
        first = definition.group or next((one.field for one in definition.sorts), 0)
        scope = definition.scope.field if definition.scope else 0
        fields = [by_id[one] for one in {first, scope} if one in by_id]
        counted.update(field.column for field in fields if has_column(field))
    ranked = sorted(counted, key=lambda column: (-counted[column], column))
    return ranked[:MOST_INDEXES]


def existing(session: Session, table: TableInfo) -> list[str]:
    """Return the columns that have an index for views."""
    found = inspect(session.connection()).get_indexes(sql_table(table).name)
    names = (str(one["name"]) for one in found)
    return sorted(f"c{name[1:]}" for name in names if _NAME.fullmatch(name))


def _index(session: Session, table: TableInfo, column: str, field: FieldInfo | None) -> Index:
    text = field is not None and is_text(field)
    rows = Table(
        sql_table(table).name,
        MetaData(),
        Column("id", NUMBER),
        Column("deleted_at", NUMBER),
        Column(column, TEXT if text else NUMBER),
    )
    own = rows.c[column]
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    is_lead = on_postgresql and field is not None and is_long(field)
    alive = rows.c.deleted_at == 0
    return Index(
        f"v{column[1:]}",
        func.left(own, literal_column(str(LEAD))) if is_lead else own,
        rows.c.id,
        sqlite_where=alive,
        postgresql_where=alive,
    )


def make(session: Session, table: TableInfo, column: str) -> None:
    """Make the index of a column."""
    field = next(one for one in table.fields if one.column == column)
    session.connection().execute(CreateIndex(_index(session, table, column, field)))


def drop(session: Session, table: TableInfo, column: str) -> None:
    """Remove the index of a column."""
    gone = _index(session, table, column, None)
    session.connection().execute(DropIndex(gone, if_exists=True))
