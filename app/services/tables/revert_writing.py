"""Carrying out what was planned to take a change back: a batch is one change of records."""

from typing import Any

from app.operations.context import Context
from app.services.tables.changes import record
from app.services.tables.fields import SYSTEM
from app.services.tables.past import Past
from app.services.tables.physical import TableInfo
from app.services.tables.query import Rows
from app.services.tables.reach import WHOLE_TABLE
from app.services.tables.restoring import restore_row, whole_state
from app.services.tables.reverting import ACTIONS, UNDOING, Goal, Planned
from app.services.tables.types.base import Around, Stored
from app.services.tables.writing import At, write_state


def carry_out(
    context: Context,
    table: TableInfo,
    planned: Planned,
    around: Around,
    job: str,
    *,
    undoing: bool = False,
) -> None:
    """Write what was planned, and note it; `undoing`: the job takes back what it did itself.

    Raise Conflict where a record is not any more as it was planned on.
    """
    rows = Rows(context.session, table, WHOLE_TABLE, around)
    now = context.now
    before: dict[int, dict[int, Stored]] = {}
    after: list[list[Any]] = []
    for one in planned.undone:
        past: Past = one.past
        at = At(past.number, past.rev)
        whole = whole_of(table, past)
        state = whole_state(context, table, {**whole, **one.values}, now=now)
        if planned.goal is Goal.REMOVE:
            state = list(whole.values())
            write_state(context, rows, at, None, state, around, now=now)
            before[past.number] = whole
        elif planned.goal is Goal.RESTORE:
            restore_row(context, table, at, one.values, state, around, now=now)
            before[past.number] = {}
        else:
            write_state(context, rows, at, one.values, state, around, now=now)
            before[past.number] = {number: whole[number] for number in one.values}
        after.append([past.number, past.rev + 1, *state])
    action = (UNDOING if undoing else ACTIONS)[planned.goal]
    record(context, table, action, after, before, job=job, at=now)


def whole_of(table: TableInfo, past: Past) -> dict[int, Stored]:
    """Return all present values of a record, who and when among them, in the fields' order."""
    return {
        one.id: getattr(past, one.column) if one.kind in SYSTEM else past.now(one.id)
        for one in table.fields
    }
