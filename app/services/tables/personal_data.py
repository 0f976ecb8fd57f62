"""Where tables may name a person: rows, former states of rows, rows of files that did not fit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Table, delete, false, func, or_, select
from sqlmodel import Session, SQLModel

from app.core.messages import mark
from app.files import spool
from app.identity.personal import Batch, Found, Searched, Wanted, declare_searched
from app.operations.context import Context
from app.operations.permissions import Permission
from app.services.tables import catalogue, junctions, search_marks
from app.services.tables.folding import fold
from app.services.tables.models import ImportRejection, RecordHistory
from app.services.tables.physical import TableInfo, junction, sql_table
from app.services.tables.reach import holds, reach_of
from app.services.tables.types.base import Stored
from app.services.tables.types.registry import is_many, show

STEP: Final = 5_000
"""Rows that one step looks at."""
ROWS, FORMER, REJECTED = range(3)
HELD: Final = mark("The record holds it.")
DELETED: Final = mark("A deleted record holds it.")

history: Table = SQLModel.metadata.tables[str(RecordHistory.__tablename__)]
rejections: Table = SQLModel.metadata.tables[str(ImportRejection.__tablename__)]


class _Stand(NamedTuple):
    """Where a search stands."""

    table: int
    part: int = ROWS
    last: int = 0

    def __str__(self) -> str:
        return f"{self.table} {self.part} {self.last}"


def look(context: Context, wanted: Wanted, after: str) -> Batch:
    """Look at the next rows of the table at which the search stands."""
    tables = catalogue.every_table(context.session)
    stand = _Stand(*map(int, after.split())) if after else _Stand(0)
    table = next((one for one in tables if one.id >= stand.table), None)
    if table is None:
        return Batch(found=[], after="", looked_at=0)
    if table.id != stand.table:
        stand = _Stand(table.id)
    if not _sees_all(context, table):
        following = str(_Stand(table.id + 1))
        return Batch(found=[], after=following, looked_at=0, skipped=[table.name])
    return _LOOKERS[stand.part](context.session, table, wanted, stand)


def _sees_all(context: Context, table: TableInfo) -> bool:
    """Tell whether the actor may hand out all of a table: what is searched is all of it."""
    if not holds(context, table, Permission.RECORDS_EXPORT):
        return False
    return reach_of(context, table, Permission.RECORDS_EXPORT).is_whole


def _rows(session: Session, table: TableInfo, wanted: Wanted, stand: _Stand) -> Batch:
    rows = sql_table(table)
    found = [] if stand.last else list(_made_by(session, table, wanted.account))
    end, looked_at = _window(session, rows.c.id, stand.last, rows)
    names = [_contains(rows.c.s, fold(text)) for text in wanted.texts]
    matching = select(rows).where(rows.c.id > stand.last, rows.c.id <= end, or_(false(), *names))
    for row in session.connection().execute(matching.order_by(rows.c.id)):
        found.append(
            Found(
                place=f"{table.scope}/records/{row.id}",
                title=table.name,
                at=row.updated_at,
                why=DELETED if row.deleted_at else HELD,
                body=_body(session, table, row),
            )
        )
    return _batch(found, stand, end, looked_at)


def _body(session: Session, table: TableInfo, row: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what a row holds, by the names of its fields."""
    whole: dict[str, Any] = {}
    for field in table.fields:
        if is_many(field):
            many = junction(field)
            mine = select(many.c.b).where(many.c.a == row.id).order_by(many.c.pos)
            numbers = session.connection().execute(mine).scalars()
            stored: Stored = ",".join(map(str, numbers)) or None
        else:
            stored = row._mapping[field.column]  # noqa: SLF001
        whole[field.name] = show(field, stored)
    return whole


def _made_by(session: Session, table: TableInfo, account: str) -> Iterator[Found]:
    """Tell how many records an account made or changed last: they are about others."""
    if not account:
        return
    rows = sql_table(table)
    made, changed, last = (
        session.connection()
        .execute(
            select(
                func.count().filter(rows.c.created_by == account),
                func.count().filter(rows.c.updated_by == account),
                func.max(rows.c.updated_at),
            ).where(or_(rows.c.created_by == account, rows.c.updated_by == account))
        )
        .one()
    )
    if made or changed:
        yield Found(
            place=table.scope,
            title=table.name,
            at=last,
            why=mark("Made or last changed by this account."),
            body={"created_by": made, "updated_by": changed},
        )


