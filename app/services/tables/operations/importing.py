"""From a file to a table: preview, start, the batches of the job, and what did not fit."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.files import spool
from app.files.unpacking import Unpacked, unpack
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
from app.services.tables.reading import Layout
from app.services.tables.sniffing import MOST_SKIPPED

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
WithoutTotals = Annotated[
    bool, Meta(description="Rows that add the others up (合計) are left out.")
]
Ditto = Annotated[
    bool, Meta(description="A cell that says “the same as above” (〃) gets what stands above.")
]
Whole = Annotated[
    bool, Meta(description="All rows or none: where one does not fit, nothing is imported.")
]


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """Which upload to look into, and what is known of it."""

    upload: UploadId
    encoding: Encoding = ""
    delimiter: Delimiter = ""
    header: Header = None
    sheet: Annotated[
        int, Meta(description="Sheet of a workbook, from 1; 0: the first one.", ge=0, le=10_000)
    ] = 0
    skip: Annotated[
        Annotated[int, Meta(ge=0, le=MOST_SKIPPED)] | None,
        Meta(description="Lines above the list; none: guess."),
    ] = None


class PreviewImport(Looked, frozen=True, kw_only=True):
    """Which upload to look into, and what is known of it."""


class ImportFile(Looked, frozen=True, kw_only=True):
    """A new table from an upload."""

    name: Name
    columns: Annotated[
        list[ColumnPlan],
        Meta(
            description="What becomes of each column, in order; empty: as guessed.",
            max_length=MOST_FIELDS,
        ),
    ] = msgspec.field(default_factory=list)
    leave_out: Annotated[
        list[int],
        Meta(description="Columns that are left out, counted from 1.", max_length=MOST_FIELDS),
    ] = msgspec.field(default_factory=list)
    without_totals: WithoutTotals = False
    ditto: Ditto = False
    whole: Whole = False


class ImportStarted(msgspec.Struct, frozen=True, kw_only=True):
    """An import that waits for a worker."""

    job: Annotated[str, Meta(description="Identifier of the job.")]
    table: Annotated[int, Meta(description="Number of the table; seen when the job is done.")]


class ImportArguments(Layout, frozen=True, kw_only=True):
    """What the job needs to know."""

    upload: str
    """What is read."""
    table: int
    size: int
    origin: str = ""
    """What the person sent, where that is another file."""
    whole: bool = False
    """All rows or none."""


def look(context: Context, request: Looked) -> tuple[Unpacked, Preview]:
    """Return what an upload is read from, and how."""
    folder = context.appliance.settings.spool
    found = unpack(folder, request.upload, context.actor.account, request.sheet)
    with spool.open_upload(folder, found.upload.id) as file:
        seen = make_preview(
            file,
            name=found.upload.name,
            size=found.upload.size,
            language=context.language,
            encoding="utf-8" if found.plain else request.encoding,
            delimiter="," if found.plain else request.delimiter,
            header=True if found.named else request.header,
            skip=0 if found.named else request.skip,
        )
    return found, msgspec.structs.replace(
        seen,
        plain=found.plain,
        sheets=found.sheets,
        sheet=found.sheet,
        hidden_rows=found.hidden_rows,
        hidden_columns=found.hidden_columns,
        merged=found.merged,
    )


def layout_of(found: Unpacked, seen: Preview, **chosen: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return how the job reads what was looked at."""
    return {
        "encoding": seen.encoding,
        "delimiter": seen.delimiter,
        "header": seen.header,
        "skip": seen.skip,
        "width": len(seen.columns),
        "named": found.named,
        **chosen,
    }


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
    return look(context, request)[1]


@operation(
    "tables.import_file",
    permission=Permission.RECORDS_IMPORT,
    planes=STAFF,
    route=Route("POST", "/tables/import", status=202),
    scope=lambda _: AREA,
    ahead=look,  # the file is read before anybody else has to wait for the write lock
)
def import_file(context: Context, request: ImportFile) -> ImportStarted:
    """Make a table of an uploaded file, in the background."""
    context.require(Permission.TABLES_DESIGN, AREA)
    found, seen = context.ahead
    columns = request.columns or seen.columns
    if len(columns) != len(seen.columns):
        raise ColumnsDoNotFit(found=len(seen.columns), given=len(columns))
    places = tuple(at for at in range(len(columns)) if at + 1 not in request.leave_out)
    if not places:
        raise InvalidInput(field="leave_out", reason=mark("Leave a column at least."))
    table = catalogue.make_table(
        context.session,
        name=request.name,
        columns=planned(context, [columns[at] for at in places], importable=True),
        account=context.actor.account,
        state=TableState.IMPORTING,
        source=seen.name,
    )
    context.event.about("table", str(table.id), table.name)
    context.event.numbers.update(bytes=seen.size, fields=len(places))
    job = enqueue(
        context,
        IMPORT,
        ImportArguments(
            upload=found.upload.id,
            origin=request.upload,
            table=table.id,
            size=seen.size,
            whole=request.whole,
            **layout_of(
                found,
                seen,
                places=places if len(places) < len(columns) else (),
                without_totals=request.without_totals,
                ditto=request.ditto,
            ),
        ),
    )
    return ImportStarted(job=job, table=table.id)
