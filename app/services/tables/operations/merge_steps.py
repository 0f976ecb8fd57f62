"""The steps of a job that brings rows of a file into a table: batches, end, way back."""

from dataclasses import replace
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlmodel import Session

from app.core.errors import Conflict, NotFound
from app.core.messages import mark
from app.jobs.lease import Lease, advance
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission
from app.services.tables import catalogue
from app.services.tables.around import around_of
from app.services.tables.errors import RowsDoNotFit
from app.services.tables.importing import Rejection, reject
from app.services.tables.merge_writing import Within, carry_out, take_back
from app.services.tables.merging import How, Merger, Mode, Planned
from app.services.tables.operations.import_steps import FINISHING, keep_rejections, table_of
from app.services.tables.physical import TableInfo
from app.services.tables.reach import Reach, both, reach_of
from app.services.tables.reading import Layout, Stands
from app.services.tables.views import TableNumber

MERGE: Final = "tables.merge"
WRITING: Final = mark("Writing rows")
TAKING_BACK: Final = mark("Taking the rows back")


class MergeArguments(Layout, frozen=True, kw_only=True):
    """What the job needs to know."""

    upload: str
    """What is read."""
    origin: str
    """What the person sent."""
    table: int
    size: int
    how: How
    whole: bool
    """All rows or none."""
    sheet: int = 0
    """Of a workbook, from 1."""
    plain: bool = False
    """There was no encoding to choose."""
    dry: bool
    """Only count what would become of them."""


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows became what."""

    added: int = 0
    """New records."""
    changed: int = 0
    """Records that became others."""
    same: int = 0
    """Records that stay as they were."""
    rejected: int = 0
    """Rows that fit nowhere."""
    left_out: int = 0
    """Rows that add the others up."""

    def plus(self, planned: Planned, *, left_out: int, refused: int = 0) -> "Counted":
        """Return the counts after some more rows."""
        return Counted(
            added=self.added + len(planned.added) - refused,
            changed=self.changed + len(planned.changed),
            same=self.same + planned.same,
            rejected=self.rejected + len(planned.rejections) + refused,
            left_out=left_out,
        )

    @property
    def numbers(self) -> dict[str, int]:
        """What the job's page shows."""
        told = {name: getattr(self, name) for name in ("added", "changed", "same", "rejected")}
        return {**told, "left_out": self.left_out} if self.left_out else told


class MergeStands(msgspec.Struct, frozen=True, kw_only=True):
    """Where the job stands."""

    at: Stands = Stands()
    """In the file."""
    counted: Counted = Counted()
    """What became of the rows before."""
    started: bool = False
    """Something was carried out."""
    finished: bool = False
    """Everything is."""


class MergeBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Some rows of the file, and what becomes of them."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    table: TableNumber
    design: Annotated[int, Meta(description="State of the table's definition.")]
    how: Annotated[How, Meta(description="How rows meet records.")]
    planned: Annotated[Planned, Meta(description="What becomes of them.")]
    whole: Annotated[bool, Meta(description="All rows or none.")]
    before: Annotated[MergeStands, Meta(description="Where the job stood before.")]
    at: Annotated[Stands, Meta(description="Where it goes on in the file.")]


class FinishMerge(msgspec.Struct, frozen=True, kw_only=True):
    """The end of the file is reached, or not all of its rows fit."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    table: TableNumber
    stands: Annotated[MergeStands, Meta(description="Where the job stands.")]
    rejections: Annotated[list[Rejection], Meta(description="Rows that do not fit.")]
    dry: Annotated[bool, Meta(description="It was only counted.")]


class TakeBack(msgspec.Struct, frozen=True, kw_only=True):
    """A change of an import that did not come to its end."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    table: TableNumber
    change: Annotated[str, Meta(description="Identifier of the change.", max_length=40)]


def needed(how: How) -> list[Permission]:
    """Return what one must be allowed besides importing."""
    return [
        *([Permission.RECORDS_CREATE] if how.mode is not Mode.UPDATE else []),
        *([Permission.RECORDS_EDIT] if how.mode is not Mode.ADD else []),
    ]