def _former(session: Session, table: TableInfo, wanted: Wanted, stand: _Stand) -> Batch:
    c = history.c
    end, looked_at = _window(session, c.id, stand.last, history, c.table_id == table.id)
    matching = select(history).where(
        c.table_id == table.id, c.id > stand.last, c.id <= end, _any_text(c.before, wanted)
    )
    names = {str(field.id): field.name for field in table.fields}
    found = [
        Found(
            place=f"{table.scope}/records/{row.record_id}",
            title=table.name,
            at=0,
            why=mark("A former state of the record held it."),
            body={
                names.get(key, key): value
                for key, value in msgspec.json.decode(row.before, type=dict[str, Any]).items()
            },
        )
        for row in session.connection().execute(matching.order_by(c.id))
    ]
    return _batch(found, stand, end, looked_at)


def _rejected(session: Session, table: TableInfo, wanted: Wanted, stand: _Stand) -> Batch:
    c = rejections.c
    end, looked_at = _window(session, c.id, stand.last, rejections, c.table_id == table.id)
    matching = select(rejections).where(
        c.table_id == table.id,
        c.id > stand.last,
        c.id <= end,
        or_(_any_text(c.cells, wanted), _any_text(c.value, wanted)),
    )
    found = [
        Found(
            place=f"{table.scope}/rejected/{row.id}",
            title=table.name,
            at=0,
            why=mark("A row of a file that did not fit holds it."),
            body={"row": row.row, "cells": msgspec.json.decode(row.cells)},
        )
        for row in session.connection().execute(matching.order_by(c.id))
    ]
    return _batch(found, stand, end, looked_at)


_LOOKERS: Final = (_rows, _former, _rejected)


def _window(
    session: Session,
    number: Any,  # noqa: ANN401 - a column
    last: int,
    table: Table,
    *further: ColumnElement[bool],
) -> tuple[int, int]:
    """Return the last of the next rows, and how many there are; 0 for none."""
    some = select(number.label("number")).select_from(table).where(number > last, *further)
    window = some.order_by(number).limit(STEP).subquery()
    end, count = session.connection().execute(select(func.max(window.c.number), func.count())).one()
    return end or 0, count


def _batch(found: list[Found], stand: _Stand, end: int, looked_at: int) -> Batch:
    if looked_at == STEP:
        following = stand._replace(last=end)
    elif stand.part < len(_LOOKERS) - 1:
        following = _Stand(stand.table, stand.part + 1)
    else:
        following = _Stand(stand.table + 1)
    return Batch(found=found, after=str(following), looked_at=looked_at)


def _any_text(column: Any, wanted: Wanted) -> ColumnElement[bool]:  # noqa: ANN401 - a column
    texts = [msgspec.json.encode(text).decode()[1:-1] for text in wanted.texts]
    return or_(false(), *(_contains(column, text) for text in texts))


def _contains(column: Any, text: str) -> ColumnElement[bool]:  # noqa: ANN401 - a column
    found: ColumnElement[bool] = column.icontains(text, autoescape=True) if text else false()
    return found


def count(session: Session) -> int:
    """Count the rows that a search looks at."""
    connection = session.connection()
    rows = sum(
        connection.execute(select(func.count()).select_from(sql_table(table))).scalar_one()
        for table in catalogue.every_table(session)
    )
    beside = sum(
        connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in (history, rejections)
    )
    return rows + beside


def forget(context: Context, place: str) -> int:
    """Erase a row with its former states, or a row of a file that did not fit."""
    _, table, kind, number = place.split("/")
    connection = context.session.connection()
    if kind == "rejected":
        gone = delete(rejections).where(rejections.c.id == int(number))
        return connection.execute(gone).rowcount
    known = {one.id: one for one in catalogue.every_table(context.session)}
    if int(table) not in known:
        return 0
    rows = sql_table(known[int(table)])
    many = list(filter(is_many, known[int(table)].fields))
    junctions.forget(context.session, many, [int(number)])
    search_marks.forget_rows(context.session, known[int(table)], [int(number)])
    former = delete(history).where(
        history.c.table_id == int(table), history.c.record_id == int(number)
    )
    return sum(
        connection.execute(statement).rowcount
        for statement in (delete(rows).where(rows.c.id == int(number)), former)
    )


def forget_uploads(context: Context, account: str) -> int:
    """Remove the files that an account uploaded and that were not imported."""
    folder: Path = context.appliance.settings.spool
    owned = [upload.id for upload in spool.uploads(folder) if upload.owner == account]
    for identifier in owned:
        spool.remove(folder, identifier)
    return len(owned)


declare_searched(
    Searched(
        kind="tables",
        title=mark("Tables"),
        look=look,
        count=count,
        forget=forget,
        forget_uploads=forget_uploads,
        is_one_thing=lambda place: place.count("/") == 3,  # `tables/12` alone is the whole table
    )
)
