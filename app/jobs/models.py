"""The one table of the background jobs."""

import enum

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from app.core.rows import Row


class JobState(enum.StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Row, table=True):
    """One piece of long work. Times are milliseconds, 0 where the thing has not happened."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_claim", "state", "not_before"),
        Index("ix_jobs_created_by", "created_by", "id"),
        {
            "info": {
                "access": {
                    "console": "select insert update delete",
                    "workspace": "select insert update",
                    "audit": "",
                }
            }
        },
    )

    id: str = Field(primary_key=True)
    kind: str
    """Name of the handler."""
    arguments: str
    """JSON of the handler's argument struct."""
    created_by: str
    """Account whose rights the job has; they are loaded anew whenever it runs."""
    narrowed: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Rights of the token that asked: the job has no more, whatever its owner may do. Empty: a
    person asked."""
    created_at: int = Field(sa_type=BigInteger)
    started_at: int = Field(default=0, sa_type=BigInteger)
    finished_at: int = Field(default=0, sa_type=BigInteger)
    updated_at: int = Field(sa_type=BigInteger)
    """Time of the last progress."""

    state: str
    phase: str = ""
    """What it does at the moment: an English text of the catalogue."""
    done: int = Field(default=0, sa_type=BigInteger)
    total: int = Field(default=0, sa_type=BigInteger)
    """0 while it is unknown."""
    unit: str = ""
    """`bytes`, `rows` …: what `done` and `total` count."""
    numbers: str = "{}"
    """JSON object of further counts to show."""
    cancel_requested: bool = False

    attempts: int = 0
    """Claims since the last progress; a job that makes progress is never given up."""
    max_attempts: int
    not_before: int = Field(default=0, sa_type=BigInteger)
    """A failed attempt waits until then."""
    lease_owner: str = ""
    """Who works on it: machine, process, start of the process, thread, nonce."""
    lease_until: int = Field(default=0, sa_type=BigInteger)
    claimed_at: int = Field(default=0, sa_type=BigInteger)
    claimed_done: int = Field(default=0, sa_type=BigInteger)
    """`done` when it was claimed last: speed is counted from there."""
    checkpoint: str = ""
    """JSON that the handler continues from, written in the transaction of each batch."""

    result: str = ""
    """JSON of what the handler returned."""
    error: str = ""
    """Code of the error that ended it."""
    error_parameters: str = "{}"
    """JSON object."""
