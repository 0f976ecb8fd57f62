"""Rows of a file into a table that is there: tried without writing, then begun."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from app.files import spool
from app.files.unpacking import Unpacked
from app.jobs.queue import enqueue
from app.operations.context import Context
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables.errors import ColumnsDoNotFit
from app.services.tables.importing import Rejection
from app.services.tables.merging import How, Merger, Planned, places_of
from app.services.tables.operations.import_steps import MOST_TOLD
from app.services.tables.operations.importing import (
    Ditto,
    Looked,
    Whole,
    WithoutTotals,
    layout_of,
    look,
)
from app.services.tables.operations.merge_steps import MERGE, Counted, MergeArguments, merger_of
from app.services.tables.operations.tables import STAFF
from app.services.tables.physical import FIRST_VALUE
from app.services.tables.reading import Layout, Reading, Stands
from app.services.tables.types.registry import words_of
from app.services.tables.views import TableNumber

TRIED: Final = 20_000
"""Rows that a try looks at while somebody waits; a job counts them all."""
SHOWN: Final = 20
"""Differences and rejected rows that it shows."""
BATCH: Final = 2_000


class MergeFile(Looked, frozen=True, kw_only=True):
    """Rows of an upload into a table."""

    table: TableNumber
    how: Annotated[How, Meta(description="How rows meet records.")]
    without_totals: WithoutTotals = False
    ditto: Ditto = False
    whole: Whole = False


class StartMerge(MergeFile, frozen=True, kw_only=True):
    """Rows of an upload into a table, in the background."""

    dry: Annotated[bool, Meta(description="Only count what would become of all rows.")] = False


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A value that would become another."""

    row: Annotated[int, Meta(description="Number of the row in the file.")]
    record: Annotated[int, Meta(description="Number of the record.")]
    field: Annotated[str, Meta(description="What the field is called.")]
    before: Annotated[str, Meta(description="What it holds, as people read it.")]
    after: Annotated[str, Meta(description="What it would hold.")]


class MergePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of the rows."""

    rows: Annotated[int, Meta(description="Rows that were looked at.")]
    all_rows: Annotated[bool, Meta(description="They are all that the file has.")]
    added: Annotated[int, Meta(description="New records.")]
    changed: Annotated[int, Meta(description="Records that would become others.")]
    same: Annotated[int, Meta(description="Records that would stay as they are.")]
    rejected: Annotated[int, Meta(description="Rows that do not fit.")]
    left_out: Annotated[int, Meta(description="Rows that add the others up.")]
    differences: Annotated[list[Difference], Meta(description="The first of them.")]
    new: Annotated[
        list[list[str]], Meta(description="The first new records, in the order of the columns.")
    ]
    rejections: Annotated[list[Rejection], Meta(description="The first rows that do not fit.")]


class MergeStarted(msgspec.Struct, frozen=True, kw_only=True):
    """An import into a table that waits for a worker."""

    job: Annotated[str, Meta(description="Identifier of the job.")]


def _laid_out(context: Context, request: MergeFile) -> tuple[Unpacked, int, Layout]:
    """Return what is read, how large it is, and how it is read."""
    found, seen = look(context, request)
    if len(request.how.fields) != len(seen.columns):
        raise ColumnsDoNotFit(found=len(seen.columns), given=len(request.how.fields))
    layout = Layout(
        **layout_of(
            found,
            seen,
            places=places_of(request.how),
            without_totals=request.without_totals,
            ditto=request.ditto,
        )
    )
    return found, seen.size, layout


@operation(
    "tables.preview_merge",
    permission=Permission.RECORDS_IMPORT,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/import/preview"),
    scope=lambda request: f"tables/{request.table}",
    ahead=_laid_out,
)
def preview_merge(context: Context, request: MergeFile) -> MergePreview:
    """Try what an upload would change in a table, and write nothing."""
    found, _, layout = context.ahead
    merger = merger_of(context, context.session, request.table, request.how)
    counted, rows, whole = Counted(), 0, True
    differences: list[Difference] = []
    new: list[list[str]] = []
    rejections: list[Rejection] = []
    with spool.open_upload(context.appliance.settings.spool, found.upload.id) as file:
        reading = Reading(file, layout, Stands(), batch=BATCH, batch_bytes=MOST_TOLD * 1024)
        for batch in reading.batches():
            if rows >= TRIED:
                whole = False
                break
            planned = merger.plan(context.session, batch)
            merger.settle()
            rows += len(batch)
            counted = counted.plus(planned, left_out=reading.stands.left_out)
            differences += _differences(merger, planned, SHOWN - len(differences))
            new += [record.cells for record in planned.records[: SHOWN - len(new)]]
            rejections += planned.rejections[: SHOWN - len(rejections)]
    return MergePreview(
        rows=rows,
        all_rows=whole,
        added=counted.added,
        changed=counted.changed,
        same=counted.same,
        rejected=counted.rejected,
        left_out=counted.left_out,
        differences=differences,
        new=[[cell[:200] for cell in row] for row in new],
        rejections=[_short(one) for one in rejections],
    )


def _short(rejection: Rejection) -> Rejection:
    cells = [cell[:200] for cell in rejection.cells]
    return msgspec.structs.replace(rejection, cells=cells, value=rejection.value[:200])


def _differences(merger: Merger, planned: Planned, most: int) -> list[Difference]:
    found: list[Difference] = []
    places = {one.id: at for at, one in enumerate(merger.table.fields, FIRST_VALUE)}
    for change in planned.changed:
        for field in merger.fields:
            if len(found) >= most:
                return found
            if field.id in change.values:
                write = words_of(field, merger.around)

                def told(value: Any, write: Any = write) -> str:  # noqa: ANN401
                    return "" if value is None else write(value)[:200]

                found.append(
                    Difference(
                        row=change.line,
                        record=change.row[0],
                        field=field.name,
                        before=told(change.row[places[field.id]]),
                        after=told(change.values[field.id]),
                    )
                )
    return found


@operation(
    "tables.import_into",
    permission=Permission.RECORDS_IMPORT,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/import", status=202),
    scope=lambda request: f"tables/{request.table}",
    ahead=_laid_out,  # the file is read before anybody else has to wait for the write lock
)
def import_into(context: Context, request: StartMerge) -> MergeStarted:
    """Bring the rows of an upload into a table, in the background."""
    found, size, layout = context.ahead
    merger = merger_of(context, context.session, request.table, request.how)
    context.event.about("table", str(merger.table.id), merger.table.name)
    context.event.numbers.update(bytes=size, fields=len(merger.fields))
    arguments = MergeArguments(
        upload=found.upload.id,
        origin=request.upload,
        sheet=found.sheet,
        plain=found.plain,
        table=merger.table.id,
        size=size,
        how=request.how,
        whole=request.whole,
        dry=request.dry,
        **msgspec.structs.asdict(layout),
    )
    return MergeStarted(job=enqueue(context, MERGE, arguments))
