"""A file of a table's records, written into the spool for whoever asked for it."""

from collections.abc import Iterator
from typing import Any, Final

from app.core import clock
from app.core.messages import mark
from app.files import spool
from app.jobs.handlers import handler
from app.jobs.run import Run
from app.jobs.uploads import clear_uploads
from app.services.tables.operations.export_jobs import (
    EXPORT,
    KEPT,
    ExportArguments,
    ExportResult,
    FinishExport,
    digest_of,
    finish_export,
)
from app.services.tables.operations.exporting import chosen_rows, file_chunks, parts_of

WRITING: Final = mark("Writing the file")
LARGEST_FILE: Final = 16 * 1024 * spool.MEGABYTE
"""Bytes: beyond it the disk is guarded by itself."""


class _Told:
    """Rows on their way into the file, counted and told."""

    def __init__(self, run: Run, parts: Iterator[list[Any]]) -> None:
        self._run, self._parts = run, parts
        self.rows = 0

    def __iter__(self) -> Iterator[list[Any]]:
        for part in self._parts:
            self._run.check()
            self.rows += len(part)
            yield part
            self._run.report(done=self.rows, phase=WRITING)


@handler(EXPORT, unit="rows")
def run_export(run: Run, arguments: ExportArguments) -> ExportResult:
    """Write the file; what was written before a kill or a cancellation does not stay."""
    request, context = arguments.request, run.context()
    context.language = arguments.language
    folder = run.appliance.settings.spool
    run.report(total=arguments.total, phase=WRITING)
    with run.appliance.database.read() as session:
        chosen = chosen_rows(context.reading(session), request)
        table = chosen.table
        told = _Told(run, parts_of(chosen.rows, chosen, chosen.around))
        with spool.receive(folder, context.actor.account, table.name, LARGEST_FILE) as incoming:
            for chunk in file_chunks(chosen, iter(told), chosen.around, request):
                incoming.write(chunk)
            made = incoming.finish()
    try:
        finish_export(
            run.context(),
            FinishExport(lease=run.lease, table=table.id, rows=told.rows, size=made.size),
        )
    except BaseException:
        spool.remove(folder, made.id)
        raise
    clear_uploads(run.appliance)
    return ExportResult(
        export=table.id,
        file=made.id,
        rows=told.rows,
        until=clock.now() + KEPT,
        rules=digest_of(table),
    )
