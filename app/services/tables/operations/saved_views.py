"""Saved views: one's own, and those that are shared."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.operations.context import Context
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue, fitting, saved_views
from app.services.tables.around import around_of
from app.services.tables.definition import PLAIN, Definition
from app.services.tables.fitting import Misfit, fit
from app.services.tables.operations import indexing
from app.services.tables.operations.tables import STAFF
from app.services.tables.physical import TableInfo
from app.services.tables.preview import Name
from app.services.tables.query import Rows
from app.services.tables.reach import reach_of
from app.services.tables.saved_views import MOST_GROUPS, Shared, ViewInfo, Wanted
from app.services.tables.views import Rev, TableNumber

ViewNumber = Annotated[int, Meta(description="Number of the view.", ge=1, le=2**31 - 1)]
SharedWith = Annotated[
    Shared,
    Meta(description="Who sees it: nobody else, all who see the table, or groups of them."),
]
GroupNames = Annotated[
    tuple[Annotated[str, Meta(max_length=64)], ...],
    Meta(description="Groups that it is shared with.", max_length=MOST_GROUPS),
]
Says = Annotated[Definition, Meta(description="What it says.")]


class ListViews(msgspec.Struct, frozen=True, kw_only=True):
    """Of which table."""

    table: TableNumber
    deleted: Annotated[bool, Meta(description="Those that are deleted instead.")] = False


class GetView(msgspec.Struct, frozen=True, kw_only=True):
    """Which view to show."""

    table: TableNumber
    view: ViewNumber


class CreateView(msgspec.Struct, frozen=True, kw_only=True):
    """A new view of a table."""

    table: TableNumber
    name: Name
    shared: SharedWith = Shared.NOBODY
    groups: GroupNames = ()
    definition: Says = PLAIN


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """What a view is from now on: all of it, not only what changes."""

    table: TableNumber
    view: ViewNumber
    rev: Rev
    name: Name
    shared: SharedWith = Shared.NOBODY
    groups: GroupNames = ()
    definition: Says = PLAIN


class OneView(msgspec.Struct, frozen=True, kw_only=True):
    """Which view to delete or bring back."""

    table: TableNumber
    view: ViewNumber
    rev: Rev


class ViewOfRows(msgspec.Struct, frozen=True, kw_only=True):
    """A view of a table, as far as it fits the table today."""

    id: Annotated[int, Meta(description="Number of the view.")]
    name: Annotated[str, Meta(description="What people call it.")]
    shared: SharedWith
    groups: GroupNames
    definition: Annotated[
        Definition, Meta(description="What it says, without what does not fit any more.")
    ]
    misfits: Annotated[list[Misfit], Meta(description="What does not fit any more.")]
    rev: Annotated[int, Meta(description="State of the view; give it back with a change.")]
    owner: Annotated[str, Meta(description="Account that made it.")]
    may_change: Annotated[bool, Meta(description="Whether you may change or delete it.")]
    updated_at: Annotated[int, Meta(description="When it was changed last, in milliseconds.")]
    deleted_at: Annotated[int, Meta(description="When it was deleted; 0: it is not.")]


class ViewList(msgspec.Struct, frozen=True, kw_only=True):
    """Views of a table."""

    views: Annotated[list[ViewOfRows], Meta(description="Those that you see, by name.")]


def _table(context: Context, table: int) -> TableInfo:
    found = catalogue.ready_table(context.session, table)
    context.event.about("table", str(found.id), found.name)
    return found


def _shown(context: Context, table: TableInfo, view: ViewInfo) -> ViewOfRows:
    reach = reach_of(context, table, Permission.RECORDS_VIEW)
    around = around_of(context, table.fields, dated=True)
    fitted = fit(context.session, Rows(context.session, table, reach, around), view.definition)
    return ViewOfRows(
        id=view.id,
        name=view.name,
        shared=view.shared,
        groups=view.groups,
        definition=fitted.definition,
        misfits=fitted.misfits,
        rev=view.rev,
        owner=view.owner,
        may_change=view.shared is Shared.NOBODY or saved_views.may_design(context, table),
        updated_at=view.updated_at,
        deleted_at=view.deleted_at,
    )


@operation(
    "views.list",
    permission=Permission.RECORDS_VIEW,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("GET", "/tables/{table}/views"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def list_views(context: Context, request: ListViews) -> ViewList:
    """List the views of a table that one sees: own ones and shared ones."""
    table = catalogue.ready_table(context.session, request.table)
    found = saved_views.all_views(context.session, table.id, deleted=request.deleted)
    seen = saved_views.visible(context, table, found)
    return ViewList(views=[_shown(context, table, one) for one in seen])


@operation(
    "views.get",
    permission=Permission.RECORDS_VIEW,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("GET", "/tables/{table}/views/{view}"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def get_view(context: Context, request: GetView) -> ViewOfRows:
    """Show a view of a table, and what of it does not fit any more."""
    table = catalogue.ready_table(context.session, request.table)
    return _shown(context, table, saved_views.find_view(context, table, request.view))


@operation(
    "views.create",
    permission=Permission.RECORDS_VIEW,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/views", status=201),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def create_view(context: Context, request: CreateView) -> ViewOfRows:
    """Save a view of a table; sharing one takes the right to design the table."""
    table = _table(context, request.table)
    saved_views.require_change(context, table, request.shared)
    wanted = _wanted(context, table, request)
    number = saved_views.add(context, table, wanted)
    context.event.references["view"] = str(number)
    context.event.change("view", "", request.name)
    context.event.change("shared", "", request.shared.value)
    indexing.index(context, table)
    return _shown(context, table, saved_views.find_view(context, table, number))


@operation(
    "views.change",
    permission=Permission.RECORDS_VIEW,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/views/{view}"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def change_view(context: Context, request: ChangeView) -> ViewOfRows:
    """Change a view of a table that stands as it was seen."""
    table = _table(context, request.table)
    before = saved_views.find_view(context, table, request.view)
    context.event.references["view"] = str(before.id)
    saved_views.require_change(context, table, before.shared, request.shared)
    wanted = _wanted(context, table, request)
    for name in ("name", "shared"):
        old, new = str(getattr(before, name)), str(getattr(request, name))
        if old != new:
            context.event.change(name, old, new)
    saved_views.change(context, before, request.rev, wanted)
    indexing.index(context, table)
    return _shown(context, table, saved_views.find_view(context, table, before.id))


@operation(
    "views.delete",
    in_reserve=True,
    permission=Permission.RECORDS_VIEW,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/views/{view}/delete"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def delete_view(context: Context, request: OneView) -> None:
    """Delete a view of a table; it can be brought back."""
    _turn(context, request, context.now)


@operation(
    "views.restore",
    permission=Permission.RECORDS_VIEW,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/views/{view}/restore"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def restore_view(context: Context, request: OneView) -> None:
    """Bring a deleted view of a table back."""
    _turn(context, request, 0)


def _turn(context: Context, request: OneView, deleted_at: int) -> None:
    table = _table(context, request.table)
    view = saved_views.find_view(context, table, request.view, deleted=not deleted_at)
    context.event.references["view"] = str(view.id)
    saved_views.require_change(context, table, view.shared)
    names = (view.name, "") if deleted_at else ("", view.name)
    context.event.change("view", *names)
    saved_views.set_deleted(context, view, request.rev, deleted_at)
    indexing.index(context, table)


def _wanted(context: Context, table: TableInfo, request: CreateView | ChangeView) -> Wanted:
    """Return what is to be written. Raise InvalidInput where it makes no sense today."""
    wanted = Wanted(
        name=request.name,
        shared=request.shared,
        groups=request.groups,
        definition=request.definition,
    )
    saved_views.check(context, wanted)
    context.event.numbers.update(
        columns=len(wanted.definition.columns),
        conditions=sum(1 for _ in wanted.definition.where.every()),
    )
    around = around_of(context, table.fields, dated=True)
    reach = reach_of(context, table, Permission.RECORDS_VIEW)
    rows = Rows(context.session, table, reach, around)
    fitting.check(context.session, rows, request.definition)
    return wanted
