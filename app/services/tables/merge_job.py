"""The rows of a file into a table that people work with: checked, carried out, or taken back.

Each batch is one transaction together with the point to continue from. What was cancelled, failed,
or did not fit as a whole is taken back change by change, so that nothing half done stays.
"""

from typing import BinaryIO, Final
from urllib.parse import urlencode

import msgspec
from sqlmodel import Session

from app.core.errors import Conflict
from app.files import spool
from app.files.unpacking import discard
from app.jobs.handlers import handler
from app.jobs.run import Run
from app.jobs.uploads import clear_uploads
from app.services.tables.importing import Rejection
from app.services.tables.merge_writing import changes_of
from app.services.tables.merging import Merger
from app.services.tables.operations.import_steps import CHECKING, MOST_TOLD
from app.services.tables.operations.merge_steps import (
    MERGE,
    Counted,
    FinishMerge,
    MergeArguments,
    MergeBatch,
    MergeStands,
    TakeBack,
    finish_merge,
    merge_batch,
    merger_of,
    take_back_batch,
)
from app.services.tables.reading import Reading, Stands

BATCH: Final = 2_000
"""Records a transaction: each change notes what was there before."""
BATCH_BYTES: Final = 1024 * 1024
TRIES: Final = 5
"""Times that a batch is planned anew because people changed the same records meanwhile."""


class MergeResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an import into a table."""

    table: int
    added: int
    changed: int
    same: int
    rejected: int
    dry: bool = False
    """Nothing was written: it was only counted."""
    refused: bool = False
    """Nothing was written: not all rows fit."""
    upload: str = ""
    """What was counted, for the way back to the choices that were made."""
    query: str = ""
    """Those choices."""


def _undone(run: Run, arguments: MergeArguments) -> None:
    """Take back what was carried out before the import was cancelled or failed."""
    if not arguments.dry:
        with run.appliance.database.read() as session:
            changes = changes_of(session, arguments.table, run.lease.job)
        for change in changes:
            take_back_batch(
                run.system(), TakeBack(lease=run.lease, table=arguments.table, change=change)
            )
        discard(run.appliance.settings.spool, arguments.origin)


@handler(MERGE, unit="bytes", abandoned=_undone)
def run_merge(run: Run, arguments: MergeArguments) -> MergeResult:
    """Read the upload into the table."""
    stands = run.resume(MergeStands) or MergeStands()
    folder = run.appliance.settings.spool
    if not stands.finished:
        run.report(total=arguments.size)
        with spool.open_upload(folder, arguments.upload) as file:
            if arguments.dry or (arguments.whole and not stands.started):
                counted, rejections = _check(run, arguments, file)
                if arguments.dry or counted.rejected:
                    stands = MergeStands(counted=counted, finished=True)
                    kept = [] if arguments.dry else rejections
                    _finish(run, arguments, stands, kept)
                    return _result(run, arguments, stands)
            stands = _carry_out(run, arguments, file, stands)
        # what the last row held does not stay in the job
        stands = msgspec.structs.replace(stands, finished=True, at=Stands())
        _finish(run, arguments, stands, [])
    return _result(run, arguments, stands)


def _result(run: Run, arguments: MergeArguments, stands: MergeStands) -> MergeResult:
    if not arguments.dry:
        discard(run.appliance.settings.spool, arguments.origin)
        clear_uploads(run.appliance)
    found = stands.counted
    return MergeResult(
        table=arguments.table,
        added=found.added,
        changed=found.changed,
        same=found.same,
        rejected=found.rejected,
        dry=arguments.dry,
        refused=arguments.whole and bool(found.rejected) and not arguments.dry,
        upload=arguments.origin if arguments.dry else "",
        query=_query(arguments) if arguments.dry else "",
    )


def _query(arguments: MergeArguments) -> str:
    """Return what was chosen, as the address of the page that tries an import."""
    how = arguments.how
    chosen = {
        "encoding": "" if arguments.plain else arguments.encoding,
        "delimiter": "" if arguments.plain else arguments.delimiter,
        "header": "yes" if arguments.header else "no",
        "skip": arguments.skip,
        "sheet": arguments.sheet or "",
        "fields": ".".join(map(str, how.fields)),
        "key": how.key,
        "mode": how.mode.value,
        "clear": "yes" if how.clear else "",
        "totals": "yes" if arguments.without_totals else "",
        "ditto": "yes" if arguments.ditto else "",
        "whole": "yes" if arguments.whole else "",
    }
    return urlencode({name: value for name, value in chosen.items() if value != ""})


def _finish(
    run: Run, arguments: MergeArguments, stands: MergeStands, rejections: list[Rejection]
) -> None:
    finish_merge(
        run.context(),
        FinishMerge(
            lease=run.lease,
            table=arguments.table,
            stands=stands,
            rejections=rejections,
            dry=arguments.dry,
        ),
    )


def _reading(file: BinaryIO, arguments: MergeArguments, stands: MergeStands) -> Reading:
    return Reading(file, arguments, stands.at, batch=BATCH, batch_bytes=BATCH_BYTES)


def _check(run: Run, arguments: MergeArguments, file: BinaryIO) -> tuple[Counted, list[Rejection]]:
    """Count what would become of all rows; nothing is written."""
    counted, rejections = Counted(), list[Rejection]()
    reading = _reading(file, arguments, MergeStands())
    merger: Merger | None = None
    for batch in reading.batches():
        run.check()
        with run.appliance.database.read() as session:
            merger = _renewed(run, arguments, session, merger)
            planned = merger.plan(session, batch)
        merger.settle()
        counted = counted.plus(planned, left_out=reading.stands.left_out)
        rejections += map(merger.told, planned.rejections[: MOST_TOLD - len(rejections)])
        run.report(done=reading.stands.offset, phase=CHECKING)
    return counted, rejections


def _carry_out(
    run: Run, arguments: MergeArguments, file: BinaryIO, stands: MergeStands
) -> MergeStands:
    reading = _reading(file, arguments, stands)
    merger: Merger | None = None
    if stands.at.offset:
        merger = _remember(run, arguments, file, stands.at.offset)
        reading = _reading(file, arguments, stands)
    for batch in reading.batches():
        for attempt in range(1, TRIES + 1):
            run.check()
            with run.appliance.database.read() as session:
                merger = _renewed(run, arguments, session, merger)
                planned = merger.plan(session, batch)
            request = MergeBatch(
                lease=run.lease,
                table=arguments.table,
                design=merger.table.rev,
                how=arguments.how,
                planned=planned,
                whole=arguments.whole,
                before=stands,
                at=reading.stands,
            )
            try:
                stands = merge_batch(run.context(), request)
            except Conflict:
                if attempt == TRIES:
                    raise
                continue
            merger.settle()
            break
    return msgspec.structs.replace(stands, started=True)


def _renewed(
    run: Run, arguments: MergeArguments, session: Session, merger: Merger | None
) -> Merger:
    """Return what plans the next rows, with table, names and rights as they are now."""
    fresh = merger_of(run.context(), session, arguments.table, arguments.how)
    if merger is not None:
        fresh.take_over(merger)
    return fresh


def _remember(run: Run, arguments: MergeArguments, file: BinaryIO, until: int) -> Merger | None:
    """Read the rows that were carried out before a kill again, for their keys alone."""
    merger: Merger | None = None
    reading = _reading(file, arguments, MergeStands())
    for batch in reading.batches():
        run.check()
        with run.appliance.database.read() as session:
            merger = _renewed(run, arguments, session, merger)
            merger.know(batch)
        if reading.stands.offset >= until:
            break
    return merger
