"""Changing rows: one by one with a rev, or many at once from a file.

Like `query`, the only way: nothing else writes to the tables of people.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Table, bindparam, insert, update
from sqlalchemy.exc import DBAPIError

from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.messages import mark
from app.core.prepared import Prepared
from app.files.errors import Unfit
from app.operations.context import Context
from app.services.tables import kinds
from app.services.tables.changes import record
from app.services.tables.folding import key_of, search_text
from app.services.tables.kinds import Stored, Value
from app.services.tables.physical import (
    FIRST_VALUE,
    SYSTEM_COLUMNS,
    FieldInfo,
    TableInfo,
    sql_table,
)
from app.services.tables.query import Rows
from app.services.tables.reach import WHOLE_TABLE


def stored_values(known: Mapping[int, FieldInfo], values: Mapping[int, Value]) -> dict[int, Stored]:
    """Return what is stored for the given values of known fields, all by number.

    Raise InvalidInput naming the field.
    """
    stored: dict[int, Stored] = {}
    for number, value in values.items():
        field = known.get(number)
        if field is None:
            raise InvalidInput(field=str(number), reason=mark("The table has no such field."))
        try:
            stored[number] = kinds.store(field.kind, field.scale, value)
        except Unfit as error:
            raise InvalidInput(field=field.name, reason=error.reason) from error
    return stored


def text_of_row(fields: Sequence[FieldInfo], values: Sequence[Stored]) -> str:
    """Return the search text of a row."""
    keys, writers = _searched(tuple(fields))
    texts = [
        "" if value is None else write(value) for write, value in zip(writers, values, strict=True)
    ]
    return search_text(keys, texts)


@functools.lru_cache(maxsize=256)
def _searched(fields: tuple[FieldInfo, ...]) -> tuple[list[str], list[Callable[[Any], str]]]:
    return (
        [key_of(field.id) for field in fields],
        [kinds.writer_of(field.kind, field.scale) for field in fields],
    )


def insert_row(context: Context, table: TableInfo, stored: Mapping[int, Stored]) -> Sequence[Any]:
    """Write a new row; return it whole, as `query` would."""
    now, account = context.now, context.actor.account
    values = [stored.get(field.id) for field in table.fields]
    columns, inserting = _inserting(table)
    made = inserting.first(
        context.session,
        rev=1,
        created_at=now,
        created_by=account,
        updated_at=now,
        updated_by=account,
        deleted_at=0,
        s=text_of_row(table.fields, values),
        **dict(zip(columns, values, strict=True)),
    )
    assert made is not None  # noqa: S101 - an INSERT that does not raise returns its number
    record(context, table, "create", [[made.id, 1, *values]])
    return [made.id, 1, now, account, now, account, *values]


@functools.lru_cache(maxsize=256)
def _inserting(table: TableInfo) -> tuple[list[str], Prepared]:
    """Return the names of the fields' columns, and what writes a new row."""
    rows = sql_table(table)
    names = [column.name for column in rows.c if column.name != "id"]
    columns = [field.column for field in table.fields]
    return columns, Prepared(insert(rows).returning(rows.c.id), names)


@functools.lru_cache(maxsize=512)
def _updating(rows: Table, names: tuple[str, ...]) -> Prepared:
    number, seen = bindparam("number", type_=BigInteger()), bindparam("seen", type_=BigInteger())
    seen_row = (rows.c.id == number, rows.c.rev == seen, rows.c.deleted_at == 0)
    return Prepared(update(rows).where(*seen_row), names)


class At(NamedTuple):
    """One row in the state in which a person saw it."""

    number: int
    rev: int


def update_row(context: Context, rows: Rows, at: At, stored: dict[int, Stored]) -> Sequence[Any]:
    """Change some fields of a row; return it whole, as `query` would.

    Raise NotFound if there is none within reach, Conflict if somebody changed it since.
    """
    table, now, account = rows.table, context.now, context.actor.account
    row = _current(context, rows, at)
    whole = _by_number(table, row)
    before = {key: whole[key] for key, value in stored.items() if whole[key] != value}
    after = [*{**whole, **stored}.values()]
    columns: dict[str, Any] = {f"c{key:d}": value for key, value in stored.items()}
    _write(
        context, table, at, {"s": text_of_row(table.fields, after), "updated_at": now, **columns}
    )
    record(context, table, "update", [[at.number, at.rev + 1, *after]], {at.number: before})
    return [at.number, at.rev + 1, row.created_at, row.created_by, now, account, *after]


