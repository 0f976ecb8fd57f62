"""Imports, and the removal of what is kept no longer, batch by batch, continued after a kill."""

from collections.abc import Callable
from typing import BinaryIO, Final

import msgspec

from app.core import clock
from app.core.messages import mark
from app.files import spool
from app.files.unpacking import discard
from app.jobs.handlers import handler
from app.jobs.operations import GetJob, get_job
from app.jobs.run import Run
from app.jobs.standing import standing
from app.jobs.uploads import clear_uploads
from app.operations.context import Appliance
from app.services.tables import (
    catalogue,
    export_job,  # noqa: F401 - registers its handler
    merge_job,  # noqa: F401 - registers its handler
    places,
    revert_job,  # noqa: F401 - registers its handler
    search_job,  # noqa: F401 - registers its handler, and what asks for it
)
from app.services.tables.around import around_of
from app.services.tables.conversion import options_among
from app.services.tables.fields import MOST_OPTIONS, Option
from app.services.tables.importing import Converter, Rejection
from app.services.tables.operations.import_steps import (
    CHECKING,
    MOST_TOLD,
    READING,
    AbandonImport,
    Checkpoint,
    FinishImport,
    ImportBatch,
    ImportChoices,
    RefuseImport,
    abandon_import,
    finish_import,
    import_batch,
    import_choices,
    refuse_import,
)
from app.services.tables.operations.importing import IMPORT, ImportArguments
from app.services.tables.operations.indexing import (
    INDEX,
    INDEXING,
    IndexArguments,
    Indexed,
    IndexStep,
    index_step,
)
from app.services.tables.operations.keeping import (
    REMOVE,
    RemoveArguments,
    Removed,
    RemoveSome,
    remove_outdated,
)
from app.services.tables.operations.retype_steps import (
    CONVERTING,
    ConvertBatch,
    Reached,
    abandon_convert,
    convert_batch,
    finish_convert,
)
from app.services.tables.operations.retyping import CHOICES, CONVERT, ConvertArguments
from app.services.tables.physical import TableInfo
from app.services.tables.reading import BATCH, BATCH_BYTES, Reading, Stands

REMOVING: Final = mark("Removing what is older than was chosen")


class ImportResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of an import."""

    table: int
    rows: int
    rejected: int
    refused_table: int = 0
    """Table that was not made because not all rows fit: what did not fit is kept under it."""


def _abandoned(run: Run, arguments: ImportArguments) -> None:
    """Remove the table that nobody has seen, and the upload."""
    abandon_import(run.system(), AbandonImport(lease=run.lease, table=arguments.table))
    _remove_files(run, arguments)


def _remove_files(run: Run, arguments: ImportArguments) -> None:
    folder = run.appliance.settings.spool
    spool.remove(folder, arguments.upload)
    discard(folder, arguments.origin)


@handler(IMPORT, unit="bytes", abandoned=_abandoned)
def run_import(run: Run, arguments: ImportArguments) -> ImportResult:
    """Read the upload into the table."""
    stands = run.resume(Checkpoint) or Checkpoint()
    folder = run.appliance.settings.spool
    if not stands.finished:
        run.report(total=arguments.size, phase=READING)
        with run.appliance.database.read() as session:
            table = catalogue.find_table(session, arguments.table)
        with spool.open_upload(folder, arguments.upload) as file:
            if not stands.offset and (found := _choices(run, arguments, table, file)):
                wanted = ImportChoices(lease=run.lease, table=table.id, options=found)
                import_choices(run.context(), wanted)
                with run.appliance.database.read() as session:
                    table = catalogue.find_table(session, arguments.table)
            if arguments.whole and not stands.record and _refused(run, arguments, table, file):
                _remove_files(run, arguments)
                return ImportResult(table=0, rows=0, rejected=_count(run), refused_table=table.id)
            stands = _read(run, arguments, table, file, stands)
        stands = msgspec.structs.replace(stands, finished=True, above=[])  # nobody's data stays
        finish = FinishImport(lease=run.lease, table=table.id, checkpoint=stands)
        finish_import(run.context(), finish)
    _remove_files(run, arguments)
    clear_uploads(run.appliance)
    return ImportResult(table=arguments.table, rows=stands.rows, rejected=stands.rejected)


@handler(REMOVE, unit="rows")
def run_removal(run: Run, arguments: RemoveArguments) -> Removed:
    """Remove what is older than was chosen."""
    stands = run.resume(Removed) or Removed()
    run.report(phase=REMOVING)
    while not stands.finished:
        run.check()
        step = RemoveSome(
            lease=run.lease, kind=arguments.kind, before=arguments.before, stood=stands
        )
        stands = remove_outdated(run.system(), step)
    return stands


@handler(INDEX, unit="indexes")
def run_indexing(run: Run, arguments: IndexArguments) -> Indexed:
    """Make the indexes that the views of a table need, and drop the others."""
    stands = run.resume(Indexed) or Indexed()
    run.report(phase=INDEXING)
    while not stands.finished:
        run.check()
        step = IndexStep(lease=run.lease, table=arguments.table, stood=stands)
        stands = index_step(run.system(), step)
    return stands


def _stays(run: Run, arguments: ConvertArguments) -> None:
    """Leave the field with the type that it has."""
    step = ConvertBatch(lease=run.lease, arguments=arguments, stood=Reached())
    abandon_convert(run.system(), step)


@standing("tables.places", every=clock.MINUTE)
def keep_places(appliance: Appliance, is_stopping: Callable[[], bool]) -> None:
    """Write down where pages of long lists can begin."""
    places.keep(appliance, is_stopping)


@handler(CONVERT, unit="rows", abandoned=_stays)
def run_conversion(run: Run, arguments: ConvertArguments) -> Reached:
    """Fill the column of a field's new type, then let the field turn to it."""
    stands = run.resume(Reached) or Reached()
    run.report(total=arguments.total, phase=CONVERTING)
    while not stands.finished:
        run.check()
        step = ConvertBatch(lease=run.lease, arguments=arguments, stood=stands)
        stands = (finish_convert if stands.done else convert_batch)(run.context(), step)
    return stands


