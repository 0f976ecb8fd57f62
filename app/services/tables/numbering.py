"""Running numbers: counted in the transaction that makes the record, so that none is left out."""

import datetime as dt
import functools
from typing import Final

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from app.services.tables import catalogue
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind
from app.services.tables.physical import TableInfo
from app.services.tables.types.automatic import number_text, period_of

_fields: Final = catalogue.fields
_STANDS: Final = (
    select(_fields.c.counter, _fields.c.counted)
    .where(_fields.c.id == bindparam("field"))
    .with_for_update()  # whoever makes a record at the same moment waits for this one's number
)


@functools.lru_cache(maxsize=256)
def _counted(table: TableInfo) -> list[FieldInfo]:
    return [field for field in table.fields if field.kind is FieldKind.AUTONUMBER]


def next_numbers(
    session: Session, table: TableInfo, now: int, zone: dt.tzinfo, count: int
) -> dict[int, list[str]]:
    """Take the next `count` numbers of each field that has running numbers; return their texts."""
    taken: dict[int, list[str]] = {}
    for field in _counted(table):
        connection = session.connection()
        day = dt.datetime.fromtimestamp(now / 1000, zone).date()
        period = period_of(field.settings.restart, day)
        stands = connection.execute(_STANDS, {"field": field.id}).one()
        first = stands.counter + 1 if stands.counted == period else 1
        last = first + count - 1
        counted = update(_fields).where(_fields.c.id == field.id)
        connection.execute(counted.values(counter=last, counted=period))
        texts = [number_text(field.settings.pattern, one, day) for one in range(first, last + 1)]
        taken[field.id] = texts
    return taken
