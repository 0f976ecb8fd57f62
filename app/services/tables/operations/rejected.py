"""The rows of a file that did not fit, handed out as a file of their own."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement, Table, and_, func, select
from sqlmodel import SQLModel

from app.core.errors import NotFound
from app.core.messages import mark, translate
from app.files.csv_writing import neutral
from app.jobs.lease import jobs
from app.operations.context import Context
from app.operations.download import Download
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue
from app.services.tables.csv_writing import csv_chunks
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind, ImportRejection
from app.services.tables.operations.tables import STAFF
from app.services.tables.physical import TableInfo
from app.services.tables.reach import Reach, holds, reach_of, require
from app.services.tables.views import TableNumber

rejections: Final[Table] = SQLModel.metadata.tables[str(ImportRejection.__tablename__)]


class ImportErrors(msgspec.Struct, frozen=True, kw_only=True):
    """Which import's rejected rows to hand out."""

    table: TableNumber
    job: Annotated[
        str, Meta(description="Import that they are of; empty: all of the table.", max_length=40)
    ] = ""


@operation(
    "tables.import_errors",
    permission=Permission.RECORDS_IMPORT,
    effect=Effect.REVEAL,
    planes=STAFF,
    route=Route("GET", "/tables/{table}/import/errors"),
    scope=lambda request: f"tables/{request.table}",
)
def import_errors(context: Context, request: ImportErrors) -> Download:
    """Hand out the rows that did not fit, each with the reason, as CSV."""
    table = _table(context, request)
    context.event.about("table", str(table.id), table.name)
    reach = _reach(context, table)
    mine = _mine(context, request, table, reach)
    connection = context.session.connection()
    context.event.numbers["rows"] = connection.execute(
        select(func.count()).select_from(rejections).where(mine)
    ).scalar_one()
    names = [mark("Row"), mark("Reason"), mark("Column"), mark("Value")]
    labels = [translate(context.language, name) for name in names]
    fields = [
        FieldInfo(id=0, name=neutral(name), kind=FieldKind.TEXT)
        for name in (
            *labels,
            *(field.name for field in table.fields if field.id not in reach.hidden),
        )
    ]
    parts = _rejected_parts(context, table, mine, reach)
    # neutralised there already: a rejected row may have more cells than the table has fields
    chunks = csv_chunks(fields, parts, encoding="utf-8", neutralise=False)
    return Download(f"{table.name}-errors.csv", "text/csv; charset=utf-8", chunks)


def _table(context: Context, request: ImportErrors) -> TableInfo:
    """Return the table, the deleted one too: a file that was refused as a whole left it behind."""
    try:
        return catalogue.find_table(context.session, request.table)
    except NotFound:
        if not request.job:
            raise
        return catalogue.find_table(context.session, request.table, deleted=True)


def _reach(context: Context, table: TableInfo) -> Reach:
    """Return what the actor sees of a table besides importing. Raise NotAllowed."""
    require(context, table, Permission.RECORDS_IMPORT)
    sees = holds(context, table, Permission.RECORDS_VIEW)
    return reach_of(context, table, Permission.RECORDS_VIEW if sees else Permission.RECORDS_IMPORT)


def _mine(
    context: Context, request: ImportErrors, table: TableInfo, reach: Reach
) -> ColumnElement[bool]:
    """Return which rows are meant: of one's own imports, where one does not see all of a table.

    A rejected row is no record yet, so nobody can tell whose it is.
    """
    found = rejections.c.table_id == request.table
    if request.job:
        found = and_(found, rejections.c.job == request.job)
    if not (reach.is_whole and holds(context, table, Permission.RECORDS_VIEW)):
        own = select(jobs.c.id).where(jobs.c.created_by == context.actor.account)
        found = and_(found, rejections.c.job.in_(own))
    return found


class RejectedCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows of the file did not fit."""

    rows: Annotated[int, Meta(description="Rows that can be downloaded.")]


@operation(
    "tables.count_import_errors",
    permission=Permission.RECORDS_IMPORT,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("GET", "/tables/{table}/import/errors/count"),
    scope=lambda request: f"tables/{request.table}",
)
def count_import_errors(context: Context, request: ImportErrors) -> RejectedCount:
    """Count the rows of a table's file that did not fit."""
    table = _table(context, request)
    mine = _mine(context, request, table, _reach(context, table))
    query = select(func.count()).select_from(rejections).where(mine)
    return RejectedCount(rows=context.session.connection().execute(query).scalar_one())


def _rejected_parts(
    context: Context, table: TableInfo, mine: ColumnElement[bool], reach: Reach
) -> Iterator[list[Any]]:
    query = select(rejections).where(mine).order_by(rejections.c.id)
    with context.appliance.database.read() as session:
        result = session.connection().execute(query, execution_options={"stream_results": True})
        for part in result.partitions(1000):
            yield [
                [
                    str(row.row),
                    translate(context.language, row.reason),
                    neutral(row.column),
                    neutral(row.value),
                    *map(neutral, _seen(table, reach, msgspec.json.decode(row.cells))),
                ]
                for row in part
            ]


def _seen(table: TableInfo, reach: Reach, cells: list[str]) -> list[str]:
    """Return a row's cells without those under fields that the reader does not see."""
    if len(cells) != len(table.fields):
        return cells  # a row of another length is told as it is: it is of the reader's own file
    return [
        cell
        for cell, field in zip(cells, table.fields, strict=True)
        if field.id not in reach.hidden
    ]
