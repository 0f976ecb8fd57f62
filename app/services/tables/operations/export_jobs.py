"""Large exports: made in the background, kept for a time, fetched by whoever asked for them."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy import select

from app.core import clock
from app.files import spool
from app.files.errors import UploadGone
from app.jobs.lease import Lease, advance, jobs
from app.jobs.models import JobState
from app.jobs.queue import enqueue
from app.operations.context import Context
from app.operations.download import Download
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue
from app.services.tables.errors import NothingToFetch
from app.services.tables.operations.exporting import ExportRecords, chosen_rows, file_of, tell_of
from app.services.tables.operations.tables import STAFF
from app.services.tables.physical import TableInfo
from app.services.tables.reach import require
from app.services.tables.rules import as_text
from app.services.tables.views import TableNumber

EXPORT: Final = "tables.export"
KEPT: Final = spool.KEPT
"""How long the file can be fetched."""
CHUNK: Final = 256 * 1024


class ExportStarted(msgspec.Struct, frozen=True, kw_only=True):
    """An export that waits for a worker."""

    job: Annotated[str, Meta(description="Identifier of the job.")]


class ExportArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the job needs to know."""

    request: ExportRecords
    language: str
    """Of the person who asked: a time is written in their zone anyway."""
    total: int
    """Records."""


class ExportResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an export."""

    export: int
    """Number of the table."""
    file: str
    """Identifier of the file."""
    rows: int
    until: int
    """When the file goes."""
    rules: str = ""
    """Digest of the table's rules when it was made: others may let its owner see less."""


class FetchExport(msgspec.Struct, frozen=True, kw_only=True):
    """Which export's file to hand out."""

    table: TableNumber
    job: Annotated[str, Meta(description="Identifier of the job.", max_length=40)]


class FinishExport(msgspec.Struct, frozen=True, kw_only=True):
    """The file is whole."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    table: TableNumber
    rows: Annotated[int, Meta(description="Records in the file.")]
    size: Annotated[int, Meta(description="Bytes.")]


@operation(
    "tables.start_export",
    permission=Permission.RECORDS_EXPORT,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/exports", status=202),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def start_export(context: Context, request: ExportRecords) -> ExportStarted:
    """Make a file of records in the background."""
    total = tell_of(context, chosen_rows(context, request), request)
    arguments = ExportArguments(request=request, language=context.language, total=total)
    return ExportStarted(job=enqueue(context, EXPORT, arguments))


@operation(
    "tables.finish_export",
    permission=Permission.RECORDS_EXPORT,
    planes=(),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def finish_export(context: Context, request: FinishExport) -> None:
    """Note that the file of an export is there."""
    table = catalogue.find_table(context.session, request.table)
    context.event.about("table", str(table.id), table.name)
    context.event.references["job"] = request.lease.job
    context.event.numbers.update(rows=request.rows, bytes=request.size)
    advance(context.session, request.lease, done=request.rows, numbers={"rows": request.rows})


@operation(
    "tables.fetch_export",
    permission=Permission.RECORDS_EXPORT,
    effect=Effect.REVEAL,
    planes=STAFF,
    route=Route("GET", "/tables/{table}/exports/{job}"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def fetch_export(context: Context, request: FetchExport) -> Download:
    """Hand out the file of one's own export, as long as it is kept."""
    table = catalogue.ready_table(context.session, request.table)
    context.event.about("table", str(table.id), table.name)
    require(context, table, Permission.RECORDS_EXPORT)
    context.event.references["job"] = request.job
    asked, result = _finished(context, request)
    if result.rules != digest_of(table):
        raise NothingToFetch
    folder = context.appliance.settings.spool
    try:
        found = spool.find(folder, result.file, context.actor.account)
        if found.created_at < clock.now() - KEPT:
            raise NothingToFetch
        spool.open_upload(folder, found.id).close()
    except UploadGone as error:
        raise NothingToFetch from error
    context.event.numbers.update(rows=result.rows, bytes=found.size)
    name, media_type = file_of(table, asked.request)
    return Download(name, media_type, _chunks(folder, found.id))


def digest_of(table: TableInfo) -> str:
    """Return what tells whether a table has the same rules; empty where it has none."""
    return hashlib.sha256(as_text(table.rules).encode()).hexdigest() if table.rules else ""


def _finished(context: Context, request: FetchExport) -> tuple[ExportArguments, ExportResult]:
    """Return what one asked for and what came of it. Raise NothingToFetch."""
    mine = select(jobs.c.arguments, jobs.c.result).where(
        jobs.c.id == request.job,
        jobs.c.kind == EXPORT,
        jobs.c.created_by == context.actor.account,
        jobs.c.state == JobState.DONE,
    )
    row = context.session.connection().execute(mine).first()
    if row is None or not row.result:
        raise NothingToFetch
    asked = msgspec.json.decode(row.arguments, type=ExportArguments)
    if asked.request.table != request.table:
        raise NothingToFetch
    return asked, msgspec.json.decode(row.result, type=ExportResult)


def _chunks(folder: Path, identifier: str) -> Iterator[bytes]:
    with spool.open_upload(folder, identifier) as file:
        while chunk := file.read(CHUNK):
            yield chunk
