"""Removing what is older than was chosen: a step of the worker's job."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.jobs.lease import Lease, advance
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission
from app.services.tables import outdated
from app.services.tables.outdated import Outdated

REMOVE: Final = "tables.remove_outdated"


class RemoveArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What a night's work asks for."""

    kind: Outdated
    before: int
    """What is older goes (ms)."""


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is."""

    rows: Annotated[int, Meta(description="Rows that went.")] = 0
    finished: Annotated[bool, Meta(description="Nothing is left to be done.")] = False


class RemoveSome(msgspec.Struct, frozen=True, kw_only=True):
    """The next rows."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    kind: Annotated[Outdated, Meta(description="Which rows.")]
    before: Annotated[int, Meta(description="What is older goes (ms).")]
    stood: Annotated[Removed, Meta(description="How far it was.")]


@operation("tables.remove_outdated", permission=Permission.AUDIT_ERASE, planes=(), in_reserve=True)
def remove_outdated(context: Context, step: RemoveSome) -> Removed:
    """Remove some rows that are older than was chosen."""
    context.event.about("retention", step.kind.value)
    rows = outdated.remove_some(context.session, step.kind, step.before)
    context.event.numbers.update(rows=rows, before=step.before)
    reached = Removed(rows=step.stood.rows + rows, finished=not rows)
    advance(
        context.session,
        step.lease,
        checkpoint=reached,
        done=reached.rows,
        numbers={"rows": reached.rows},
    )
    return reached
