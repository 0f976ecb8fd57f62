"""Making and dropping indexes of views: steps of the worker's job."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlmodel import Session

from app.core.messages import mark
from app.jobs.lease import Lease, advance
from app.jobs.queue import enqueue
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission
from app.services.tables import catalogue, saved_views, view_indexes
from app.services.tables.physical import TableInfo

INDEX: Final = "tables.index_views"
INDEXING: Final = mark("Making views quick")


class IndexArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Of which table."""

    table: Annotated[int, Meta(description="Number of the table.")]


class Indexed(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is."""

    made: Annotated[int, Meta(description="Indexes that were made.")] = 0
    dropped: Annotated[int, Meta(description="Indexes that nobody needs any more.")] = 0
    finished: Annotated[bool, Meta(description="Nothing is left to be done.")] = False


class IndexStep(msgspec.Struct, frozen=True, kw_only=True):
    """The next index."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    table: Annotated[int, Meta(description="Number of the table.")]
    stood: Annotated[Indexed, Meta(description="How far it was.")]


def _plan(session: Session, table: TableInfo) -> tuple[list[str], list[str]]:
    """Return the columns whose index nobody needs, and those that lack one."""
    views = saved_views.all_views(session, table.id)
    wanted = view_indexes.needed(table, [one.definition for one in views])
    there = view_indexes.existing(session, table)
    extra = [one for one in there if one not in wanted]
    return extra, [one for one in wanted if one not in there]


def index(context: Context, table: TableInfo) -> None:
    """Let the worker make and drop indexes, where views need others than there are."""
    if any(_plan(context.session, table)):
        told = dict(context.event.references)
        enqueue(context, INDEX, IndexArguments(table=table.id))
        context.event.references.update(told)  # a job that does this tells of itself


@operation(
    "tables.index_step",
    permission=Permission.TABLES_DESIGN,
    planes=(),
    scope=lambda step: f"tables/{step.table}",
)
def index_step(context: Context, step: IndexStep) -> Indexed:
    """Drop one index that no view of a table needs, or make one that is missing."""
    session = context.session
    found = [one for one in catalogue.every_table(session) if one.id == step.table]
    table = found[0]  # one that was deleted meanwhile may come back: its views do with it
    context.event.about("table", str(table.id), table.name)
    context.event.references["job"] = step.lease.job
    extra, missing = _plan(session, table)
    reached = msgspec.structs.replace(step.stood, finished=True)
    if extra:
        view_indexes.drop(session, table, extra[0])
        context.event.change("index", extra[0], "")
        reached = Indexed(made=step.stood.made, dropped=step.stood.dropped + 1)
    elif missing:
        view_indexes.make(session, table, missing[0])
        context.event.change("index", "", missing[0])
        reached = Indexed(made=step.stood.made + 1, dropped=step.stood.dropped)
    context.event.numbers.update(made=reached.made, dropped=reached.dropped)
    advance(
        session,
        step.lease,
        checkpoint=reached,
        done=reached.made + reached.dropped,
        phase=INDEXING,
        numbers={"made": reached.made, "dropped": reached.dropped},
    )
    return reached
