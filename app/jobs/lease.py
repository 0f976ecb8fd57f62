"""Holding a job: one process at a time, and nobody who lost it can commit for it.

A lease lasts LEASE milliseconds and is renewed by a heartbeat. Every batch moves the job on with
`advance` inside the batch's own transaction: if the lease was lost in the meantime (the machine
slept, another worker took over), that raises and the whole batch is rolled back. So each batch
counts exactly once.
"""

import os
import secrets
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import Table, update
from sqlmodel import Session, SQLModel

from app.core import clock
from app.jobs.errors import LeaseLost
from app.jobs.models import Job, JobState

LEASE: Final = 30 * clock.SECOND
"""How long a silent worker keeps its jobs: six heartbeats."""
HEARTBEAT: Final = 5 * clock.SECOND

jobs: Final[Table] = SQLModel.metadata.tables[str(Job.__tablename__)]


class Lease(msgspec.Struct, frozen=True):
    """The hold of one attempt on one job."""

    job: str
    """Identifier of the job."""
    owner: str
    """Process and attempt that hold it."""


def _started(pid: int) -> str:
    """Return when a process started, in clock ticks since boot (proc(5)); empty if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def new_owner(machine: str) -> str:
    """Return a name for one attempt of this process: no two attempts share one."""
    pid = os.getpid()
    return f"{machine}:{pid}:{_started(pid)}:{secrets.token_hex(4)}"


def is_alive(owner: str, machine: str) -> bool:
    """Tell whether the process of `owner` may still run; true for other machines' processes."""
    where, pid, started, _ = owner.rsplit(":", 3)
    return where != machine or _started(int(pid)) == started


def advance(
    session: Session,
    lease: Lease,
    *,
    checkpoint: msgspec.Struct | None = None,
    done: int | None = None,
    total: int | None = None,
    phase: str | None = None,
    numbers: dict[str, int] | None = None,
) -> None:
    """Move the job on, in the transaction of the batch that it tells of.

    What is not given stays as it is; a checkpoint starts the count of attempts anew. Raise
    LeaseLost if another process holds the job.
    """
    now = clock.now()
    values: dict[str, object] = {"updated_at": now, "lease_until": now + LEASE}
    if checkpoint is not None:
        values["attempts"] = 0  # only what need not be done again is progress
        values["checkpoint"] = msgspec.json.encode(checkpoint).decode()
    if numbers is not None:
        values["numbers"] = msgspec.json.encode(numbers).decode()
    given = {"done": done, "total": total, "phase": phase}
    values |= {name: value for name, value in given.items() if value is not None}
    keep(session, lease, values)


def keep(session: Session, lease: Lease, values: dict[str, object]) -> None:
    """Write into the job that `lease` holds. Raise LeaseLost if another process holds it."""
    changed = session.connection().execute(
        update(jobs)
        .where(
            jobs.c.id == lease.job,
            jobs.c.state == JobState.RUNNING,
            jobs.c.lease_owner == lease.owner,
        )
        .values(values)
    )
    if changed.rowcount != 1:
        raise LeaseLost


def renew(session: Session, leases: list[Lease]) -> None:
    """Tell that these jobs are still being worked on.

    A lease that a batch has just renewed is left alone: nobody collides with that batch.
    """
    now = clock.now()
    session.connection().execute(
        update(jobs)
        .where(
            jobs.c.lease_owner.in_([lease.owner for lease in leases]),
            jobs.c.state == JobState.RUNNING,
            jobs.c.lease_until < now + LEASE - HEARTBEAT,
        )
        .values(lease_until=now + LEASE)
    )
