"""The records of a table: through a view, searched, filtered, sorted, in groups."""

from collections.abc import Sequence
from typing import Final

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from app.core.database_errors import TookTooLong
from app.core.errors import InvalidInput
from app.operations.context import Context
from app.services.tables.counting import Count
from app.services.tables.definition import PLAIN, Definition
from app.services.tables.operations import (
    grouped,
    records,
    rejected,
    saved_views,
    tables,
)
from app.services.tables.operations.grouped import GroupView
from app.services.tables.operations.saved_views import ViewOfRows
from app.services.tables.rules import Verb
from app.services.tables.selection import Comparison, Conditions, Filter, Join, Sort
from app.services.tables.types.base import Value
from app.services.tables.views import FieldView, RecordPage, RecordView, TableView
from app.web.asking import AnyRequest
from app.web.pages import Answer, ask, field_errors, need_sign_in, page
from app.web.routing import get
from app.workspace import sheet
from app.workspace.condition_words import COLOURS, HOWS, MISFITS, chips, sentence
from app.workspace.table_state import State, numbers, read_state, write_sorts, write_where

PAGE: Final = 50


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """Records that stand below each other and are of one group."""

    group: GroupView | None
    records: list[RecordView]


@get("/tables/{table:int}")
def show_table(
    request: AnyRequest,
    table: FromPath[int],
    after: FromQuery[str] = "",
    before: FromQuery[str] = "",
    count: FromQuery[str] = "",
    notice: FromQuery[str] = "",
    record: FromQuery[int] = 0,
) -> Answer:
    """Show a page of a table's records."""
    context, state = need_sign_in(request), read_state(request.query_params)
    whole = tables.get_table(context, ask(tables.GetTable, table=table))
    listed = saved_views.list_views(context, ask(saved_views.ListViews, table=table))
    view = view_of(context, table, state)
    errors: dict[str, str] = {}
    broken_off = False
    status, shape, found, groups = 200, view.definition if view else PLAIN, None, None
    shown: list[FieldView] = whole.fields
    try:
        shape = state.over(shape)
        if state.sheet:  # cells lie in rows and columns: no heads of groups between them
            shape = msgspec.structs.replace(shape, group=0)
        shown = shown_fields(whole, state, shape)
        if not state.alone:
            place = {"after": after, "before": before}
            counted = Count.EXACT if count else Count.AUTO
            found = _records(context, table, state, shape, shown, count=counted, **place)
        groups = _groups(context, table, state, shape, found)
    except (InvalidInput, TookTooLong) as error:
        told = field_errors(context.language, error)
        errors, status = {"": " ".join(told.values())}, error.status
        broken_off = isinstance(error, TookTooLong)
    as_sheet = bool(state.sheet and found and not state.alone)
    names = {one.id: one.name for one in whole.fields}
    by_id = {one.id: one for one in whole.fields}
    return page(
        request,
        "workspace/table.html",
        status=status,
        table=whole,
        fields=shown,
        found=found,
        runs=_runs(found, groups, shape),
        groups=groups,
        views=listed.views,
        view=view,
        state=state,
        shape=shape,
        q=state.q,
        sort=write_sorts(shape.sorts[:1]),
        chips=[
            (text, state.address(table, where=write_where(left) if left else "{}"))
            for text, left in chips(context.language, whole.fields, shape.where)
        ],
        legend=[
            (one.colour, sentence(context.language, by_id, one.condition)) for one in shape.colours
        ],
        names=names,
        hidden=[str(one.id) for one in whole.fields if one not in shown],
        misfits=view.misfits if view else [],
        misfit_words=MISFITS,
        hows=HOWS,
        colours=COLOURS,
        group_address=lambda group: _group_address(table, state, shape, group),
        next=_place(table, state, after=found.after if found else ""),
        previous=_place(table, state, before=found.before if found else ""),
        errors=errors,
        broken_off=broken_off,
        may_export=Verb.EXPORT in whole.may,
        may_import=Verb.IMPORT in whole.may,
        may_add=Verb.CREATE in whole.may,
        may_design=Verb.DESIGN in whole.may,
        rejected=_rejected(context, whole),
        notice=notice,
        record=record,
        sheet=sheet.told(context, whole, state, shape, shown) if as_sheet else "",
    )


