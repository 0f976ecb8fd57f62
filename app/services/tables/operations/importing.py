"""From a file to a table: preview, start, the batches of the job, and what did not fit."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from sqlalchemy import delete, func, insert, select, update
from sqlmodel import SQLModel

from app.core.errors import InvalidInput, NotFound
from app.core.messages import mark, translate
from app.jobs.lease import Lease, advance
from app.jobs.queue import enqueue
from app.operations.context import Appliance, Context
from app.operations.download import Download
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue, physical, spool, writing
from app.services.tables.csv_writing import csv_chunks
from app.services.tables.errors import ColumnsDoNotFit
from app.services.tables.importing import Rejection
from app.services.tables.models import FieldKind, ImportRejection, TableState
from app.services.tables.operations.tables import AREA, STAFF
from app.services.tables.physical import FieldInfo, TableInfo
from app.services.tables.preview import ColumnPlan, Name, Preview, make_preview
from app.services.tables.views import TableNumber

IMPORT = "tables.import"
READING = mark("Reading rows")
FINISHING = mark("Finishing")

_rejections = SQLModel.metadata.tables[str(ImportRejection.__tablename__)]

UploadId = Annotated[str, Meta(description="Identifier of the upload.", max_length=40)]
Encoding = Annotated[
    str,
    Meta(
        description="utf-8, cp932, utf-16-le, utf-16-be; empty: guess.",
        pattern="^(|utf-8|cp932|utf-16-le|utf-16-be)$",
    ),
]
Delimiter = Annotated[
    str,
    Meta(description="What stands between two cells; empty: guess.", pattern="^(|,|\t|;|\\|)$"),
]
Header = Annotated[bool | None, Meta(description="The first row names the columns; none: guess.")]


class PreviewImport(msgspec.Struct, frozen=True, kw_only=True):
    """Which upload to look into, and what is known of it."""

    upload: UploadId
    encoding: Encoding = ""
    delimiter: Delimiter = ""
    header: Header = None


class ImportFile(msgspec.Struct, frozen=True, kw_only=True):
    """A new table from an upload."""

    upload: UploadId
    name: Name
    encoding: Encoding = ""
    delimiter: Delimiter = ""
    header: Header = None
    columns: Annotated[
        list[ColumnPlan],
        Meta(description="What becomes of each column, in order; empty: as guessed."),
    ] = msgspec.field(default_factory=list)


class ImportStarted(msgspec.Struct, frozen=True, kw_only=True):
    """An import that waits for a worker."""

    job: Annotated[str, Meta(description="Identifier of the job.")]
    table: Annotated[int, Meta(description="Number of the table; seen when the job is done.")]


class ImportArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the job needs to know."""

    upload: str
    table: int
    encoding: str
    delimiter: str
    header: bool
    size: int


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where an import stands."""

    offset: Annotated[int, Meta(description="Byte where the next record begins.")] = 0
    record: Annotated[int, Meta(description="Number of the last record read.")] = 0
    rows: Annotated[int, Meta(description="Rows that are in the table.")] = 0
    rejected: Annotated[int, Meta(description="Rows that did not fit.")] = 0
    finished: Annotated[bool, Meta(description="The table is ready.")] = False


class ImportBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Some records of the file, as rows."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    table: TableNumber
    first: Annotated[int, Meta(description="Number of the first new row.")]
    rows: Annotated[list[Any], Meta(description="Search text and stored values, a row each.")]
    rejections: Annotated[list[Rejection], Meta(description="Rows that did not fit.")]
    checkpoint: Annotated[Checkpoint, Meta(description="Where the import stands after it.")]


class FinishImport(msgspec.Struct, frozen=True, kw_only=True):
    """The end of the file is reached."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    table: TableNumber
    checkpoint: Annotated[Checkpoint, Meta(description="Where the import stands.")]


class AbandonImport(msgspec.Struct, frozen=True, kw_only=True):
    """An import that ended without a table."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    table: TableNumber


class ImportErrors(msgspec.Struct, frozen=True, kw_only=True):
    """Which import's rejected rows to hand out."""

    table: TableNumber


def _preview(context: Context, request: PreviewImport | ImportFile) -> Preview:
    folder = context.appliance.settings.spool
    upload = spool.find(folder, request.upload, context.actor.account)
    with spool.open_upload(folder, upload.id) as file:
        return make_preview(
            file,
            name=upload.name,
            size=upload.size,
            language=context.language,
            encoding=request.encoding,
            delimiter=request.delimiter,
            header=request.header,
        )


@operation(
    "tables.preview_import",
    permission=Permission.RECORDS_IMPORT,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("POST", "/tables/import/preview"),
    scope=lambda _: AREA,
)
def preview_import(context: Context, request: PreviewImport) -> Preview:
    """Show what an upload would become: columns, guessed kinds, first rows."""
    return _preview(context, request)