def delete_row(context: Context, rows: Rows, at: At) -> None:
    """Mark a row as deleted. Raise NotFound or Conflict."""
    table, now = rows.table, context.now
    whole = _by_number(table, _current(context, rows, at))
    _write(context, table, at, {"deleted_at": now, "updated_at": now})
    record(context, table, "delete", [[at.number, at.rev + 1, *whole.values()]], {at.number: whole})


def _current(context: Context, rows: Rows, at: At) -> Any:  # noqa: ANN401 - a row of any table
    """Return the whole row, with what the person does not see."""
    row = rows.get(at.number)
    if row is None:
        raise NotFound(kind=mark("record"), name=at.number)
    if not rows.is_whole:
        row = Rows(context.session, rows.table, WHOLE_TABLE).get(at.number)
    if row is None or row.rev != at.rev:
        raise Conflict(name=str(at.number))
    return row


def _by_number(table: TableInfo, row: Sequence[Any]) -> dict[int, Stored]:
    """Return the values of a whole row by number of the field, in the fields' order."""
    return dict(zip(_numbers(table), row[FIRST_VALUE:], strict=True))


@functools.lru_cache(maxsize=256)
def _numbers(table: TableInfo) -> tuple[int, ...]:
    return tuple(field.id for field in table.fields)


def _write(context: Context, table: TableInfo, at: At, values: dict[str, Any]) -> None:
    written = {"rev": at.rev + 1, "updated_by": context.actor.account, **values}
    change = _updating(sql_table(table), tuple(written))
    if not change.run(context.session, **written, number=at.number, seen=at.rev):
        raise Conflict(name=str(at.number))


def insert_many(
    context: Context, table: TableInfo, first: int, rows: Sequence[tuple[Any, ...]]
) -> list[int]:
    """Write new rows with the numbers from `first` on, as fast as the database takes them.

    Each row is its search text, then its values in the fields' order. Return the places of rows
    that the database cannot hold (PostgreSQL keeps a row in one page of 8 kB); they take no
    number. A number that is there already makes the whole batch fail: no batch counts twice.
    """
    connection = context.session.connection()
    now, account = context.now, context.actor.account
    system = (1, now, account, now, account, 0)
    whole = [(number, *system, *row) for number, row in enumerate(rows, first)]
    too_large: list[int] = []
    if not _insert(connection, table, whole):
        written: list[tuple[Any, ...]] = []
        for place, row in enumerate(whole):
            single = (first + len(written), *row[1:])
            if _insert(connection, table, [single]):
                written.append(single)
            else:
                too_large.append(place)
        whole = written
    record(context, table, "import", [(row[0], 1, *row[len(SYSTEM_COLUMNS) :]) for row in whole])
    return too_large


def _insert(connection: Connection, table: TableInfo, rows: Sequence[tuple[Any, ...]]) -> bool:
    """Write whole rows; tell whether the database could hold them all. If not, none is written."""
    names = (*SYSTEM_COLUMNS, *(field.column for field in table.fields))
    target, columns = sql_table(table).name, ", ".join(names)
    if connection.dialect.name != "postgresql":
        places = ", ".join("?" * len(names))
        statement = f"INSERT INTO {target} ({columns}) VALUES ({places})"  # noqa: S608 - numbers
        if rows:
            connection.exec_driver_sql(statement, list(rows))
        return True
    before = connection.begin_nested()
    driver = connection.dialect.loaded_dbapi
    try:
        with connection.connection.cursor().copy(f"COPY {target} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    except driver.errors.ProgramLimitExceeded:
        before.rollback()
        return False
    except driver.Error as error:  # COPY runs past SQLAlchemy, which names errors for everybody
        raise DBAPIError.instance(
            "COPY", None, error, driver.Error, dialect=connection.dialect
        ) from error
    before.commit()
    return True
