"""Many rows at once from a file, as fast as the database takes them."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.operations.context import Context
from app.services.tables import junctions, search_marks
from app.services.tables.changes import record
from app.services.tables.fields import FieldInfo
from app.services.tables.physical import SYSTEM_COLUMNS, TableInfo, sql_table
from app.services.tables.rejecting import DUPLICATE, TOO_LARGE
from app.services.tables.types.registry import has_column, is_many


class Refused(NamedTuple):
    """A row that the database did not take."""

    place: int
    reason: str
    """Text of the catalogue."""


def insert_many(
    context: Context,
    table: TableInfo,
    first: int,
    rows: Sequence[tuple[Any, ...]],
    *,
    job: str = "",
) -> list[Refused]:
    """Write new rows with the numbers from `first` on, as fast as the database takes them.

    Each row is its search text, then its values in the fields' order. Return the rows that the
    database cannot hold (PostgreSQL keeps a row in one page of 8 kB) or that say again what is
    there once only; they take no number. A number that is there already makes the whole batch
    fail: no batch counts twice.
    """
    connection = context.session.connection()
    now, account = context.now, context.actor.account
    system = (1, now, account, now, account, 0)
    whole = [(number, *system, *row) for number, row in enumerate(rows, first)]
    refused: list[Refused] = []
    if _insert(connection, table, whole):
        written: list[tuple[Any, ...]] = []
        for place, row in enumerate(whole):
            single = (first + len(written), *row[1:])
            if reason := _insert(connection, table, [single]):
                refused.append(Refused(place, reason))
            else:
                written.append(single)
        whole = written
    for place, field in placed(table):
        if is_many(field):
            junctions.write_new(context.session, field, [(row[0], row[place]) for row in whole])
    if whole:
        search_marks.between_changed(context.session, table, whole[0][0], whole[-1][0])
    made = [(row[0], 1, *row[len(SYSTEM_COLUMNS) :]) for row in whole]
    record(context, table, "import", made, job=job)
    return refused


def placed(table: TableInfo) -> Iterable[tuple[int, FieldInfo]]:
    """Return the fields with their places in a whole row."""
    return enumerate(table.fields, len(SYSTEM_COLUMNS))


def _insert(connection: Connection, table: TableInfo, rows: Sequence[tuple[Any, ...]]) -> str:
    """Write whole rows; return why the database could not hold them. If so, none is written."""
    own = [place for place, field in placed(table) if has_column(field)]
    names = (*SYSTEM_COLUMNS, *(field.column for field in table.fields if has_column(field)))
    lines: Iterable[Sequence[Any]] = rows
    if len(names) < len(SYSTEM_COLUMNS) + len(table.fields):
        lines = [[*row[: len(SYSTEM_COLUMNS)], *(row[place] for place in own)] for row in rows]
    target, columns = sql_table(table).name, ", ".join(names)
    if connection.dialect.name != "postgresql":
        places = ", ".join("?" * len(names))
        statement = f"INSERT INTO {target} ({columns}) VALUES ({places})"  # noqa: S608 - numbers
        return _insert_with_care(connection, table, statement, [tuple(line) for line in lines])
    before = connection.begin_nested()
    driver = connection.dialect.loaded_dbapi
    try:
        with connection.connection.cursor().copy(f"COPY {target} ({columns}) FROM STDIN") as copy:
            for line in lines:
                copy.write_row(line)
    except driver.errors.ProgramLimitExceeded:
        before.rollback()
        return TOO_LARGE
    except driver.errors.UniqueViolation as error:
        if _number_is_taken(table, str(error)):
            raise _named(connection, error) from error
        before.rollback()
        return DUPLICATE
    except driver.Error as error:  # COPY runs past SQLAlchemy, which names errors for everybody
        raise _named(connection, error) from error
    before.commit()
    return ""


def _named(connection: Connection, error: Exception) -> Exception:
    driver = connection.dialect.loaded_dbapi
    named: Exception = DBAPIError.instance(
        "COPY", None, error, driver.Error, dialect=connection.dialect
    )
    return named


def _insert_with_care(
    connection: Connection, table: TableInfo, statement: str, lines: list[tuple[Any, ...]]
) -> str:
    """Write rows into SQLite: with a point to go back to only where a value may be taken."""
    if not lines:
        return ""
    if not any(field.settings.unique for field in table.fields):
        connection.exec_driver_sql(statement, lines)
        return ""
    before = connection.begin_nested()
    try:
        connection.exec_driver_sql(statement, lines)
    except IntegrityError as error:
        if _number_is_taken(table, str(error.orig)):
            raise
        before.rollback()
        return DUPLICATE
    before.commit()
    return ""


def _number_is_taken(table: TableInfo, told: str) -> bool:
    """Tell whether it is the row's own number: then the batch was written before."""
    name = sql_table(table).name
    return f"{name}.id" in told or f"{name}_pkey" in told
