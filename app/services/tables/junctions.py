"""The values of fields that have many, each a row of the field's own table."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert
from sqlmodel import Session

from app.services.tables.fields import FieldInfo
from app.services.tables.physical import junction
from app.services.tables.types.base import Stored


def _lines(row: int, stored: Stored) -> list[dict[str, int]]:
    numbers = [int(one) for one in str(stored or "").split(",") if one]
    return [{"a": row, "b": number, "pos": place} for place, number in enumerate(numbers)]


def write(
    session: Session, field: FieldInfo, row: int, stored: Stored, *, new: bool = False
) -> None:
    """Put the numbers of one row in the place of what it had; a `new` row had nothing."""
    many, connection = junction(field), session.connection()
    if not new:
        connection.execute(delete(many).where(many.c.a == row))
    if lines := _lines(row, stored):
        connection.execute(insert(many), lines)


def write_new(session: Session, field: FieldInfo, rows: Sequence[tuple[int, Stored]]) -> None:
    """Write the numbers of many rows that had none."""
    lines = [line for row, stored in rows for line in _lines(row, stored)]
    if lines:
        session.connection().execute(insert(junction(field)), lines)


def forget(session: Session, fields: Sequence[FieldInfo], rows: Sequence[Any]) -> None:
    """Remove what rows had, before the rows themselves go."""
    for field in fields:
        many = junction(field)
        session.connection().execute(delete(many).where(many.c.a.in_(rows)))
