"""The import of a list as a background job: continued where a kill left it."""

import msgspec

from app.files import spool
from app.jobs.handlers import handler
from app.jobs.run import Run
from app.jobs.uploads import clear_uploads
from app.operations.context import Context
from app.people.comparing import Compared, compare_upload
from app.people.operations.applying import Applied
from app.people.operations.importing import IMPORT, ListArguments, require_appliable
from app.people.running import apply_all


class ListResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an import."""

    counts: dict[str, int]
    faulty: int
    """Rows that did not fit."""
    upload: str
    """Where they can be looked at again; empty where all did."""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The last checkpoint: all is applied, and the upload is needed no more."""

    result: ListResult | None = None


@handler(IMPORT, unit="people")
def run_import(run: Run, arguments: ListArguments) -> ListResult:
    """Apply the list of an upload."""
    ended = run.resume(Ended)
    result = ended.result if ended else None
    if result is None:
        result = _apply(run, arguments)
        run.keep(Ended(result=result))
    if not result.upload:
        spool.remove(run.appliance.settings.spool, arguments.upload)
    clear_uploads(run.appliance)
    return result


def _apply(run: Run, arguments: ListArguments) -> ListResult:
    applied = run.resume(Applied) or Applied()
    faulty = 0

    def compare(context: Context) -> Compared:
        nonlocal faulty
        compared = compare_upload(
            context,
            arguments.upload,
            owner=arguments.owner,
            encoding=arguments.encoding,
            columns=arguments.columns,
        )
        if not applied.done and not compared.plan.is_empty:
            require_appliable(compared, good_rows=arguments.good_rows)
        faulty = compared.plan.faulty_rows
        return compared

    applied = apply_all(
        run.context,
        compare,
        applied=applied,
        lease=run.lease,
        told=lambda _applied, _total: run.check(),
    )
    return ListResult(
        counts=applied.counts, faulty=faulty, upload=arguments.upload if faulty else ""
    )