def view_of(context: Context, table: int, state: State) -> ViewOfRows | None:
    """Return the view that an address names. Raise NotFound."""
    if not state.view:
        return None
    return saved_views.get_view(context, ask(saved_views.GetView, table=table, view=state.view))


def shown_fields(whole: TableView, state: State, shape: Definition) -> list[FieldView]:
    """Return the columns: as the address or the view says, else all that are not hidden."""
    by_id = {one.id: one for one in whole.fields}
    ordered = [by_id[one] for one in shape.columns if one in by_id]
    if state.hide:
        hidden = set(numbers(state.hide))
        ordered += [one for one in whole.fields if one not in ordered]
        return ordered[:1] + [one for one in ordered[1:] if one.id not in hidden]
    if ordered:
        return ordered
    first, *others = whole.fields
    return [first, *(one for one in others if not one.settings.hidden)]


def _records(
    context: Context,
    table: int,
    state: State,
    shape: Definition,
    shown: Sequence[FieldView],
    *,
    count: Count,
    after: str,
    before: str,
) -> RecordPage:
    """Return the page of records: by the group first, where there are groups."""
    columns = [one.id for one in shown]
    sorts = list(shape.sorts)
    if shape.group:
        columns += [shape.group] if shape.group not in columns else []
        own = next((one for one in sorts if one.field == shape.group), Sort(field=shape.group))
        sorts = [own, *(one for one in sorts if one.field != shape.group)][:5]
    wanted = ask(
        records.ListRecords,
        table=table,
        view=state.view,
        search=state.q,
        where=state.conditions(),
        sorts=sorts,
        columns=columns,
        after=after,
        before=before,
        count=count,
        limit=PAGE,
    )
    return records.list_records(context, wanted)


def _groups(
    context: Context, table: int, state: State, shape: Definition, found: RecordPage | None
) -> grouped.GroupList | None:
    """Return the groups of the page, all of them, or the figures of everything."""
    if not shape.group and not shape.sums:
        return None
    only = [one.id for one in found.records] if found and shape.group else None
    wanted = ask(
        grouped.ListGroups,
        table=table,
        view=state.view,
        search=state.q,
        where=state.conditions(),
        sorts=[],
        by=shape.group,
        sums=shape.sums,
        records=only,
        limit=grouped.MOST_ROWS,
    )
    return grouped.list_groups(context, wanted)


def _runs(
    found: RecordPage | None,
    groups: grouped.GroupList | None,
    shape: Definition,
) -> list[Run]:
    """Return the page's records, group by group."""
    if found is None:
        return []
    if groups is None or not groups.by or not found.records:
        return [Run(group=None, records=found.records)]
    fields = [one.id for one in found.table.fields]
    place = fields.index(shape.group)
    by_value: dict[str, GroupView] = {_key(one.value): one for one in groups.groups}
    runs: list[Run] = []
    for one in found.records:
        group = by_value.get(_key(one.cells[place]))
        if not runs or runs[-1].group is not group:
            runs.append(Run(group=group, records=[]))
        runs[-1].records.append(one)
    return runs


def _key(value: Value) -> str:
    return msgspec.json.encode(value).decode()


def _group_address(table: int, state: State, shape: Definition, group: GroupView) -> str:
    """Return the address of the records of one group."""
    test = Comparison.EQUALS if group.text else Comparison.EMPTY
    own = Filter(field=shape.group, test=test, value=group.text[:1000])
    where = shape.where
    if where.join is Join.ALL:
        where = msgspec.structs.replace(where, filters=(*where.filters, own))
    else:
        where = Conditions(filters=(own,), groups=(where,))
    try:
        return state.address(table, where=write_where(where), alone="", group="0")
    except InvalidInput:  # the conditions are as long as an address can be
        return ""


def _place(table: int, state: State, **at: str) -> str:
    """Return the address of the page before or after; empty where there is none."""
    return state.address(table, **at) if any(at.values()) else ""


def _rejected(context: Context, table: TableView) -> int:
    """Return how many rows of the file did not fit, for those who may fetch them."""
    if Verb.IMPORT not in table.may:
        return 0
    return rejected.count_import_errors(context, ask(rejected.ImportErrors, table=table.id)).rows


def records_page() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_table]
