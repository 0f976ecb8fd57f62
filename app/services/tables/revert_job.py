"""Taking a change back: a job that goes on after a kill, and leaves all or nothing of itself.

Each batch is one transaction together with the point to go on from. Cancelled or failed, it takes
back its own changes in the same way: what people did meanwhile stays.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.core.errors import Conflict
from app.jobs.handlers import handler
from app.jobs.run import Run
from app.services.tables.operations.merge_steps import TAKING_BACK
from app.services.tables.operations.revert_steps import (
    LeftOut,
    RevertBatch,
    RevertStands,
    abandon_revert,
    finish_revert,
    revert_batch,
)
from app.services.tables.operations.reverting import REVERT, RevertArguments

TRIES = 5
"""Times that a batch is planned anew because people changed the same records meanwhile."""


class RevertResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of taking a change back."""

    table: Annotated[int, Meta(description="Number of the table.")]
    what: Annotated[str, Meta(description="What was taken back.")]
    left: Annotated[list[LeftOut], Meta(description="The first records that were left.")]


def _undone(run: Run, arguments: RevertArguments) -> None:
    stands = RevertStands()
    while not stands.finished:
        step = RevertBatch(lease=run.lease, arguments=arguments, stood=stands)
        stands = abandon_revert(run.system(), step)


@handler(REVERT, unit="rows", abandoned=_undone)
def run_revert(run: Run, arguments: RevertArguments) -> RevertResult:
    """Take back each change, the last one first."""
    stands = run.resume(RevertStands) or RevertStands()
    run.report(total=arguments.total, phase=TAKING_BACK)
    while not stands.finished:
        for attempt in range(1, TRIES + 1):
            run.check()
            step = RevertBatch(lease=run.lease, arguments=arguments, stood=stands)
            try:
                stands = (finish_revert if stands.done else revert_batch)(run.context(), step)
            except Conflict:
                if attempt == TRIES:
                    raise
            else:
                break
    return RevertResult(table=arguments.table, what=arguments.what, left=stands.left)
