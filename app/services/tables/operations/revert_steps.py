"""The steps of a job that takes a change back: batches, the end, and the way back of itself."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.core.errors import NotFound
from app.core.messages import mark
from app.jobs.lease import Lease, advance
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission
from app.services.tables import catalogue
from app.services.tables.around import around_of
from app.services.tables.operations.import_steps import FINISHING, table_of
from app.services.tables.operations.merge_steps import TAKING_BACK
from app.services.tables.operations.reverting import (
    AT_ONCE,
    SHOWN,
    RevertArguments,
    RevertCounts,
    asked,
    reverter_of,
)
from app.services.tables.revert_writing import carry_out
from app.services.tables.reverting import changes_of

RETURNING: Final = mark("Leaving everything as it was")


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A record at which something was left, without a value of it."""

    record: Annotated[int, Meta(description="Number of the record.")]
    field: Annotated[str, Meta(description="What the field is called; empty: the record.")]
    reason: Annotated[str, Meta(description="Why.")]


class RevertStands(msgspec.Struct, frozen=True, kw_only=True):
    """Where the job stands."""

    change: Annotated[str, Meta(description="The change at work; empty: the last one.")] = ""
    last: Annotated[int, Meta(description="Where its next records begin.")] = 0
    rows: Annotated[int, Meta(description="Records looked at.")] = 0
    counts: Annotated[RevertCounts, Meta(description="What became of them.")] = RevertCounts()
    left: Annotated[list[LeftOut], Meta(description="The first that were left.")] = msgspec.field(
        default_factory=list
    )
    done: Annotated[bool, Meta(description="Every record was looked at.")] = False
    finished: Annotated[bool, Meta(description="That was noted.")] = False


class RevertBatch(msgspec.Struct, frozen=True, kw_only=True):
    """The next records."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    arguments: Annotated[RevertArguments, Meta(description="What is to be done.")]
    stood: Annotated[RevertStands, Meta(description="Where it stood before.")]


@operation(
    "tables.revert_batch",
    permission=Permission.RECORDS_EDIT,
    planes=(),
    scope=lambda request: f"tables/{request.arguments.table}",
)
def revert_batch(context: Context, request: RevertBatch) -> RevertStands:
    """Take back what a change did to some records, and where to go on after them."""
    arguments, stood, job = request.arguments, request.stood, request.lease.job
    table, changes = asked(context, arguments.table, arguments.what)
    table_of(context, table.id, request.lease)
    names = [change.id for change in changes]
    place = names.index(stood.change) if stood.change in names else 0
    planned = reverter_of(context, table, arguments.what, job).plan(
        changes[place],
        stood.last,
        AT_ONCE,
        despite=frozenset(arguments.despite),
        despite_all=arguments.despite_all,
    )
    # search texts name people and records as whoever takes back sees them
    carry_out(context, table, planned, around_of(context, table.fields), job)
    more = planned.looked_at == AT_ONCE
    following = place if more else place + 1
    done = following == len(changes)
    left = [
        LeftOut(record=one.record, field=one.field, reason=one.reason)
        for one in planned.obstacles[: SHOWN - len(stood.left)]
    ]
    counts = RevertCounts().plus(planned)
    stands = RevertStands(
        change="" if done else names[following],
        last=planned.last if more else 0,
        rows=stood.rows + planned.looked_at,
        counts=stood.counts.plus(planned),
        left=[*stood.left, *left],
        done=done,
    )
    context.event.references["what"] = arguments.what
    context.event.numbers.update(counts.numbers, rows=len(planned.undone))
    _advance(context, request.lease, stands, TAKING_BACK)
    return stands


def _advance(context: Context, lease: Lease, stands: RevertStands, phase: str) -> None:
    advance(
        context.session,
        lease,
        checkpoint=stands,
        done=stands.rows,
        phase=phase,
        numbers=stands.counts.numbers,
    )


@operation(
    "tables.finish_revert",
    permission=Permission.RECORDS_EDIT,
    planes=(),
    scope=lambda request: f"tables/{request.arguments.table}",
)
def finish_revert(context: Context, request: RevertBatch) -> RevertStands:
    """Note what taking a change back came to."""
    table_of(context, request.arguments.table, request.lease)
    stands = msgspec.structs.replace(request.stood, finished=True)
    context.event.references["what"] = request.arguments.what
    context.event.numbers.update(stands.counts.numbers)
    _advance(context, request.lease, stands, FINISHING)
    return stands


@operation("tables.abandon_revert", permission=Permission.RECORDS_EDIT, planes=(), in_reserve=True)
def abandon_revert(context: Context, request: RevertBatch) -> RevertStands:
    """Leave some records as they were, after a taking back was cancelled or failed."""
    stood, job = request.stood, request.lease.job
    try:
        table = table_of(context, request.arguments.table, request.lease)
    except NotFound:  # somebody deleted it meanwhile, and may bring it back
        table = catalogue.find_table(context.session, request.arguments.table, deleted=True)
    changes = changes_of(context.session, table.id, job)
    names = [change.id for change in changes]
    place = names.index(stood.change) if stood.change in names else 0
    if not changes:
        return RevertStands(finished=True)
    planned = reverter_of(context, table, job).plan(changes[place], stood.last, AT_ONCE)
    around = around_of(context, table.fields)
    carry_out(context, table, planned, around, job, undoing=True)
    more = planned.looked_at == AT_ONCE
    following = place if more else place + 1
    context.event.numbers.update(
        rows=len(planned.undone), unchanged=len({one.record for one in planned.obstacles})
    )
    advance(context.session, request.lease, phase=RETURNING)
    return RevertStands(
        change=names[following] if following < len(names) else "",
        last=planned.last if more else 0,
        finished=following >= len(names),
    )
