"""Changing the fields of a table: its definition and its SQL table in one transaction."""

import functools
from typing import Any, Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.messages import mark
from app.operations.context import Context
from app.services.tables import catalogue, physical
from app.services.tables.errors import TooManyColumns
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind
from app.services.tables.physical import MOST_FIELDS, TableInfo, sql_table
from app.services.tables.types.registry import has_column, is_many, is_text
from app.services.tables.types.texts import LONGEST_UNIQUE, TOO_LONG_UNIQUE

MOST_COLUMNS: Final = 1_200
"""Columns of a table, those of deleted fields and former types too; PostgreSQL holds 1,600."""
SAME_NAME: Final = mark("Another field of the table has the same name.")
TWICE: Final = mark("Records hold the same value. Correct them first.")

fields: Final = catalogue.fields


def turn(context: Context, table: TableInfo, rev: int) -> TableInfo:
    """Note that the design of a table at `rev` was changed; return it. Raise Conflict."""
    stands = catalogue.definitions.c.rev == rev
    if not catalogue.change_definition(context.session, table.id, stands, rev=rev + 1):
        raise Conflict(name=table.name)
    return catalogue.find_table(context.session, table.id)


def field_in(table: TableInfo, number: int) -> FieldInfo:
    """Return a field of a table. Raise NotFound."""
    found = next((one for one in table.fields if one.id == number), None)
    if found is None:
        raise NotFound(kind=mark("field"), name=number)
    return found


def free_name(table: TableInfo, name: str, besides: int = 0) -> str:
    """Return the name. Raise InvalidInput where another field has it."""
    if any(one.name == name and one.id != besides for one in table.fields):
        raise InvalidInput(field="name", reason=SAME_NAME)
    return name


def add_row(session: Session, table: TableInfo, field: FieldInfo, **more: object) -> int:
    """Write a row of the catalogue, and make the column that it stands for; return its number."""
    connection = session.connection()
    columns, last = connection.execute(
        select(func.count(), func.max(fields.c.position)).where(fields.c.table_id == table.id)
    ).one()
    if len(table.fields) >= MOST_FIELDS and "successor_of" not in more:
        raise TooManyColumns(columns=len(table.fields) + 1, limit=MOST_FIELDS)
    if columns >= MOST_COLUMNS:
        raise TooManyColumns(columns=columns + 1, limit=MOST_COLUMNS)
    values = {**catalogue.row_of(table.id, field, last + 1), **more}
    made = connection.execute(insert(fields).values(**values).returning(fields.c.id))
    number = int(made.scalar_one())
    physical.add_column(session, table, _numbered(field, number))
    return number


def _numbered(field: FieldInfo, number: int) -> FieldInfo:
    return FieldInfo(
        id=number, name=field.name, kind=field.kind, scale=field.scale, settings=field.settings
    )


def change_row(session: Session, field: int, **values: object) -> None:
    """Change a row of the catalogue; whoever does it turns the design too."""
    session.connection().execute(update(fields).where(fields.c.id == field).values(**values))


def set_unique(session: Session, table: TableInfo, field: FieldInfo, *, unique: bool) -> None:
    """Let values of a field occur once only, or again. Raise InvalidInput where they do twice."""
    if not unique:
        physical.end_unique(session, table, field)
        return
    column = sql_table(table).c[field.column]
    if is_text(field):
        longest = select(func.max(func.length(column))).where(sql_table(table).c.deleted_at == 0)
        if (session.connection().execute(longest).scalar() or 0) > LONGEST_UNIQUE:
            raise InvalidInput(field="settings.unique", reason=TOO_LONG_UNIQUE)
    try:
        physical.make_unique(session, table, field)
    except IntegrityError as error:
        raise InvalidInput(field="settings.unique", reason=TWICE) from error


def deleted_fields(session: Session, table: int) -> list[Any]:
    """Return number, name, kind and time of deletion of each deleted field, the newest first."""
    c = fields.c
    wanted = select(c.id, c.name, c.kind, c.deleted_at).where(
        c.table_id == table, c.deleted_at > 0, c.successor_of == 0
    )
    order = wanted.order_by(c.deleted_at.desc(), c.id.desc())
    return list(session.connection().execute(order))


def former_of(session: Session, field: int) -> Any | None:  # noqa: ANN401 - a row
    """Return the row that keeps the type which a field had last; None where it had none."""
    c = fields.c
    kept = select(fields).where(c.successor_of == field, c.deleted_at == 0)
    return session.connection().execute(kept.order_by(c.id.desc()).limit(1)).first()


@functools.cache
def can_be_converted(kind: FieldKind) -> bool:
    """Tell whether values of a kind lie somewhere of their own."""
    probe = FieldInfo(id=0, name="", kind=kind)
    return has_column(probe) or is_many(probe)
