"""Records put into groups, counted and added up."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.core.bounded import at_most
from app.operations.context import Context
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue, grouping
from app.services.tables.counting import LONGEST
from app.services.tables.definition import MOST_SUMS
from app.services.tables.fields import FieldInfo
from app.services.tables.fitting import Misfit
from app.services.tables.grouping import Figure, Grouped, Sum
from app.services.tables.operations.choosing import Chosen, RowsAsked
from app.services.tables.operations.tables import STAFF
from app.services.tables.reach import reach_of
from app.services.tables.types.base import Value
from app.services.tables.types.registry import show, words_of, writer_of
from app.services.tables.views import RecordNumber, load_links

MOST_ROWS: Final = 500
"""Groups that one answer holds."""


class ListGroups(RowsAsked, frozen=True, kw_only=True):
    """Which records to put into groups, and by what."""

    by: Annotated[
        Annotated[int, Meta(ge=0, le=2**31 - 1)] | None,
        Meta(description="Field that puts them into groups; 0: one group; none: as the view says."),
    ] = None
    sums: Annotated[
        Annotated[tuple[Sum, ...], Meta(max_length=MOST_SUMS)] | None,
        Meta(description="Figures of each; none: as the view says."),
    ] = None
    records: Annotated[
        Annotated[tuple[RecordNumber, ...], Meta(max_length=MOST_ROWS)] | None,
        Meta(description="Only the groups that these records are in."),
    ] = None
    limit: Annotated[int, Meta(description="Most groups to return.", ge=1, le=MOST_ROWS)] = 100


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """A group of records."""

    value: Annotated[Value, Meta(description="What they have in common; none: nothing.")]
    words: Annotated[str, Meta(description="The same as people read it.")]
    text: Annotated[str, Meta(description="The same as people type it: for a condition.")]
    count: Annotated[int, Meta(description="How many records.")]
    figures: Annotated[list[Figure], Meta(description="Their figures.")]


class GroupList(msgspec.Struct, frozen=True, kw_only=True):
    """Groups of records."""

    by: Annotated[int, Meta(description="Field that put them into groups; 0: one group.")]
    groups: Annotated[list[GroupView], Meta(description="By value, without one last.")]
    more: Annotated[bool, Meta(description="There are more groups than were asked for.")]
    misfits: Annotated[
        list[Misfit], Meta(description="What of the view does not fit the table any more.")
    ]


@operation(
    "records.groups",
    permission=Permission.RECORDS_VIEW,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/records/groups"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def list_groups(context: Context, request: ListGroups) -> GroupList:
    """Put records of a table into groups; count and add up each of them."""
    table = catalogue.ready_table(context.session, request.table)
    chosen = Chosen(context, request, reach_of(context, table, Permission.RECORDS_VIEW))
    by = chosen.view.group if request.by is None else request.by
    sums = chosen.view.sums if request.sums is None else request.sums
    rows = chosen.rows
    summed = list(dict.fromkeys(rows.field(one.field) for one in sums))
    for field in summed:
        grouping.check_sum(field)
    key = rows.field(by) if by else None
    with at_most(context.session, LONGEST):
        if key is None:
            found = [rows.totals(chosen.selection, summed)]
        else:
            grouping.check_group(key)
            only = None if request.records is None else rows.values_of(key, request.records)
            found = rows.groups(chosen.selection, key, summed, limit=request.limit + 1, only=only)
    if key is not None:
        load_links([key], [(one.key,) for one in found], chosen.around, first=0)
    return GroupList(
        by=by,
        groups=[_shown(chosen, key, one, summed, sums) for one in found[: request.limit]],
        more=len(found) > request.limit,
        misfits=chosen.misfits,
    )


def _shown(
    chosen: Chosen,
    key: FieldInfo | None,
    group: Grouped,
    summed: list[FieldInfo],
    sums: tuple[Sum, ...],
) -> GroupView:
    stored, around = group.key, chosen.around
    told = grouping.figures(group, summed, sums, around)
    if key is None or stored is None:
        return GroupView(value=None, words="", text="", count=group.rows, figures=told)
    return GroupView(
        value=show(key, stored),
        words=words_of(key, around)(stored),
        text=writer_of(key, around)(stored),
        count=group.rows,
        figures=told,
    )
