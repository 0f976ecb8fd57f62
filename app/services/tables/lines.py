"""The latest changes of a table, those of one job as one line: walked along an index, page by page.

A line stands where the last change of its job does. So the walk needs no sorting, and a page costs
the same wherever it is.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlmodel import Session

from app.services.tables.past import DELETES, RESTORES, changes
from app.services.tables.personal_data import history
from app.services.tables.physical import TableInfo, sql_table
from app.services.tables.reach import Reach, RowScope
from app.services.tables.reverting import made_by

BEGUN: Final = ("create", "import")
KINDS: Final = ("added", "changed", "deleted", "restored", "taken_back")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines."""

    by: str = ""
    """Account that made them."""
    field: int = 0
    """Field that became another."""
    since: int = 0
    """Not older than this (ms); 0: from the beginning."""
    until: int = 0
    """Older than this (ms); 0: to the end."""
    what: str = ""
    """Only the line of this job or change."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What one operation or one job did."""

    head: Any
    """Row of its last change."""
    began: int
    changes: int
    added: int
    changed: int
    deleted: int
    restored: int
    taken_back: int
    """Records that the job itself left as they were, when it was cancelled."""


def heads(
    session: Session, table: TableInfo, reach: Reach, asked: Asked, after: str, limit: int
) -> list[Any]:
    """Return the last change of each line, the newest first."""
    c, later = changes.c, changes.alias()
    query = select(changes).where(c.table_id == table.id)
    if after:
        query = query.where(c.id < after)
    if asked.what:
        query = query.where(or_(c.id == asked.what, c.job == asked.what))
    follows = exists().where(later.c.table_id == table.id, later.c.job == c.job, later.c.id > c.id)
    query = query.where(or_(c.job == "", ~follows))
    if asked.by:
        query = query.where(c.by == asked.by)
    if asked.since:
        query = query.where(c.at >= asked.since)
    if asked.until:
        query = query.where(c.at < asked.until)
    if asked.field:
        query = query.where(or_(_touches(c.id, asked.field), _job_touches(table, asked.field)))
    if reach.rows is not None:
        query = query.where(_reached(table, reach.rows))
    return list(session.connection().execute(query.order_by(c.id.desc()).limit(limit)))


def _holds(field: int) -> ColumnElement[bool]:
    """Tell whether a field is among what a change notes: as a key, which no value can look like."""
    before = history.c.before
    return or_(before.contains(f'{{"{field:d}":'), before.contains(f',"{field:d}":'))


def _touches(change: ColumnElement[Any], field: int) -> ColumnElement[bool]:
    own = changes.alias()
    deleting = exists().where(own.c.id == change, own.c.action.in_(sorted(DELETES)))
    return and_(exists().where(history.c.change_id == change, _holds(field)), ~deleting)


def _job_touches(table: TableInfo, field: int) -> ColumnElement[bool]:
    """Tell whether a change before the last one of the same job touched a field."""
    same = changes.alias()
    others = select(same.c.id).where(
        same.c.table_id == table.id,
        same.c.job == changes.c.job,
        same.c.action.not_in(sorted(DELETES)),
    )
    held = exists().where(history.c.change_id.in_(others.correlate(changes)), _holds(field))
    return and_(changes.c.job != "", held)


def _reached(table: TableInfo, scope: RowScope) -> ColumnElement[bool]:
    """Tell whether a change, or another of the same job, is of a row that somebody reaches."""
    same = changes.alias()
    others = exists().where(
        same.c.table_id == table.id, same.c.job == changes.c.job, _reaches(table, scope, same.c)
    )
    return or_(_reaches(table, scope, changes.c), and_(changes.c.job != "", others))


def _reaches(table: TableInfo, scope: RowScope, change: Any) -> ColumnElement[bool]:  # noqa: ANN401
    """Tell whether a change (its columns) is of a row that somebody reaches."""
    rows = sql_table(table)
    noted = exists().where(
        history.c.change_id == change.id, history.c.record_id == rows.c.id, scope(rows)
    )
    has_noted = exists().where(history.c.change_id == change.id)
    added = exists().where(*made_by(rows, change), scope(rows))
    return or_(noted, and_(added, ~has_noted))


def lines(session: Session, table: TableInfo, reach: Reach, found: Sequence[Any]) -> list[Line]:
    """Return what was done under each head."""
    return [_line(session, table, reach, head) for head in found]


def _line(session: Session, table: TableInfo, reach: Reach, head: Any) -> Line:  # noqa: ANN401
    c = changes.c
    own = c.job == head.job if head.job else c.id == head.id
    noted = exists().where(history.c.change_id == c.id)
    each = (
        select(c.action, noted.label("noted"), c.rows, c.at)
        .where(c.table_id == table.id, own)
        .subquery()
    )
    e = each.c
    counted = select(e.action, e.noted, func.sum(e.rows), func.count(), func.min(e.at))
    numbers = dict.fromkeys(KINDS, 0)
    count, began = 0, head.at
    found = session.connection().execute(counted.group_by(e.action, e.noted))
    for action, has_noted, rows, some, at in found:
        count, began = count + some, min(began, at)
        numbers[_kind(action, noted=bool(has_noted))] += int(rows)
    if reach.rows is not None:  # how many others there are is nobody's business
        numbers = _within(session, table, reach.rows, own)
    return Line(head=head, began=began, changes=count, **numbers)


def _kind(action: str, *, noted: bool) -> str:
    if action.startswith("undo"):
        return "taken_back"
    if action in BEGUN and not noted:
        return "added"
    if action in DELETES:
        return "deleted"
    return "restored" if action in RESTORES else "changed"


def _within(
    session: Session, table: TableInfo, scope: RowScope, own: ColumnElement[bool]
) -> dict[str, int]:
    """Count the rows of some changes that somebody reaches, by what was done to them."""
    rows, c, connection = sql_table(table), changes.c, session.connection()
    noted = (
        select(c.action, func.count(rows.c.id.distinct()))
        .select_from(changes.join(history, history.c.change_id == c.id))
        .join(rows, rows.c.id == history.c.record_id)
        .where(c.table_id == table.id, own, scope(rows))
        .group_by(c.action)
    )
    has_noted = exists().where(history.c.change_id == c.id)
    added = (
        select(func.count(rows.c.id.distinct()))
        .select_from(changes.join(rows, and_(*made_by(rows, c))))
        .where(c.table_id == table.id, own, scope(rows), ~has_noted)
    )
    numbers = dict.fromkeys(KINDS, 0)
    for action, count in connection.execute(noted):
        numbers[_kind(action, noted=True)] += int(count)
    numbers["added"] += int(connection.execute(added).scalar_one())
    return numbers


def fields_of(session: Session, change: str) -> list[int]:
    """Return the fields that a change of one record touched."""
    c = history.c
    before = session.connection().execute(select(c.before).where(c.change_id == change).limit(1))
    text = before.scalar()
    return [int(one) for one in msgspec.json.decode(text, type=dict[str, Any])] if text else []
