"""The steps of an import's job: each batch, the end, and the cleaning up."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import delete, insert

from app.core.errors import NotFound
from app.core.messages import mark
from app.files.csv_reading import Record
from app.jobs.lease import Lease, advance
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission
from app.services.tables import bulk_writing, catalogue, designing, physical, search_marks
from app.services.tables.errors import RowsDoNotFit
from app.services.tables.fields import Option
from app.services.tables.importing import Rejection, reject
from app.services.tables.models import TableState
from app.services.tables.operations.rejected import rejections as _rejections
from app.services.tables.physical import TableInfo
from app.services.tables.views import TableNumber

READING = mark("Reading rows")
CHECKING = mark("Checking rows")
MOST_TOLD: Final = 10_000
"""Rows that do not fit of which the reason is kept, where all or nothing was asked for."""
FINISHING = mark("Finishing")


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where an import stands."""

    offset: Annotated[int, Meta(description="Byte where the next record begins.")] = 0
    record: Annotated[int, Meta(description="Number of the last record read.")] = 0
    rows: Annotated[int, Meta(description="Rows that are in the table.")] = 0
    rejected: Annotated[int, Meta(description="Rows that did not fit.")] = 0
    above: Annotated[list[str], Meta(description="The last row, for one that refers to it.")] = (
        msgspec.field(default_factory=list)
    )
    left_out: Annotated[int, Meta(description="Rows that add the others up.")] = 0
    finished: Annotated[bool, Meta(description="The table is ready.")] = False


class ImportBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Some records of the file, as rows."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    table: TableNumber
    rows: Annotated[list[Any], Meta(description="Search text and stored values, a row each.")]
    records: Annotated[list[Record], Meta(description="The records that the rows were made of.")]
    rejections: Annotated[list[Rejection], Meta(description="Rows that did not fit.")]
    before: Annotated[Checkpoint, Meta(description="Where the import stood before it.")]
    offset: Annotated[int, Meta(description="Byte where the record after it begins.")]
    record: Annotated[int, Meta(description="Number of its last record.")]
    above: Annotated[list[str], Meta(description="The last row, for one that refers to it.")] = (
        msgspec.field(default_factory=list)
    )
    left_out: Annotated[int, Meta(description="Rows that add the others up.")] = 0
    whole: Annotated[bool, Meta(description="All rows or none.")] = False


class ImportChoices(msgspec.Struct, frozen=True, kw_only=True):
    """The choices that a file names, for fields that were given none."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    table: TableNumber
    options: Annotated[dict[int, tuple[Option, ...]], Meta(description="By number of the field.")]


class RefuseImport(msgspec.Struct, frozen=True, kw_only=True):
    """Rows do not fit, and all or nothing was asked for."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    table: TableNumber
    rejections: Annotated[list[Rejection], Meta(description="The first rows that do not fit.")]
    count: Annotated[int, Meta(description="How many there are.")]


class FinishImport(msgspec.Struct, frozen=True, kw_only=True):
    """The end of the file is reached."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    table: TableNumber
    checkpoint: Annotated[Checkpoint, Meta(description="Where the import stands.")]


class AbandonImport(msgspec.Struct, frozen=True, kw_only=True):
    """An import that ended without a table."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    table: TableNumber


def table_of(context: Context, table: int, lease: Lease) -> TableInfo:
    """Return the table of an import; the event names both. Raise NotFound."""
    found = catalogue.find_table(context.session, table)
    context.event.about("table", str(found.id), found.name)
    context.event.references["job"] = lease.job
    return found


@operation(
    "tables.import_choices",
    permission=Permission.RECORDS_IMPORT,
    planes=(),
    scope=lambda request: f"tables/{request.table}",
)
def import_choices(context: Context, request: ImportChoices) -> None:
    """Let the fields of a table that is imported have the choices that its file names."""
    table = table_of(context, request.table, request.lease)
    for field in table.fields:
        if field.id in request.options:
            chosen = msgspec.structs.replace(field.settings, options=request.options[field.id])
            text = catalogue.settings_text(chosen)
            designing.change_row(context.session, field.id, settings=text)
    context.event.numbers["fields"] = len(request.options)
    catalogue.change_definition(context.session, table.id)


