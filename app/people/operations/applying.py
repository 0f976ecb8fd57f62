"""The steps of an import: each applies a part of the plan and says how far it is."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.core.messages import mark
from app.identity import rights
from app.jobs.lease import Lease, advance
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission
from app.people.applying import Writer
from app.people.entries import Path
from app.people.plan import Change, Headship

APPLYING: Final = mark("Applying the list")


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """How far an import is."""

    counts: Annotated[dict[str, int], Meta(description="People by kind of change.")] = {}
    done: Annotated[int, Meta(description="People who were changed.")] = 0


class ApplyPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a plan."""

    lease: Annotated[
        Lease | None, Meta(description="The worker's hold on the job; none: at the machine.")
    ] = None
    departments: Annotated[list[Path], Meta(description="New departments, those above first.")] = []
    changes: Annotated[list[Change], Meta(description="People.")] = []
    heads: Annotated[list[Headship], Meta(description="Who leads which department.")] = []
    before: Annotated[Applied, Meta(description="How far it was before.")] = Applied()
    total: Annotated[int, Meta(description="People whom the import changes.")] = 0


@operation("people.apply", permission=Permission.ACCOUNTS_MANAGE, planes=())
def apply_part(context: Context, part: ApplyPart) -> Applied:
    """Make, change and move some people of a list, each with an event of its own."""
    context.require(Permission.GRANTS_MANAGE)
    if part.lease:
        context.event.references["job"] = part.lease.job
    with rights.an_owner_remains(context.session):
        writer = Writer(context)
        departments = writer.make_departments(part.departments)
        writer.change_people(part.changes)
        heads = writer.set_heads(part.heads)
    counts = dict(part.before.counts)
    for change in part.changes:
        counts[change.kind.value] = counts.get(change.kind.value, 0) + 1
    applied = Applied(counts=counts, done=part.before.done + len(part.changes))
    context.event.numbers.update(rows=len(part.changes), departments=departments, heads=heads)
    if part.lease:
        advance(
            context.session,
            part.lease,
            checkpoint=applied,
            done=applied.done,
            total=part.total,
            phase=APPLYING,
            numbers=counts,
        )
    return applied
