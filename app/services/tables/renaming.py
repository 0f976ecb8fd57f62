"""A choice that gets another name is found by it in every record, at once."""

from typing import Any, Final

from sqlalchemy import Select, Table, bindparam, select, update
from sqlmodel import Session

from app.core.doors import dialect_of
from app.services.tables import search_marks
from app.services.tables.fields import FieldInfo
from app.services.tables.folding import key_of, search_text, segments_of
from app.services.tables.physical import TableInfo, junction, sql_table
from app.services.tables.statements import statements
from app.services.tables.types.registry import is_many, writer_of

AT_ONCE: Final = 2_000


def renamed(before: FieldInfo, after: FieldInfo) -> list[int]:
    """Return the numbers of the choices that have another name."""
    names = {one.id: one.name for one in before.settings.options}
    return [
        one.id for one in after.settings.options if one.id in names and names[one.id] != one.name
    ]


def tell_search(session: Session, table: TableInfo, field: FieldInfo, choices: list[int]) -> None:
    """Write the search texts of the records that hold one of these choices of a field anew."""
    rows, keep = sql_table(table), [key_of(field.id)]
    write, last = writer_of(field), 0
    value = statements(table, frozenset(), dialect_of(session)).value(field).label("value")
    holding = _holding(rows, field, choices)
    change = update(rows).where(rows.c.id == bindparam("number")).values(s=bindparam("text"))
    while True:
        some = select(rows.c.id, rows.c.s, value).where(rows.c.id > last, rows.c.id.in_(holding))
        found = session.connection().execute(some.order_by(rows.c.id).limit(AT_ONCE)).all()
        if not found:
            return
        changed = [
            {
                "number": row.id,
                "text": segments_of(row.s, without=keep) + search_text(keep, [write(row.value)]),
            }
            for row in found
        ]
        session.connection().execute(change, changed)
        search_marks.many_changed(session, table, [row.id for row in found])
        last = found[-1].id


def _holding(rows: Table, field: FieldInfo, choices: list[int]) -> Select[Any]:
    if is_many(field):
        many = junction(field)
        return select(many.c.a).where(many.c.b.in_(choices))
    return select(rows.c.id).where(rows.c[field.column].in_(choices))
