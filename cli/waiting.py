"""A background job asked for, and followed to its end. The appliance's worker does it."""

import contextlib
import time
from collections.abc import Iterator
from typing import Final

from app.core.errors import TenshuError
from app.core.messages import mark
from app.jobs.handlers import load_handlers
from app.jobs.models import JobState
from app.jobs.operations import GetJob, get_job
from app.jobs.view import JobView
from app.operations.context import Context
from cli.invocation import Invocation
from cli.progress import Bar

POLL_SECONDS: Final = 0.3
PATIENCE_SECONDS: Final = 5.0
"""How long a job may wait before it is said who has to take it: a worker looks every second."""


class JobEndedOtherwise(TenshuError):
    """A job failed, or somebody stopped it."""

    code = "command.job_ended_otherwise"
    message = "The job {job} did not reach its end ({state})."
    hint = "See why: tenshu jobs show {job}"


@contextlib.contextmanager
def asking_for_work(invocation: Invocation) -> Iterator[Context]:
    """Open the appliance for operations that start a job: they must know its kind."""
    load_handlers()
    with invocation.context() as context:
        yield context


def follow(invocation: Invocation, context: Context, job: str) -> JobView:
    """Wait until a job is done; show how far it is. Raise JobEndedOtherwise."""
    bar, begun, told = Bar(), time.monotonic(), False
    try:
        while (found := get_job(context, GetJob(job=job))).state in (
            JobState.QUEUED,
            JobState.RUNNING,
        ):
            if found.state is JobState.RUNNING:
                percent = 100 * found.done / max(found.total, found.done, 1)
                bar.show(invocation.words(found.phase), percent)
            elif not told and time.monotonic() - begun > PATIENCE_SECONDS:
                told = True
                invocation.tell(
                    mark("Job {job} waits until the appliance runs (tenshu start). "
                         "Ctrl-C ends the waiting, not the job."),
                    job=job,
                )  # fmt: skip
            time.sleep(POLL_SECONDS)
    finally:
        bar.close()
    if found.state is not JobState.DONE:
        raise JobEndedOtherwise(job=job, state=found.state.value)
    return found
