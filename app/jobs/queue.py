"""The queue: putting a job in, taking the next one out."""

from functools import partial
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlmodel import Session

from app.core import clock
from app.core.database import Database
from app.core.identifiers import new_identifier
from app.identity import rights
from app.jobs.handlers import handler_of
from app.jobs.lease import LEASE, Lease, is_alive, jobs, keep, new_owner
from app.jobs.models import Job, JobState
from app.operations.context import SYSTEM_ACCOUNT, Context
from app.operations.errors import SignInNeeded

NOTHING: Final = 0


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A job as its worker gets it."""

    lease: Lease
    kind: str
    arguments: str
    created_by: str
    checkpoint: str
    attempts: int
    max_attempts: int
    cancel_requested: bool


def enqueue(context: Context, kind: str, arguments: msgspec.Struct) -> str:
    """Put a job into the queue inside the running operation's transaction; return its identifier.

    It runs once that transaction has committed, with the rights that its owner has then; of those
    with the token's where a program asks. Raise UnknownJobKind if no handler does `kind`,
    SignInNeeded if nobody asks.
    """
    known = handler_of(kind)
    owner = SYSTEM_ACCOUNT if context.actor.local else context.actor.account
    if not owner:
        raise SignInNeeded
    identifier, now = new_identifier(), clock.now()
    job = Job(
        id=identifier,
        kind=kind,
        arguments=msgspec.json.encode(arguments).decode(),
        created_by=owner,
        narrowed=rights.write(context.actor.rights) if context.actor.token else "",
        created_at=now,
        updated_at=now,
        state=JobState.QUEUED.value,
        unit=known.unit,
        max_attempts=known.max_attempts,
    )
    context.session.add(job)
    context.event.references["job"] = identifier
    return identifier


def _claimable(now: int) -> ColumnElement[bool]:
    return or_(
        and_(jobs.c.state == JobState.QUEUED, jobs.c.not_before <= now),
        and_(jobs.c.state == JobState.RUNNING, jobs.c.lease_until < now),
    )


def claim(database: Database, machine: str) -> Claimed | None:
    """Take the oldest job that may run; None where there is none.

    A job whose worker fell silent counts as free. Two workers never get the same one.
    """
    waiting = select(jobs.c.id).where(_claimable(clock.now())).limit(1)
    with database.read() as session:  # an idle worker takes no write lock
        if session.connection().execute(waiting).first() is None:
            return None
    return database.change(partial(_claim, machine=machine))


def _claim(session: Session, machine: str) -> Claimed | None:
    now, owner = clock.now(), new_owner(machine)
    oldest = (
        select(jobs.c.id)
        .where(_claimable(now))
        .order_by(jobs.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(jobs)
        .where(jobs.c.id == oldest)
        .values(
            state=JobState.RUNNING.value,
            lease_owner=owner,
            lease_until=now + LEASE,
            claimed_at=now,
            claimed_done=jobs.c.done,
            updated_at=now,
            attempts=jobs.c.attempts + 1,
        )
        .returning(jobs.c.id, *(jobs.c[name] for name in Claimed.__struct_fields__[1:]))
    )
    found = session.connection().execute(statement).first()
    if found is None:
        return None
    identifier, *rest = found
    return Claimed(
        lease=Lease(identifier, owner),
        **dict(zip(Claimed.__struct_fields__[1:], rest, strict=True)),
    )


def release_dead(database: Database, machine: str) -> int:
    """Free the jobs whose process on this machine is gone; return how many.

    Called when a worker starts: after a kill nobody waits for the lease to run out.
    """
    return database.change(partial(_release_dead, machine=machine))


def _release_dead(session: Session, machine: str) -> int:
    connection = session.connection()
    held = connection.execute(
        select(jobs.c.id, jobs.c.lease_owner).where(jobs.c.state == JobState.RUNNING)
    ).all()
    dead = [identifier for identifier, owner in held if not is_alive(owner, machine)]
    if dead:
        connection.execute(update(jobs).where(jobs.c.id.in_(dead)).values(lease_until=NOTHING))
    return len(dead)


def attempts_of(session: Session, lease: Lease) -> int:
    """Return how many claims went by without progress, this one included."""
    found = session.connection().execute(select(jobs.c.attempts).where(jobs.c.id == lease.job))
    return int(found.scalar_one())


def put_back(session: Session, lease: Lease, *, not_before: int, counted: bool) -> None:
    """Give a job back to the queue, to be continued from its checkpoint.

    `counted` is False where the attempt did not fail: the worker was asked to stop.
    """
    values: dict[str, object] = {
        "state": JobState.QUEUED.value,
        "lease_owner": "",
        "lease_until": NOTHING,
        "not_before": not_before,
    }
    if not counted:
        values["attempts"] = case((jobs.c.attempts > 0, jobs.c.attempts - 1), else_=0)
    keep(session, lease, values)
