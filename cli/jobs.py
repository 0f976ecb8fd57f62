"""`tenshu jobs`: background jobs."""

import click

from app.core.messages import mark
from app.jobs.operations import CancelJob, GetJob, ListJobs, cancel_job, get_job, list_jobs
from app.jobs.view import JobView
from cli.invocation import Invocation, everywhere, this_call
from cli.table import columns, moment


@click.group
@everywhere
def jobs() -> None:
    """Look at background jobs and stop them."""


@jobs.command("list")
@click.option("--open", "open_only", is_flag=True, help="Only jobs that have not ended.")
@click.option("--after", default="", help="Where the page before ended.")
@everywhere
@this_call
def list_(invocation: Invocation, open_only: bool, after: str) -> None:
    """List everybody's jobs, the newest first."""
    with invocation.context() as context:
        page = list_jobs(context, ListJobs(everybody=True, open_only=open_only, after=after))
    heads = [invocation.words(head) for head in (mark("Job"), mark("Kind"), mark("State"))]
    heads += [invocation.words(head) for head in (mark("Progress"), mark("Asked for at"))]
    rows = [
        (job.id, job.kind, job.state.value, progress_of(job), moment(job.created_at))
        for job in page.items
    ]
    invocation.answer(page, lambda: columns(heads, rows))


@jobs.command
@click.argument("job")
@everywhere
@this_call
def show(invocation: Invocation, job: str) -> None:
    """Show one job."""
    with invocation.context() as context:
        found = get_job(context, GetJob(job=job))
    invocation.answer(found, lambda: describe(found))


@jobs.command
@click.argument("job")
@everywhere
@this_call
def cancel(invocation: Invocation, job: str) -> None:
    """Ask a job to stop after the batch that it is at."""
    with invocation.context() as context:
        found = cancel_job(context, CancelJob(job=job))
    invocation.answer(found, lambda: describe(found))


def progress_of(job: JobView) -> str:
    """Return how far a job is."""
    if not job.total:
        return f"{job.done} {job.unit}".strip() if job.done else ""
    return f"{job.done}/{job.total} {job.unit} ({100 * job.done // job.total} %)"


def describe(job: JobView) -> str:
    """Return one job for people."""
    lines = [f"{job.id}  {job.kind}  {job.state.value}  {progress_of(job)}"]
    lines += [f"  {name}: {count}" for name, count in job.numbers.items()]
    if job.error:
        lines.append(f"  {job.error}")
    return "\n".join(lines)
