"""Values that occur once: looked for before a change, so that the error names the field.

What two people write at the same moment is held by the database: a unique index over the rows that
are not deleted.
"""

import contextlib
import functools
from collections.abc import Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.core.errors import InvalidInput
from app.services.tables.fields import FieldInfo
from app.services.tables.physical import TableInfo, sql_table
from app.services.tables.types.base import Stored
from app.services.tables.types.registry import IS_TAKEN


def check_unique(
    session: Session, table: TableInfo, values: Mapping[int, Stored], row: int = 0
) -> None:
    """Raise InvalidInput naming the field where another row than `row` holds its value.

    The value may stand in a row that the person does not see: that there is one is all that is
    told, as it has to be.
    """
    for field in _unique(table):
        value, rows = values.get(field.id), sql_table(table)
        if value is None:
            continue
        same = select(rows.c.id).where(
            rows.c[field.column] == value, rows.c.deleted_at == 0, rows.c.id != row
        )
        if session.connection().execute(same.limit(1)).first():
            raise InvalidInput(field=field.name, reason=IS_TAKEN)


@functools.lru_cache(maxsize=256)
def _unique(table: TableInfo) -> list[FieldInfo]:
    return [field for field in table.fields if field.settings.unique]


@contextlib.contextmanager
def taken_at_the_same_moment(table: TableInfo) -> Iterator[None]:
    """Raise InvalidInput where somebody wrote the same value after it was looked for."""
    try:
        yield
    except IntegrityError as error:
        names = [field.name for field in table.fields if field.settings.unique]
        raise InvalidInput(field=names[0] if names else "", reason=IS_TAKEN) from error
