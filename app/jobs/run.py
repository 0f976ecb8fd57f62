"""One attempt at a job, as its handler sees it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import msgspec
from sqlalchemy import select

from app.audit.event import Source
from app.jobs.errors import JobCancelled, LeaseLost, WorkerStopping
from app.jobs.lease import Lease, advance, jobs
from app.jobs.owner import ActorOf, load_owner
from app.operations.context import SYSTEM, Appliance, Context, Plane

Checkpoint = TypeVar("Checkpoint", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Run:
    """What a handler works with."""

    appliance: Appliance
    lease: Lease
    created_by: str
    checkpoint: str
    actor_of: ActorOf
    is_stopping: Callable[[], bool] = field(default=lambda: False)

    def resume(self, kind: type[Checkpoint]) -> Checkpoint | None:
        """Return where the last committed batch left off; None at the beginning."""
        return msgspec.json.decode(self.checkpoint, type=kind) if self.checkpoint else None

    def context(self) -> Context:
        """Return a context with the owner's rights as they are now, for the next operation.

        The owner may have changed since the job was claimed: who leaves passes jobs on. Raise
        OwnerGone if that person may not act any more.
        """
        asked = select(jobs.c.created_by, jobs.c.narrowed).where(jobs.c.id == self.lease.job)
        with self.appliance.database.read() as session:
            row = session.connection().execute(asked).first()
            created_by, narrowed = row or (self.created_by, "")
            actor = load_owner(session, created_by, self.actor_of, narrowed)
        return Context(self.appliance, actor=actor, source=Source(peer="local"), plane=Plane.LOCAL)

    def system(self) -> Context:
        """Return a context of the appliance itself, for cleaning up after its owner."""
        return Context(self.appliance, actor=SYSTEM, source=Source(peer="local"), plane=Plane.LOCAL)

    def check(self) -> None:
        """Call between two batches.

        Raise JobCancelled if somebody asked for it, WorkerStopping if the process shall end,
        LeaseLost if another process has taken over.
        """
        if self.is_stopping():
            raise WorkerStopping
        with self.appliance.database.read() as session:
            found = (
                session.connection()
                .execute(
                    select(jobs.c.cancel_requested, jobs.c.lease_owner).where(
                        jobs.c.id == self.lease.job
                    )
                )
                .one()
            )
        if found.lease_owner != self.lease.owner:
            raise LeaseLost
        if found.cancel_requested:
            raise JobCancelled

    def report(
        self, *, done: int | None = None, total: int | None = None, phase: str | None = None
    ) -> None:
        """Show progress of work that writes nothing. Batches that write use `lease.advance`."""
        work = partial(advance, lease=self.lease, done=done, total=total, phase=phase)
        self.appliance.database.change(work)

    def keep(self, checkpoint: msgspec.Struct) -> None:
        """Keep where the work is, before something is done that cannot be done again."""
        self.appliance.database.change(partial(advance, lease=self.lease, checkpoint=checkpoint))