def _choices(
    run: Run, arguments: ImportArguments, table: TableInfo, file: BinaryIO
) -> dict[int, tuple[Option, ...]]:
    """Return the choices that the file names, of fields that were given none."""
    wanted = {
        place: field
        for place, field in enumerate(table.fields)
        if field.kind in CHOICES and not field.settings.options
    }
    if not wanted:
        return {}
    texts: dict[int, dict[str, None]] = {place: {} for place in wanted}
    for batch in _reading(file, arguments, Checkpoint()).batches():
        run.check()
        for found in batch:
            if found.reason:
                continue
            for place in wanted:
                if len(found.cells) > place and len(texts[place]) <= MOST_OPTIONS:
                    texts[place].setdefault(found.cells[place])
    return {field.id: options_among(texts[place], field.kind) for place, field in wanted.items()}


def _reading(file: BinaryIO, arguments: ImportArguments, stands: Checkpoint) -> Reading:
    at = Stands(
        offset=stands.offset, record=stands.record, above=stands.above, left_out=stands.left_out
    )
    return Reading(file, arguments, at, batch=BATCH, batch_bytes=BATCH_BYTES)


def _read(
    run: Run, arguments: ImportArguments, table: TableInfo, file: BinaryIO, stands: Checkpoint
) -> Checkpoint:
    """Write what is left of the file; return where it stands at the end."""
    reading = _reading(file, arguments, stands)
    run.check()
    for batch in reading.batches():
        run.check()
        with run.appliance.database.read() as session:  # who is called what
            around = around_of(run.context(), table.fields, session)
            found = Converter(table.fields, around).convert(batch)
        at = reading.stands
        stands = import_batch(
            run.context(),
            ImportBatch(
                lease=run.lease,
                table=table.id,
                rows=found.rows,
                records=found.records,
                rejections=found.rejections,
                before=stands,
                offset=at.offset,
                record=at.record,
                above=at.above,
                left_out=at.left_out,
                whole=arguments.whole,
            ),
        )
    return stands


def _refused(run: Run, arguments: ImportArguments, table: TableInfo, file: BinaryIO) -> bool:
    """Look whether all rows fit; where one does not, keep why, and let there be no table."""
    rejections: list[Rejection] = []
    count = 0
    reading = _reading(file, arguments, Checkpoint())
    for batch in reading.batches():
        run.check()
        with run.appliance.database.read() as session:
            around = around_of(run.context(), table.fields, session)
            found = Converter(table.fields, around).convert(batch)
        count += len(found.rejections)
        rejections += found.rejections[: MOST_TOLD - len(rejections)]
        run.report(done=reading.stands.offset, phase=CHECKING)
    if not count:
        return False
    refuse = RefuseImport(lease=run.lease, table=table.id, rejections=rejections, count=count)
    refuse_import(run.context(), refuse)
    return True


def _count(run: Run) -> int:
    """Return how many rows did not fit."""
    return get_job(run.system(), GetJob(job=run.lease.job)).numbers.get("rejected", 0)
