"""Jobs that have ended: who asked for which work, and what came of it."""

from typing import Final

from sqlalchemy import delete, func, select

from app.core.messages import mark
from app.identity.keeping import Due, Kept, declare
from app.jobs.lease import jobs
from app.operations.context import Context

AT_ONCE: Final = 2_000


def _due(context: Context, before: int, _since: int) -> Due:
    question = select(func.count(), func.min(jobs.c.finished_at)).where(
        jobs.c.finished_at > 0, jobs.c.finished_at < before
    )
    count, oldest = context.session.connection().execute(question).one()
    return Due(count=count, oldest=oldest or 0)


def _remove(context: Context, before: int) -> int:
    some = (
        select(jobs.c.id).where(jobs.c.finished_at > 0, jobs.c.finished_at < before).limit(AT_ONCE)
    )
    gone = context.session.connection().execute(delete(jobs).where(jobs.c.id.in_(some)))
    return gone.rowcount


declare(
    Kept(
        kind="jobs",
        title=mark("Jobs that have ended"),
        help=mark("Counted from the end of the job. What it made stays."),
        due=_due,
        remove=_remove,
    )
)