def within(context: Context, session: Session, table: TableInfo, how: How) -> Within:
    """Return which rows may be made, and which found and changed. Raise NotAllowed."""
    importing = reach_of(context, table, Permission.RECORDS_IMPORT, session)
    reaches = [_cut(reach_of(context, table, verb, session), importing) for verb in needed(how)]
    made, changed = reaches[0], reaches[-1]
    if how.key:  # that a record of a key is there is told to who sees it
        seen = reach_of(context, table, Permission.RECORDS_VIEW, session)
        hidden = changed.hidden | seen.hidden
        changed = Reach(both(changed.rows, seen.rows), hidden, changed.read)
    return Within(made, changed)


def _cut(one: Reach, other: Reach) -> Reach:
    """Return what two rights both reach."""
    hidden = one.hidden | other.hidden
    return Reach(both(one.rows, other.rows), hidden, (one.read | other.read) - hidden)


def merger_of(context: Context, session: Session, table: int, how: How) -> Merger:
    """Return what plans the rows. Raise NotAllowed, or InvalidInput where it makes no sense."""
    found = catalogue.ready_table(session, table)
    made, changed = within(context, session, found, how)
    around = around_of(context, found.fields, session)
    reach = replace(changed, hidden=made.hidden | changed.hidden, read=made.read | changed.read)
    return Merger(found, how, reach, around)


@operation(
    "tables.merge_batch",
    permission=Permission.RECORDS_IMPORT,
    planes=(),
    scope=lambda request: f"tables/{request.table}",
)
def merge_batch(context: Context, request: MergeBatch) -> MergeStands:
    """Carry out what was planned for some rows of a file, and where to go on after them."""
    table, job, planned = (
        table_of(context, request.table, request.lease),
        request.lease.job,
        request.planned,
    )
    merger = merger_of(context, context.session, request.table, request.how)
    if table.rev != request.design or not merger.are_new(context.session, planned):
        raise Conflict(name=table.name)
    around = around_of(context, table.fields)
    reaches = within(context, context.session, table, request.how)
    refused = carry_out(context, table, planned, around, job, reaches)
    rejections = [
        *planned.rejections,
        *(reject(planned.records[one.place], one.reason) for one in refused),
    ]
    if request.whole and rejections:
        raise RowsDoNotFit(row=rejections[0].row, reason=rejections[0].reason)
    rejections.sort(key=lambda one: one.row)
    keep_rejections(context, job, table.id, list(map(merger.told, rejections)))
    counted = request.before.counted.plus(
        planned, left_out=request.at.left_out, refused=len(refused)
    )
    stands = MergeStands(at=request.at, counted=counted, started=True)
    context.event.numbers.update(
        rows=len(planned.added) - len(refused) + len(planned.changed),
        added=len(planned.added) - len(refused),
        changed=len(planned.changed),
        rejected=len(rejections),
    )
    advance(
        context.session,
        request.lease,
        checkpoint=stands,
        done=request.at.offset,
        phase=WRITING,
        numbers=counted.numbers,
    )
    return stands


@operation(
    "tables.finish_merge",
    permission=Permission.RECORDS_IMPORT,
    planes=(),
    scope=lambda request: f"tables/{request.table}",
)
def finish_merge(context: Context, request: FinishMerge) -> None:
    """Note what an import into a table came to."""
    table = table_of(context, request.table, request.lease)
    keep_rejections(context, request.lease.job, table.id, request.rejections)
    counted = request.stands.counted
    context.event.numbers.update(counted.numbers)
    context.event.references["state"] = "dry" if request.dry else "done"
    advance(
        context.session,
        request.lease,
        checkpoint=request.stands,
        phase=FINISHING,
        numbers=counted.numbers,
    )


@operation("tables.take_back", permission=Permission.RECORDS_IMPORT, planes=(), in_reserve=True)
def take_back_batch(context: Context, request: TakeBack) -> None:
    """Take back a part of an import that was cancelled or failed; what people did since stays."""
    try:
        table = table_of(context, request.table, request.lease)
    except NotFound:  # somebody deleted it meanwhile, and may bring it back
        table = catalogue.find_table(context.session, request.table, deleted=True)
    around = around_of(context, table.fields)
    back, stays = take_back(context, table, request.change, around, request.lease.job)
    context.event.numbers.update(rows=back, unchanged=stays)
    advance(context.session, request.lease, phase=TAKING_BACK)
