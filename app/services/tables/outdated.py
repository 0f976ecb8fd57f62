"""What lies in tables and nobody needs for ever: rows of files that did not fit, deleted records.

The console counts, with a database role that sees no value of people's; the background worker
removes (`operations.keeping`). A record goes with its former states. What the history proves stays:
the Merkle roots of the changes, which hold no value.
"""

import enum
from typing import Any, Final

from sqlalchemy import Select, Table, and_, delete, func, select
from sqlmodel import Session

from app.identity.keeping import Due
from app.services.tables import junctions, search_marks
from app.services.tables.catalogue import definitions, every_table
from app.services.tables.models import TableState
from app.services.tables.personal_data import history, rejections
from app.services.tables.physical import sql_table
from app.services.tables.types.registry import is_many

AT_ONCE: Final = 1_000
"""Rows that one transaction removes."""


class Outdated(enum.StrEnum):
    """Kinds of rows that may go."""

    REJECTED = "rejected-rows"
    DELETED = "deleted-records"


def due(session: Session, kind: Outdated, before: int) -> Due:
    """Count what is older than `before` (ms)."""
    found = [session.connection().execute(one).one() for one in _questions(session, kind, before)]
    return Due(
        count=sum(count for count, _ in found),
        oldest=min((oldest for _, oldest in found if oldest), default=0),
    )


def remove_some(session: Session, kind: Outdated, before: int) -> int:
    """Remove some of what is older than `before` (ms); return how many rows. 0: nothing is left."""
    return _REMOVERS[kind](session, before)


def _questions(session: Session, kind: Outdated, before: int) -> list[Select[int, Any]]:
    if kind is Outdated.REJECTED:
        count = func.count(), func.min(_read_at())
        return [select(*count).select_from(rejections.join(definitions, _fit(before)))]
    return [
        select(func.count(), func.min(rows.c.deleted_at)).where(_deleted(rows, before))
        for rows in map(sql_table, every_table(session))
    ]


def _fit(before: int) -> Any:  # noqa: ANN401 - a condition
    """Take a rejected row for as old as its table, which was made for the file."""
    return and_(
        definitions.c.id == rejections.c.table_id,
        definitions.c.state == TableState.READY.value,
        _read_at() < before,
    )


def _read_at() -> Any:  # noqa: ANN401 - an expression
    """Return since when a rejected row is kept: older ones are as old as their table."""
    return func.coalesce(func.nullif(rejections.c.at, 0), definitions.c.created_at)


def _deleted(rows: Table, before: int) -> Any:  # noqa: ANN401 - a condition
    return and_(rows.c.deleted_at > 0, rows.c.deleted_at < before)


def _remove_rejected(session: Session, before: int) -> int:
    some = select(rejections.c.id).join(definitions, _fit(before)).limit(AT_ONCE)
    gone = delete(rejections).where(rejections.c.id.in_(some.scalar_subquery()))
    return session.connection().execute(gone).rowcount


def _remove_deleted(session: Session, before: int) -> int:
    """Remove from the first table that holds any."""
    connection = session.connection()
    for table in every_table(session):
        rows = sql_table(table)
        some = select(rows.c.id).where(_deleted(rows, before)).order_by(rows.c.id).limit(AT_ONCE)
        numbers = list(connection.execute(some).scalars())
        if numbers:
            former = history.c.table_id == table.id, history.c.record_id.in_(numbers)
            connection.execute(delete(history).where(*former))
            junctions.forget(session, list(filter(is_many, table.fields)), numbers)
            search_marks.forget_rows(session, table, numbers)
            return connection.execute(delete(rows).where(rows.c.id.in_(numbers))).rowcount
    return 0


_REMOVERS: Final = {Outdated.REJECTED: _remove_rejected, Outdated.DELETED: _remove_deleted}
