"""A deleted row that is there again, with the values that it shall have."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import update

from app.core.errors import Conflict
from app.operations.context import Context
from app.services.tables import junctions, search_marks
from app.services.tables.fields import SYSTEM
from app.services.tables.folding import key_of, segments_of
from app.services.tables.physical import TableInfo, sql_table
from app.services.tables.query import Rows
from app.services.tables.reach import WHOLE_TABLE
from app.services.tables.types.base import Around, Stored
from app.services.tables.types.registry import has_column, is_many
from app.services.tables.uniqueness import check_unique, taken_at_the_same_moment
from app.services.tables.writing import At, text_of_row


def whole_state(
    context: Context, table: TableInfo, values: Mapping[int, Stored], *, now: int
) -> list[Stored]:
    """Return all values of a row's next state, which `now` and the actor are part of."""
    told: dict[str, Stored] = {"updated_at": now, "updated_by": context.actor.account}
    return [told.get(one.column, values.get(one.id)) for one in table.fields]


def restore_row(
    context: Context,
    table: TableInfo,
    at: At,
    changed: Mapping[int, Stored],
    after: Sequence[Stored],
    around: Around,
    *,
    now: int,
) -> None:
    """Let a deleted row be there again. Whoever calls notes it in the record history.

    Raise Conflict where it is not deleted in this state, InvalidInput where a value is taken.
    """
    whole = dict(zip((one.id for one in table.fields), after, strict=True))
    check_unique(context.session, table, whole, at.number)
    columns: dict[str, Any] = {
        field.column: changed[field.id]
        for field in table.fields
        if field.id in changed and has_column(field) and field.kind not in SYSTEM
    }
    text = text_of_row(table.fields, after, around)
    if table.has_deleted:
        old = Rows(context.session, table, WHOLE_TABLE).search_text(at.number)
        text += segments_of(old, without=[key_of(field.id) for field in table.fields])
    rows = sql_table(table)
    back = update(rows).where(rows.c.id == at.number, rows.c.rev == at.rev, rows.c.deleted_at != 0)
    values = {
        "rev": at.rev + 1, "deleted_at": 0, "s": text, "updated_at": now,
        "updated_by": context.actor.account, **columns,
    }  # fmt: skip
    with taken_at_the_same_moment(table):
        done = context.session.connection().execute(back.values(values)).rowcount
    if not done:
        raise Conflict(name=str(at.number))
    search_marks.one_changed(context.session, table, at.number, at.rev + 1)
    for field in filter(is_many, table.fields):
        if field.id in changed:
            junctions.write(context.session, field, at.number, changed[field.id])
