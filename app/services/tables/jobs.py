"""Imports, and the removal of what is kept no longer, batch by batch, continued after a kill."""

from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, Final

import msgspec

from app.core.messages import mark
from app.files import spool
from app.files.csv_reading import CsvSource, Format, Record
from app.jobs.handlers import handler
from app.jobs.run import Run
from app.jobs.uploads import clear_uploads
from app.services.tables import catalogue
from app.services.tables.around import around_of
from app.services.tables.conversion import options_among
from app.services.tables.fields import MOST_OPTIONS, Option
from app.services.tables.importing import Converter
from app.services.tables.operations.import_steps import (
    READING,
    AbandonImport,
    Checkpoint,
    FinishImport,
    ImportBatch,
    ImportChoices,
    abandon_import,
    finish_import,
    import_batch,
    import_choices,
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

BATCH: Final = 5_000
"""Records a transaction: a few tenths of a second, so that others get their turn."""
BATCH_BYTES: Final = 2 * 1024 * 1024
"""Of the file, a transaction: what it writes stays well below the room that a change starts with
(`app.core.reserve`), so that no batch of long texts fills the disk in its middle."""


REMOVING: Final = mark("Removing what is older than was chosen")


class ImportResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an import."""

    table: int
    rows: int
    rejected: int


def _abandoned(run: Run, arguments: ImportArguments) -> None:
    """Remove the table that nobody has seen, and the upload."""
    abandon_import(run.system(), AbandonImport(lease=run.lease, table=arguments.table))
    spool.remove(run.appliance.settings.spool, arguments.upload)


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
            stands = _read(run, arguments, table, file, stands)
        stands = msgspec.structs.replace(stands, finished=True)
        finish = FinishImport(lease=run.lease, table=table.id, checkpoint=stands)
        finish_import(run.context(), finish)
    spool.remove(folder, arguments.upload)
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
    for number, found in enumerate(CsvSource(file, _form(arguments))):
        if number % BATCH == 0:
            run.check()
        if found.reason or (arguments.header and not number):
            continue
        for place in wanted:
            if len(found.cells) > place and len(texts[place]) <= MOST_OPTIONS:
                texts[place].setdefault(found.cells[place])
    file.seek(0)
    return {field.id: options_among(texts[place], field.kind) for place, field in wanted.items()}


def _form(arguments: ImportArguments) -> Format:
    return Format(encoding=arguments.encoding, delimiter=arguments.delimiter)


def _read(
    run: Run, arguments: ImportArguments, table: TableInfo, file: BinaryIO, stands: Checkpoint
) -> Checkpoint:
    """Write what is left of the file; return where it stands at the end."""
    source = CsvSource(file, _form(arguments), offset=stands.offset, number=stands.record)
    records = iter(source)
    if arguments.header and stands.record == 0:
        next(records, None)
    while True:
        run.check()
        batch = list(_batch(source, records))
        with run.appliance.database.read() as session:  # who is called what
            around = around_of(run.context(), table.fields, session)
            found = Converter(table.fields, around).convert(batch)
        if not batch:
            return stands
        stands = import_batch(
            run.context(),
            ImportBatch(
                lease=run.lease,
                table=table.id,
                rows=found.rows,
                records=found.records,
                rejections=found.rejections,
                before=stands,
                offset=source.offset,
                record=source.number,
            ),
        )


def _batch(source: CsvSource, records: Iterator[Record]) -> Iterator[Record]:
    begin = source.offset
    for record in islice(records, BATCH):
        yield record
        if source.offset - begin >= BATCH_BYTES:
            return
