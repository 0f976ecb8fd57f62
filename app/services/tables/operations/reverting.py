"""Taking back a whole import or another change later: shown first, then done in the background."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from app.core.errors import InvalidInput, NotFound
from app.core.messages import mark
from app.jobs.queue import enqueue
from app.operations.context import Context
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue
from app.services.tables.around import around_of
from app.services.tables.operations.tables import STAFF
from app.services.tables.past import Columns
from app.services.tables.physical import TableInfo
from app.services.tables.reach import reach_of
from app.services.tables.reverting import Goal, Obstacle, Reverter, changes_of
from app.services.tables.telling import Teller
from app.services.tables.views import RecordNumber, TableNumber

REVERT: Final = "tables.revert"
TRIED: Final = 20_000
"""Records that a preview looks at while somebody waits."""
AT_ONCE: Final = 500
SHOWN: Final = 100
"""Obstacles that a preview names."""
MOST_OVERRULED: Final = 1_000

What = Annotated[
    str,
    Meta(
        description="Identifier of the job, or of a change that belongs to none.",
        min_length=1,
        max_length=40,
    ),
]


class PreviewRevert(msgspec.Struct, frozen=True, kw_only=True):
    """What would be taken back."""

    table: TableNumber
    what: What


class Revert(PreviewRevert, frozen=True, kw_only=True):
    """What to take back, and where what people did since is taken back too."""

    despite: Annotated[
        list[RecordNumber],
        Meta(
            description="Records that are taken back although somebody changed them since.",
            max_length=MOST_OVERRULED,
        ),
    ] = msgspec.field(default_factory=list)
    despite_all: Annotated[
        bool, Meta(description="All records are, whatever somebody changed since.")
    ] = False


class RevertCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many records become what."""

    reverted: Annotated[int, Meta(description="Records whose values come back.")] = 0
    removed: Annotated[int, Meta(description="Added records that are deleted.")] = 0
    restored: Annotated[int, Meta(description="Deleted records that are there again.")] = 0
    left: Annotated[int, Meta(description="Records at which something stays as it is.")] = 0
    same: Annotated[int, Meta(description="Records at which nothing is left of it.")] = 0

    def plus(self, planned: Any) -> "RevertCounts":  # noqa: ANN401 - what Reverter planned
        """Return the counts after some more records."""
        done = len(planned.undone)
        return RevertCounts(
            reverted=self.reverted + (done if planned.goal is Goal.VALUES else 0),
            removed=self.removed + (done if planned.goal is Goal.REMOVE else 0),
            restored=self.restored + (done if planned.goal is Goal.RESTORE else 0),
            left=self.left + len({one.record for one in planned.obstacles}),
            same=self.same + planned.same,
        )

    @property
    def numbers(self) -> dict[str, int]:
        """What the job's page shows, and its events."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


class RevertPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of the records."""

    counts: Annotated[RevertCounts, Meta(description="Of the records that were looked at.")]
    all_records: Annotated[bool, Meta(description="They are all that there are.")]
    records: Annotated[int, Meta(description="Records of the change.")]
    obstacles: Annotated[list[Obstacle], Meta(description="The first of what would be left.")]


class RevertStarted(msgspec.Struct, frozen=True, kw_only=True):
    """A taking back that waits for a worker."""

    job: Annotated[str, Meta(description="Identifier of the job.")]


class RevertArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the job needs to know."""

    table: int
    """Number of the table."""
    what: str
    """Identifier of the job or change that is taken back."""
    despite: list[int]
    """Numbers of the records that are taken back whatever was changed since."""
    despite_all: bool
    """All of them are."""
    total: int
    """Records of the change."""


def asked(context: Context, table: int, what: str) -> tuple[TableInfo, Sequence[Any]]:
    """Return the table and the changes that are to be taken back, the last one first.

    Raise NotFound, NotAllowed, or InvalidInput where somebody sees a part of the table only.
    """
    found = catalogue.ready_table(context.session, table)
    for permission in (
        Permission.RECORDS_VIEW,
        Permission.RECORDS_EDIT,
        Permission.RECORDS_DELETE,
    ):
        if not reach_of(context, found, permission).is_whole:
            reason = mark("Only who sees all records and fields can take back a whole change.")
            raise InvalidInput(field="what", reason=reason)
    changes = changes_of(context.session, found.id, what)
    if not changes:
        raise NotFound(kind=mark("change"), name=what)
    return found, changes


def reverter_of(context: Context, table: TableInfo, *own: str) -> Reverter:
    """Return what plans it, in the words of whoever asks."""
    columns = Columns(context.session, table)
    around = around_of(context, list(columns.by_column.values()))
    return Reverter(context.session, table, Teller(columns, around), own)


@operation(
    "tables.preview_revert",
    permission=Permission.RECORDS_EDIT,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/changes/{what}/revert/preview"),
    scope=lambda request: f"tables/{request.table}",
)
def preview_revert(context: Context, request: PreviewRevert) -> RevertPreview:
    """Show what taking back a change would do, and where somebody changed something since."""
    table, changes = asked(context, request.table, request.what)
    reverter = reverter_of(context, table, request.what)
    counts, looked_at, obstacles = RevertCounts(), 0, list[Obstacle]()
    for change in changes:
        last, more = 0, True
        while more and looked_at < TRIED:
            planned = reverter.plan(change, last, AT_ONCE)
            counts = counts.plus(planned)
            looked_at += planned.looked_at
            obstacles += planned.obstacles[: SHOWN - len(obstacles)]
            last, more = planned.last, planned.looked_at == AT_ONCE
    return RevertPreview(
        counts=counts,
        all_records=looked_at < TRIED,
        records=sum(change.rows for change in changes),
        obstacles=obstacles,
    )


@operation(
    "tables.revert",
    permission=Permission.RECORDS_EDIT,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/changes/{what}/revert", status=202),
    scope=lambda request: f"tables/{request.table}",
)
def revert(context: Context, request: Revert) -> RevertStarted:
    """Take back a whole import or another change, in the background."""
    table, changes = asked(context, request.table, request.what)
    context.event.about("table", str(table.id), table.name)
    context.event.references["change"] = request.what
    total = sum(change.rows for change in changes)
    context.event.numbers.update(rows=total)
    arguments = RevertArguments(
        table=table.id,
        what=request.what,
        despite=request.despite,
        despite_all=request.despite_all,
        total=total,
    )
    return RevertStarted(job=enqueue(context, REVERT, arguments))
