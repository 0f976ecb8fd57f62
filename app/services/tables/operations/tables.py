"""Making, naming, deleting tables."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.core.errors import Conflict
from app.operations.context import Context, Plane
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue
from app.services.tables.fields import FieldInfo
from app.services.tables.models import TableState
from app.services.tables.physical import MOST_FIELDS, TableInfo
from app.services.tables.planning import planned
from app.services.tables.preview import ColumnPlan, Name
from app.services.tables.reach import holds, may, reach_of, require
from app.services.tables.rules import Verb
from app.services.tables.views import Rev, TableNumber, TableView, view_of_table

AREA: Final = "tables"
"""Scope of everything about tables; one table is `tables/12`."""
STAFF: Final = (Plane.WORKSPACE,)
NONE: Final = frozenset[int]()


class ListTables(msgspec.Struct, frozen=True, kw_only=True):
    """Which tables to list."""

    deleted: Annotated[bool, Meta(description="Those that are deleted instead.")] = False


class TableList(msgspec.Struct, frozen=True, kw_only=True):
    """Tables."""

    tables: Annotated[list[TableView], Meta(description="By name.")]


class GetTable(msgspec.Struct, frozen=True, kw_only=True):
    """Which table to show."""

    table: TableNumber


class CreateTable(msgspec.Struct, frozen=True, kw_only=True):
    """A new table without rows."""

    name: Name
    columns: Annotated[
        list[ColumnPlan],
        Meta(description="Its fields in order.", min_length=1, max_length=MOST_FIELDS),
    ]


class RenameTable(msgspec.Struct, frozen=True, kw_only=True):
    """A new name for a table."""

    table: TableNumber
    rev: Rev
    name: Name


class ChangeTable(msgspec.Struct, frozen=True, kw_only=True):
    """Which table to delete or bring back."""

    table: TableNumber
    rev: Rev


@operation(
    "tables.list",
    permission=Permission.SIGNED_IN,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("GET", "/tables"),
)
def list_tables(context: Context, request: ListTables) -> TableList:
    """List the tables that one may look into; deleted ones for those who design."""
    if request.deleted:
        context.require(Permission.TABLES_DESIGN, AREA)
    return TableList(
        tables=[
            shown(context, table)
            for table in catalogue.all_tables(context.session, deleted=request.deleted)
            if holds(context, table, Permission.RECORDS_VIEW)
        ]
    )


@operation(
    "tables.get",
    permission=Permission.RECORDS_VIEW,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("GET", "/tables/{table}"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def get_table(context: Context, request: GetTable) -> TableView:
    """Show one table with its fields."""
    table = catalogue.find_table(context.session, request.table)
    return shown(context, table)


def shown(context: Context, table: TableInfo) -> TableView:
    """Return a table as the actor sees it. Raise NotAllowed where that is nothing."""
    found = view_of_table(table, seen_fields(context, table))
    may_do = [verb for verb in Verb if holds(context, table, verb.permission)]
    closed, kept = _masked(context, table, may_do) if table.rules else (NONE, NONE)
    if not closed and not kept:
        return msgspec.structs.replace(found, may=may_do)
    return msgspec.structs.replace(
        found,
        may=may_do,
        fields=[
            msgspec.structs.replace(one, read_only=one.id in closed, kept_in=one.id in kept)
            for one in found.fields
        ],
    )


def _masked(
    context: Context, table: TableInfo, may_do: list[Verb]
) -> tuple[frozenset[int], frozenset[int]]:
    """Return the fields that the actor changes in no record, and those that they do not export."""
    read = [
        reach_of(context, table, verb.permission).read
        for verb in (Verb.CREATE, Verb.EDIT)
        if verb in may_do
    ]
    closed = frozenset.intersection(*read) if read else NONE
    if Verb.EXPORT not in may_do:
        return closed, NONE
    return closed, reach_of(context, table, Permission.RECORDS_EXPORT).hidden


def seen_fields(context: Context, table: TableInfo) -> list[FieldInfo]:
    """Return the fields that the actor sees. Raise NotAllowed where that is nothing."""
    if not table.rules and may(context, Permission.RECORDS_VIEW, table.scope):
        return list(table.fields)
    hidden = reach_of(context, table, Permission.RECORDS_VIEW).hidden
    return [field for field in table.fields if field.id not in hidden]


@operation(
    "tables.create",
    permission=Permission.TABLES_DESIGN,
    planes=STAFF,
    route=Route("POST", "/tables", status=201),
    scope=lambda _: AREA,
)
def create_table(context: Context, request: CreateTable) -> TableView:
    """Make an empty table."""
    made = catalogue.make_table(
        context.session,
        name=request.name,
        columns=planned(context, request.columns),
        account=context.actor.account,
        state=TableState.READY,
    )
    context.event.about("table", str(made.id), made.name)
    context.event.numbers["fields"] = len(made.fields)
    return view_of_table(made)


def _change(context: Context, table: TableInfo, rev: int, values: dict[str, object]) -> TableView:
    """Change a definition that stands at `rev`. Raise Conflict if it does not any more."""
    context.event.about("table", str(table.id), table.name)
    require(context, table, Permission.TABLES_DESIGN)
    stands = catalogue.definitions.c.rev == rev
    if not catalogue.change_definition(context.session, table.id, stands, rev=rev + 1, **values):
        raise Conflict(name=table.name)
    deleted = bool(values.get("deleted_at", 0))
    return view_of_table(catalogue.find_table(context.session, table.id, deleted=deleted))


@operation(
    "tables.rename",
    permission=Permission.TABLES_DESIGN,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/rename"),
    scope=lambda request: f"tables/{request.table}",
)
def rename_table(context: Context, request: RenameTable) -> TableView:
    """Give a table another name."""
    table = catalogue.ready_table(context.session, request.table)
    context.event.change("name", table.name, request.name)
    return _change(context, table, request.rev, {"name": request.name})


@operation(
    "tables.delete",
    in_reserve=True,
    permission=Permission.TABLES_DESIGN,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/delete"),
    scope=lambda request: f"tables/{request.table}",
)
def delete_table(context: Context, request: ChangeTable) -> TableView:
    """Delete a table; it can be brought back."""
    table = catalogue.ready_table(context.session, request.table)
    return _change(context, table, request.rev, {"deleted_at": context.now})


@operation(
    "tables.restore",
    permission=Permission.TABLES_DESIGN,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/restore"),
    scope=lambda request: f"tables/{request.table}",
)
def restore_table(context: Context, request: ChangeTable) -> TableView:
    """Bring a deleted table back."""
    table = catalogue.find_table(context.session, request.table, deleted=True)
    return _change(context, table, request.rev, {"deleted_at": 0})
