"""From a file to a table: preview, start, the batches of the job, and what did not fit."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.files import spool
from app.jobs.queue import enqueue
from app.operations.context import Context
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue
from app.services.tables.errors import ColumnsDoNotFit
from app.services.tables.models import TableState
from app.services.tables.operations.tables import AREA, STAFF
from app.services.tables.physical import MOST_FIELDS
from app.services.tables.planning import planned
from app.services.tables.preview import ColumnPlan, Name, Preview, make_preview

IMPORT = "tables.import"

UploadId = Annotated[str, Meta(description="Identifier of the upload.", max_length=40)]
Encoding = Annotated[
    str,
    Meta(
        description="utf-8, cp932, utf-16-le, utf-16-be; empty: guess.",
        pattern=r"^(|utf-8|cp932|utf-16-le|utf-16-be)$(?!\n)",
    ),
]
Delimiter = Annotated[
    str,
    Meta(
        description="What stands between two cells; empty: guess.",
        pattern=r"^(|,|\t|;|\|)$(?!\n)",
    ),
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
        Meta(
            description="What becomes of each column, in order; empty: as guessed.",
            max_length=MOST_FIELDS,
        ),
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
    table = catalogue.make_table(
        context.session,
        name=request.name,
        columns=planned(context, columns, importable=True),
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
