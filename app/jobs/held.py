"""What the queue keeps for a person: jobs that wait or run, with that person's rights."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlmodel import Session

from app.core.messages import mark
from app.identity.holdings import Held, Holding, declare
from app.jobs.lease import jobs
from app.jobs.models import JobState

OPEN = (JobState.QUEUED, JobState.RUNNING)


def _jobs(session: Session, account: str) -> Sequence[Held]:
    found = session.connection().execute(
        select(jobs.c.id, jobs.c.kind, jobs.c.created_at)
        .where(jobs.c.created_by == account, jobs.c.state.in_(OPEN))
        .order_by(jobs.c.id)
    )
    return [
        Held(id=row.id, name=row.kind, since=row.created_at, href=f"/jobs/{row.id}")
        for row in found
    ]


def _pass_jobs(session: Session, account: str, successor: str) -> int:
    """Give jobs on: from their next batch they have the successor's rights."""
    given = session.connection().execute(
        update(jobs)
        .where(jobs.c.created_by == account, jobs.c.state.in_(OPEN))
        .values(created_by=successor)
    )
    return given.rowcount


def _end_jobs(session: Session, account: str, _now: int) -> int:
    """Ask them to stop: the worker ends each one, so that it cleans up after itself."""
    stopped = session.connection().execute(
        update(jobs)
        .where(jobs.c.created_by == account, jobs.c.state.in_(OPEN))
        .values(cancel_requested=True, not_before=0)
    )
    return stopped.rowcount


declare(Holding(kind="jobs", title=mark("Jobs"), held=_jobs, end=_end_jobs, pass_on=_pass_jobs))
