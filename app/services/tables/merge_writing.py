"""Carrying out what was planned for rows of a file, and taking it back."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Table, select
from sqlmodel import Session, SQLModel

from app.core.doors import dialect_of
from app.operations.context import Context
from app.services.tables.bulk_writing import Refused, insert_many
from app.services.tables.changes import record
from app.services.tables.errors import OutOfReach
from app.services.tables.fields import SYSTEM
from app.services.tables.merging import Change, Planned
from app.services.tables.models import RecordChange
from app.services.tables.numbering import next_numbers
from app.services.tables.personal_data import history
from app.services.tables.physical import FIRST_VALUE, SHOWN_COLUMNS, TableInfo, take_numbers
from app.services.tables.query import Rows
from app.services.tables.reach import WHOLE_TABLE, Reach
from app.services.tables.statements import statements
from app.services.tables.types.base import Around, Stored
from app.services.tables.writing import At, text_of_row, write_state

changes: Final[Table] = SQLModel.metadata.tables[str(RecordChange.__tablename__)]
SHORT: Final = 60_000
"""Milliseconds that a batch takes at most: what it made carries a time no older than that."""


class Within(NamedTuple):
    """Which rows whoever imports may make, and which they may change."""

    made: Reach = WHOLE_TABLE
    changed: Reach = WHOLE_TABLE


ANYWHERE: Final = Within()


def carry_out(
    context: Context,
    table: TableInfo,
    planned: Planned,
    around: Around,
    job: str,
    within: Within = ANYWHERE,
) -> list[Refused]:
    """Write what was planned; return which of the added rows the database does not hold.

    Raise OutOfReach where a record was or becomes one that the person may not reach.
    """
    changed = [one.row[0] for one in planned.changed]
    _check(context, table, within.changed, changed)
    refused = _add(context, table, planned.added, around, job, within) if planned.added else []
    told = context.event.references
    if planned.added and planned.changed:  # two changes, and each has its root in the event
        told["change_added"], told["root_added"] = told["change"], told["root"]
    _change(context, table, planned.changed, around, job)
    _check(context, table, within.changed, changed)
    return refused


def _check(context: Context, table: TableInfo, reach: Reach, numbers: Sequence[int]) -> None:
    if Rows(context.session, table, reach).missing(numbers):
        raise OutOfReach


def _add(
    context: Context,
    table: TableInfo,
    added: Sequence[Mapping[int, Stored]],
    around: Around,
    job: str,
    within: Within,
) -> list[Refused]:
    session = context.session
    numbered = next_numbers(session, table, context.now, around.zone, len(added))
    first = take_numbers(session, table, len(added))
    rows = []
    for place, given in enumerate(added):
        texts = {field: numbers[place] for field, numbers in numbered.items()}
        values: list[Stored] = [texts.get(one.id, given.get(one.id)) for one in table.fields]
        rows.append((text_of_row(table.fields, values, around), *values))
    refused = insert_many(context, table, first, rows, job=job)
    _check(context, table, within.made, list(range(first, first + len(added) - len(refused))))
    return refused


def _change(
    context: Context,
    table: TableInfo,
    changed: Sequence[Change],
    around: Around,
    job: str,
    action: str = "import",
) -> None:
    before: dict[int, dict[int, Stored]] = {}
    after: list[list[Any]] = []
    rows = Rows(context.session, table, WHOLE_TABLE, around)
    now = context.now
    told: dict[str, Stored] = {"updated_at": now, "updated_by": context.actor.account}
    for change in changed:
        number, rev = change.row[0], change.row[1]
        whole = dict(zip((one.id for one in table.fields), change.row[FIRST_VALUE:], strict=True))
        system = {one.id: told[one.column] for one in table.fields if one.column in told}
        values = {**whole, **change.values, **system}
        before[number] = {key: whole[key] for key in change.values}
        state = list(values.values())
        write_state(context, rows, At(number, rev), change.values, state, around, now=now)
        after.append([number, rev + 1, *values.values()])
    if after:
        record(context, table, action, after, before, job=job, at=now)


def take_back(
    context: Context, table: TableInfo, change: str, around: Around, job: str
) -> tuple[int, int]:
    """Undo one change of an import; return how many records, and how many stay as they are.

    A record that somebody changed since then stays: what people do is never taken from them.
    """
    made = _change_of(context.session, change)
    former = _former(context.session, change)
    if former:
        return _restore(context, table, former, around, job)
    return _remove(context, table, made, around, job)


def _change_of(session: Session, change: str) -> Any:  # noqa: ANN401 - a row
    return session.connection().execute(select(changes).where(changes.c.id == change)).one()


def changes_of(session: Session, table: int, job: str) -> list[str]:
    """Return the changes that an import made, the last one first."""
    c = changes.c
    mine = select(c.id).where(c.table_id == table, c.job == job, c.action == "import")
    return list(session.connection().execute(mine.order_by(c.id.desc())).scalars())


def _former(session: Session, change: str) -> dict[int, tuple[int, dict[int, Stored]]]:
    c = history.c
    found = session.connection().execute(
        select(c.record_id, c.rev, c.before).where(c.change_id == change)
    )
    return {
        row.record_id: (row.rev, msgspec.json.decode(row.before, type=dict[int, Stored]))
        for row in found
    }


def _whole(session: Session, table: TableInfo, *holds: Any) -> list[list[Any]]:  # noqa: ANN401
    made = statements(table, frozenset(), dialect_of(session))
    c = made.rows.c
    query = select(
        *(c[name] for name in SHOWN_COLUMNS), *(made.value(one) for one in table.fields)
    ).where(c.deleted_at == 0)
    for each in holds:
        query = query.where(each(c))
    return [list(row) for row in session.connection().execute(query.order_by(c.id))]


def _restore(
    context: Context,
    table: TableInfo,
    former: dict[int, tuple[int, dict[int, Stored]]],
    around: Around,
    job: str,
) -> tuple[int, int]:
    numbers = list(former)
    rows = [
        row
        for start in range(0, len(numbers), 500)
        for row in _whole(
            context.session,
            table,
            lambda c, start=start: c.id.in_(numbers[start : start + 500]),
        )
        if row[1] == former[row[0]][0]
    ]
    known = {one.id for one in table.fields if one.kind not in SYSTEM}
    changed = [
        Change(
            row,
            {key: value for key, value in former[row[0]][1].items() if key in known},
            0,
        )
        for row in rows
    ]
    _change(context, table, changed, around, job, action="undo")
    return len(changed), len(former) - len(changed)


def _remove(
    context: Context,
    table: TableInfo,
    made: Any,  # noqa: ANN401 - a row
    around: Around,
    job: str,
) -> tuple[int, int]:
    found = _whole(
        context.session,
        table,
        lambda c: c.id.between(made.first, made.last),
        lambda c: c.created_by == made.by,
        lambda c: c.created_at.between(made.at - SHORT, made.at),
    )
    rows = Rows(context.session, table, WHOLE_TABLE, around)
    before: dict[int, dict[int, Stored]] = {}
    after: list[list[Any]] = []
    for row in found:
        if row[1] != 1:
            continue
        values = row[FIRST_VALUE:]
        write_state(context, rows, At(row[0], 1), None, values, around, now=context.now)
        before[row[0]] = dict(zip((one.id for one in table.fields), values, strict=True))
        after.append([row[0], 2, *values])
    if after:
        record(context, table, "undo_delete", after, before, job=job)
    return len(after), made.rows - len(after)
