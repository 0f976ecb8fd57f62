"""Building the index of the search: asked for where rows were written, done by the worker's job."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy import and_, or_, select
from sqlmodel import Session

from app.core import clock
from app.core.errors import NotFound
from app.core.messages import mark
from app.jobs.lease import Lease, advance, jobs
from app.jobs.models import JobState
from app.jobs.queue import enqueue
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission
from app.services.tables import catalogue, search_building
from app.services.tables.search_building import Block
from app.services.tables.views import TableNumber

SEARCH: Final = "tables.index_search"
SEARCHING: Final = mark("Making the search quick")
PAUSE: Final = 10 * clock.MINUTE
"""After a job that failed or was cancelled; until then the rows themselves are looked at."""
MOST_IN_VAIN: Final = 5
"""Blocks that others wrote to meanwhile: after so many the job leaves them to the next one."""


class SearchArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Of which table."""

    table: int


class RenewSearch(msgspec.Struct, frozen=True, kw_only=True):
    """A table of which blocks have to be built."""

    table: TableNumber


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is."""

    blocks: Annotated[int, Meta(description="Blocks that were built.")] = 0
    rows: Annotated[int, Meta(description="Rows in them.")] = 0
    in_vain: Annotated[int, Meta(description="Blocks that others wrote to meanwhile.")] = 0
    finished: Annotated[bool, Meta(description="Nothing is left to be done.")] = False


class SearchStep(msgspec.Struct, frozen=True, kw_only=True):
    """The next block, as it was read."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    table: TableNumber
    stood: Annotated[Built, Meta(description="How far it was.")]
    block: Annotated[Block, Meta(description="What its rows hold.")]


@operation("tables.renew_search", permission=Permission.TABLES_DESIGN, planes=())
def renew_search(context: Context, request: RenewSearch) -> None:
    """Let the worker build the index of a table's search, if no job waits to do so."""
    context.event.about("table", str(request.table))
    if not is_asked(context.session, request.table):
        enqueue(context, SEARCH, SearchArguments(table=request.table))


def is_asked(session: Session, table: int) -> bool:
    """Tell whether a job waits to build the index of a table, or one failed a short time ago."""
    c, arguments = jobs.c, SearchArguments(table=table)
    same = select(c.id).where(
        c.kind == SEARCH,
        c.arguments == msgspec.json.encode(arguments).decode(),
        or_(
            c.state.in_([JobState.QUEUED, JobState.RUNNING]),
            and_(
                c.state.in_([JobState.FAILED, JobState.CANCELLED]),
                c.updated_at > clock.now() - PAUSE,
            ),
        ),
    )
    return session.connection().execute(same.limit(1)).first() is not None


def being_written(session: Session) -> set[int]:
    """Return the tables that another job writes to just now: their index is built after it."""
    running = select(jobs.c.arguments).where(
        jobs.c.kind.startswith("tables."), jobs.c.kind != SEARCH, jobs.c.state == JobState.RUNNING
    )
    told = session.connection().execute(running).scalars()
    return {msgspec.json.decode(one).get("table", 0) for one in told}


@operation(
    "tables.search_step",
    permission=Permission.TABLES_DESIGN,
    planes=(),
    scope=lambda step: f"tables/{step.table}",
)
def search_step(context: Context, step: SearchStep) -> Built:
    """Write a block of the index, if nobody wrote to its rows since they were read."""
    session, stood, block = context.session, step.stood, step.block
    context.event.about("table", str(step.table))
    context.event.references["job"] = step.lease.job
    table = next((one for one in catalogue.every_table(session) if one.id == step.table), None)
    if table is None:
        raise NotFound(kind=mark("table"), name=step.table)
    if search_building.write_block(session, table, block):
        reached = Built(blocks=stood.blocks + 1, rows=stood.rows + block.rows)
    else:
        reached = msgspec.structs.replace(stood, in_vain=stood.in_vain + 1)
    context.event.numbers.update(rows=block.rows)
    advance(
        session,
        step.lease,
        checkpoint=reached,
        done=reached.rows,
        phase=SEARCHING,
        numbers={"rows": reached.rows},
    )
    return reached
