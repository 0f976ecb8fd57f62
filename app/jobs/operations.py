"""What people and the worker do with jobs."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import func, select, update

from app.audit.event import Outcome
from app.core import clock
from app.core.errors import NotFound
from app.core.messages import mark
from app.jobs.errors import JobEnded
from app.jobs.lease import Lease, jobs, keep
from app.jobs.models import JobState
from app.jobs.view import COLUMNS, JobView, view_of
from app.operations.context import SYSTEM_ACCOUNT, Context
from app.operations.operation import Effect, Route, operation
from app.operations.page import Page
from app.operations.permissions import Permission

JobId = Annotated[str, Meta(description="Identifier of the job.", max_length=40)]
OPEN = (JobState.QUEUED, JobState.RUNNING)


class ListJobs(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs to list."""

    everybody: Annotated[bool, Meta(description="Other people's jobs too.")] = False
    open_only: Annotated[bool, Meta(description="Only jobs that have not ended.")] = False
    after: Annotated[str, Meta(description="Where the page before ended.", max_length=40)] = ""
    limit: Annotated[int, Meta(description="Most jobs to return.", ge=1, le=200)] = 50


class GetJob(msgspec.Struct, frozen=True, kw_only=True):
    """Which job to show."""

    job: JobId


class CancelJob(msgspec.Struct, frozen=True, kw_only=True):
    """Which job to stop."""

    job: JobId


def _mine(context: Context) -> str:
    return SYSTEM_ACCOUNT if context.actor.local else context.actor.account


def _find(context: Context, identifier: str, permission: Permission) -> JobView:
    """Return one job. Raise NotFound; or NotAllowed where it is another person's."""
    row = (
        context.session.connection()
        .execute(select(*COLUMNS).where(jobs.c.id == identifier))
        .first()
    )
    if row is None:
        raise NotFound(kind=mark("job"), name=identifier)
    found = view_of(row)
    if found.created_by != _mine(context):
        context.require(permission)
    return found


@operation(
    "jobs.list",
    permission=Permission.SIGNED_IN,
    effect=Effect.READ,
    route=Route("GET", "/jobs"),
)
def list_jobs(context: Context, request: ListJobs) -> Page[JobView]:
    """List jobs, the newest first: one's own, or everybody's."""
    query = select(*COLUMNS).order_by(jobs.c.id.desc()).limit(request.limit + 1)
    if request.everybody:
        context.require(Permission.JOBS_VIEW)
    else:
        query = query.where(jobs.c.created_by == _mine(context))
    if request.open_only:
        query = query.where(jobs.c.state.in_(OPEN))
    if request.after:
        query = query.where(jobs.c.id < request.after)
    found = [view_of(row) for row in context.session.connection().execute(query)]
    more = len(found) > request.limit
    items = found[: request.limit]
    return Page(items=items, after=items[-1].id if more else "")


@operation(
    "jobs.get",
    permission=Permission.SIGNED_IN,
    effect=Effect.READ,
    route=Route("GET", "/jobs/{job}"),
)
def get_job(context: Context, request: GetJob) -> JobView:
    """Show one job with its progress."""
    return _find(context, request.job, Permission.JOBS_VIEW)


@operation(
    "jobs.cancel", permission=Permission.SIGNED_IN, route=Route("POST", "/jobs/{job}/cancel")
)
def cancel_job(context: Context, request: CancelJob) -> JobView:
    """Ask a job to stop after the batch that it is at.

    The worker ends it, so that its clean-up runs, also where it still waits in the queue.
    """
    found = _find(context, request.job, Permission.JOBS_MANAGE)
    context.event.about("job", found.id, found.kind)
    changed = context.session.connection().execute(
        update(jobs)
        .where(jobs.c.id == request.job, jobs.c.state.in_(OPEN))
        .values(cancel_requested=True, not_before=0)
    )
    if changed.rowcount != 1:
        raise JobEnded
    return _find(context, request.job, Permission.JOBS_MANAGE)


class StartJob(msgspec.Struct, frozen=True, kw_only=True):
    """A worker begins or continues a job."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    kind: Annotated[str, Meta(description="What kind of work it is.")]
    owner: Annotated[str, Meta(description="Account that started it.")]
    attempt: Annotated[int, Meta(description="Claims since the last progress.")]


class FinishJob(msgspec.Struct, frozen=True, kw_only=True):
    """A worker ends a job."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    kind: Annotated[str, Meta(description="What kind of work it is.")]
    owner: Annotated[str, Meta(description="Account that started it.")]
    state: Annotated[JobState, Meta(description="How it ended.")]
    result: Annotated[str, Meta(description="JSON of what the handler returned.")] = ""
    error: Annotated[str, Meta(description="Code of the error that ended it.")] = ""
    error_parameters: Annotated[dict[str, str], Meta(description="The error's parameters.")] = (
        msgspec.field(default_factory=dict)
    )


def _tell(context: Context, request: StartJob | FinishJob) -> None:
    context.event.about("job", request.lease.job, request.kind)
    context.event.references.update(job=request.lease.job, owner=request.owner)


@operation("jobs.start", permission=Permission.JOBS_MANAGE, planes=())
def start_job(context: Context, request: StartJob) -> None:
    """Note that a worker begins, or continues, a job."""
    _tell(context, request)
    context.event.numbers["attempt"] = request.attempt
    first = func.coalesce(func.nullif(jobs.c.started_at, 0), context.now)
    keep(context.session, request.lease, {"started_at": first})


@operation("jobs.finish", permission=Permission.JOBS_MANAGE, planes=(), in_reserve=True)
def finish_job(context: Context, request: FinishJob) -> None:
    """Note how a job ended."""
    _tell(context, request)
    context.event.references["state"] = request.state.value
    if request.state is JobState.FAILED:
        context.event.outcome, context.event.error = Outcome.FAILED, request.error
    now = clock.now()
    keep(
        context.session,
        request.lease,
        {
            "state": request.state.value,
            "finished_at": now,
            "updated_at": now,
            "result": request.result,
            "error": request.error,
            "error_parameters": msgspec.json.encode(request.error_parameters).decode(),
            "lease_owner": "",
            "lease_until": 0,
        },
    )