@operation(
    "tables.import_batch",
    permission=Permission.RECORDS_IMPORT,
    planes=(),
    scope=lambda request: f"tables/{request.table}",
)
def import_batch(context: Context, request: ImportBatch) -> Checkpoint:
    """Write some rows of a running import, and where to go on after them."""
    table = table_of(context, request.table, request.lease)
    stood = request.before
    job = request.lease.job
    refused = bulk_writing.insert_many(context, table, stood.rows + 1, request.rows, job=job)
    rejections = [
        *request.rejections,
        *(reject(request.records[one.place], one.reason) for one in refused),
    ]
    if request.whole and rejections:
        raise RowsDoNotFit(row=rejections[0].row, reason=rejections[0].reason)
    keep_rejections(context, request.lease.job, request.table, rejections)
    rows = len(request.rows) - len(refused)
    stands = Checkpoint(
        offset=request.offset,
        record=request.record,
        rows=stood.rows + rows,
        rejected=stood.rejected + len(rejections),
        above=request.above,
        left_out=request.left_out,
    )
    context.event.numbers.update(rows=rows, rejected=len(rejections))
    advance(
        context.session,
        request.lease,
        checkpoint=stands,
        done=stands.offset,
        phase=READING,
        numbers=numbers_of(stands),
    )
    return stands


def numbers_of(stands: Checkpoint) -> dict[str, int]:
    """Return the counts that the job's page shows."""
    numbers = {"rows": stands.rows, "rejected": stands.rejected}
    return {**numbers, "left_out": stands.left_out} if stands.left_out else numbers


def keep_rejections(
    context: Context, job: str, table: int, rejections: Sequence[Rejection]
) -> None:
    """Keep rows that do not fit, whole, each with its reason."""
    if not rejections:
        return
    now = context.now
    context.session.connection().execute(
        insert(_rejections),
        [
            {
                "job": job,
                "table_id": table,
                "at": now,
                "row": found.row,
                "column": _storable(found.column),
                "value": _storable(found.value),
                "reason": found.reason,
                "cells": msgspec.json.encode(found.cells).decode(),
            }
            for found in sorted(rejections, key=lambda found: found.row)
        ],
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
    table = table_of(context, request.table, request.lease)
    physical.continue_numbers(context.session, table)
    catalogue.change_definition(context.session, table.id, state=TableState.READY.value)
    stands = request.checkpoint
    context.event.numbers.update(rows=stands.rows, rejected=stands.rejected)
    advance(context.session, request.lease, checkpoint=stands, phase=FINISHING)


@operation(
    "tables.refuse_import",
    permission=Permission.RECORDS_IMPORT,
    planes=(),
    scope=lambda request: f"tables/{request.table}",
)
def refuse_import(context: Context, request: RefuseImport) -> None:
    """Leave nothing of a file of which not all rows fit, but the reasons.

    The table goes to the deleted ones, so that its rejected rows can be handed out, found where
    somebody's data is looked for, and removed when their time is over.
    """
    table = table_of(context, request.table, request.lease)
    keep_rejections(context, request.lease.job, table.id, request.rejections)
    catalogue.change_definition(
        context.session, table.id, state=TableState.READY.value, deleted_at=context.now
    )
    context.event.numbers.update(rows=0, rejected=request.count)
    advance(
        context.session,
        request.lease,
        phase=FINISHING,
        numbers={"rows": 0, "rejected": request.count},
    )


@operation("tables.abandon_import", permission=Permission.TABLES_DESIGN, planes=(), in_reserve=True)
def abandon_import(context: Context, request: AbandonImport) -> None:
    """Remove a table whose import was cancelled or failed before anybody saw it."""
    context.event.references["job"] = request.lease.job
    try:
        table = table_of(context, request.table, request.lease)
    except NotFound:
        return  # a worker that was killed after cleaning up comes here again
    if table.state is not TableState.IMPORTING:
        return
    physical.drop(context.session, table)
    search_marks.forget_table(context.session, table)
    connection = context.session.connection()
    connection.execute(delete(_rejections).where(_rejections.c.table_id == table.id))
    definitions, fields = catalogue.definitions, catalogue.fields
    connection.execute(delete(fields).where(fields.c.table_id == table.id))
    connection.execute(delete(definitions).where(definitions.c.id == table.id))
