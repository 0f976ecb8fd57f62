"""A job as people see it."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import Row

from app.core import clock
from app.jobs.lease import jobs
from app.jobs.models import JobState

COLUMNS: Final = tuple(
    jobs.c[name]
    for name in (
        "id",
        "kind",
        "created_by",
        "state",
        "phase",
        "done",
        "total",
        "unit",
        "numbers",
        "cancel_requested",
        "created_at",
        "started_at",
        "finished_at",
        "updated_at",
        "claimed_at",
        "claimed_done",
        "result",
        "error",
        "error_parameters",
    )
)


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """What a page or the command line shows of a job."""

    id: Annotated[str, Meta(description="Identifier of the job.")]
    kind: Annotated[str, Meta(description="What kind of work it is.")]
    created_by: Annotated[str, Meta(description="Account that started it.")]
    state: Annotated[JobState, Meta(description="Where it stands.")]
    phase: Annotated[str, Meta(description="What it does at the moment.")]
    done: Annotated[int, Meta(description="How much is done, in `unit`.")]
    total: Annotated[int, Meta(description="How much there is to do; 0 while it is unknown.")]
    unit: Annotated[str, Meta(description="What `done` and `total` count.")]
    numbers: Annotated[dict[str, int], Meta(description="Further counts, such as rows.")]
    cancel_requested: Annotated[bool, Meta(description="Somebody asked it to stop.")]
    created_at: Annotated[int, Meta(description="When it was asked for, in milliseconds.")]
    started_at: Annotated[int, Meta(description="When it began; 0 while it waits.")]
    finished_at: Annotated[int, Meta(description="When it ended; 0 while it has not.")]
    per_second: Annotated[float, Meta(description="Speed in units a second; 0 while unknown.")]
    seconds_left: Annotated[float | None, Meta(description="Time left; none while unknown.")]
    result: Annotated[dict[str, Any] | None, Meta(description="What it gave back.")]
    error: Annotated[str, Meta(description="Code of the error that ended it.")]
    error_parameters: Annotated[dict[str, str], Meta(description="The error's parameters.")]


def speed_of(done: int, total: int, since: int, until: int) -> tuple[float, float | None]:
    """Return units a second and seconds left, from what was done between two times (ms)."""
    if done <= 0 or until <= since:
        return 0.0, None
    per_second = done * clock.SECOND / (until - since)
    return per_second, (max(0, total) / per_second if total else None)


def view_of(row: Row[Any]) -> JobView:
    """Return the view of a row that was selected by COLUMNS."""
    found = row._asdict()
    since, before = found.pop("claimed_at"), found.pop("claimed_done")
    until, done, total = found.pop("updated_at"), found["done"], found["total"]
    running = found["state"] == JobState.RUNNING
    per_second, left = (
        speed_of(done - before, total - done, since, until) if running else (0.0, None)
    )
    for name in ("numbers", "error_parameters"):
        found[name] = msgspec.json.decode(found[name])
    found["result"] = msgspec.json.decode(found["result"]) if found["result"] else None
    return JobView(
        **{**found, "state": JobState(found["state"])}, per_second=per_second, seconds_left=left
    )