@operation(
    "tables.import_file",
    permission=Permission.RECORDS_IMPORT,
    planes=STAFF,
    route=Route("POST", "/tables/import", status=202),
    scope=lambda _: AREA,
    ahead=_preview,  # the file is read before anybody else has to wait for the write lock
)
def import_file(context: Context, request: ImportFile) -> ImportStarted:
    """Make a table of an uploaded file, in the background."""
    context.require(Permission.TABLES_DESIGN, AREA)
    seen: Preview = context.ahead
    columns = request.columns or seen.columns
    if len(columns) != len(seen.columns):
        raise ColumnsDoNotFit(found=len(seen.columns), given=len(columns))
    if len({plan.name for plan in columns}) != len(columns):
        raise InvalidInput(field="columns", reason=mark("Two columns have the same name."))
    table = catalogue.make_table(
        context.session,
        name=request.name,
        columns=[(plan.name, plan.kind, plan.scale) for plan in columns],
        account=context.actor.account,
        state=TableState.IMPORTING,
        source=seen.name,
    )
    context.event.about("table", str(table.id), table.name)
    context.event.numbers.update(bytes=seen.size, fields=len(columns))
    job = enqueue(
        context,
        IMPORT,
        ImportArguments(
            upload=request.upload,
            table=table.id,
            encoding=seen.encoding,
            delimiter=seen.delimiter,
            header=seen.header,
            size=seen.size,
        ),
    )
    return ImportStarted(job=job, table=table.id)


def _importing(context: Context, table: int, lease: Lease) -> TableInfo:
    found = catalogue.find_table(context.session, table)
    context.event.about("table", str(found.id), found.name)
    context.event.references["job"] = lease.job
    return found


@operation(
    "tables.import_batch",
    permission=Permission.RECORDS_IMPORT,
    planes=(),
    scope=lambda request: f"tables/{request.table}",
)
def import_batch(context: Context, request: ImportBatch) -> None:
    """Write some rows of a running import, and where to go on after them."""
    table = _importing(context, request.table, request.lease)
    writing.insert_many(context, table, request.first, request.rows)
    if request.rejections:
        context.session.connection().execute(
            insert(_rejections),
            [
                {
                    "job": request.lease.job,
                    "table_id": table.id,
                    "row": found.row,
                    "column": _storable(found.column),
                    "value": _storable(found.value),
                    "reason": found.reason,
                    "cells": msgspec.json.encode(found.cells).decode(),
                }
                for found in request.rejections
            ],
        )
    context.event.numbers.update(rows=len(request.rows), rejected=len(request.rejections))
    stands = request.checkpoint
    advance(
        context.session,
        request.lease,
        checkpoint=stands,
        done=stands.offset,
        phase=READING,
        numbers={"rows": stands.rows, "rejected": stands.rejected},
    )


def _storable(text: str) -> str:
    """Return a text with a visible sign for NUL, which PostgreSQL cannot hold."""
    return text.replace("\0", "\u2400")


@operation(
    "tables.finish_import",
    permission=Permission.RECORDS_IMPORT,
    planes=(),
    scope=lambda request: f"tables/{request.table}",
)
def finish_import(context: Context, request: FinishImport) -> None:
    """Let people see an imported table."""
    table = _importing(context, request.table, request.lease)
    physical.continue_numbers(context.session, table)
    definitions = catalogue.definitions
    context.session.connection().execute(
        update(definitions).where(definitions.c.id == table.id).values(state=TableState.READY.value)
    )
    stands = request.checkpoint
    context.event.numbers.update(rows=stands.rows, rejected=stands.rejected)
    advance(context.session, request.lease, checkpoint=stands, phase=FINISHING)


@operation("tables.abandon_import", permission=Permission.TABLES_DESIGN, planes=(), in_reserve=True)
def abandon_import(context: Context, request: AbandonImport) -> None:
    """Remove a table whose import was cancelled or failed before anybody saw it."""
    context.event.references["job"] = request.lease.job
    try:
        table = _importing(context, request.table, request.lease)
    except NotFound:
        return  # a worker that was killed after cleaning up comes here again
    if table.state is not TableState.IMPORTING:
        return
    physical.drop(context.session, table)
    connection = context.session.connection()
    connection.execute(delete(_rejections).where(_rejections.c.table_id == table.id))
    definitions, fields = catalogue.definitions, catalogue.fields
    connection.execute(delete(fields).where(fields.c.table_id == table.id))
    connection.execute(delete(definitions).where(definitions.c.id == table.id))


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
    table = catalogue.find_table(context.session, request.table)
    context.event.about("table", str(table.id), table.name)
    mine = _rejections.c.table_id == table.id
    connection = context.session.connection()
    context.event.numbers["rows"] = connection.execute(
        select(func.count()).select_from(_rejections).where(mine)
    ).scalar_one()
    names = [mark("Row"), mark("Reason"), mark("Column"), mark("Value")]
    labels = [translate(context.language, name) for name in names]
    fields = [
        FieldInfo(id=0, name=name, kind=FieldKind.TEXT)
        for name in (*labels, *(field.name for field in table.fields))
    ]
    parts = _rejected_parts(context.appliance, table.id, context.language)
    chunks = csv_chunks(fields, parts, encoding="utf-8")
    return Download(f"{table.name}-errors.csv", "text/csv; charset=utf-8", chunks)


def _rejected_parts(appliance: Appliance, table: int, language: str) -> Iterator[list[Any]]:
    query = select(_rejections).where(_rejections.c.table_id == table).order_by(_rejections.c.id)
    with appliance.database.read() as session:
        result = session.connection().execute(query, execution_options={"stream_results": True})
        for part in result.partitions(1000):
            yield [
                [
                    str(row.row),
                    translate(language, row.reason),
                    row.column,
                    row.value,
                    *msgspec.json.decode(row.cells),
                ]
                for row in part
            ]
