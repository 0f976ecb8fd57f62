"""Looking at records and changing them one by one."""

from contextlib import nullcontext
from typing import Annotated

import msgspec
from msgspec import Meta

from app.core.bounded import at_most
from app.core.errors import NotFound
from app.core.messages import mark
from app.operations.context import Context
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue, writing
from app.services.tables.around import around_of
from app.services.tables.counting import LONGEST, Count, Total, total_of
from app.services.tables.errors import NoFurtherPages
from app.services.tables.export_allowance import handed_out
from app.services.tables.operations.choosing import Chosen, RowsAsked
from app.services.tables.operations.handing_out import handed_to_a_program
from app.services.tables.operations.tables import STAFF
from app.services.tables.physical import FIRST_VALUE, MOST_FIELDS
from app.services.tables.query import Found, Rows
from app.services.tables.reach import holds, reach_of
from app.services.tables.types.base import Value
from app.services.tables.types.registry import type_of
from app.services.tables.views import (
    RecordNumber,
    RecordPage,
    RecordView,
    Rev,
    TableNumber,
    load_links,
    record_viewer,
    typed_viewer,
    view_of_record,
    view_of_table,
)

Values = Annotated[
    dict[int, Value],
    Meta(
        description="Values by number of the field; none empties a field.",
        max_length=MOST_FIELDS,
    ),
]


class ListRecords(RowsAsked, frozen=True, kw_only=True):
    """Which records to list."""

    after: Annotated[str, Meta(description="Mark of the page before.", max_length=8000)] = ""
    before: Annotated[str, Meta(description="Mark of the page after.", max_length=8000)] = ""
    limit: Annotated[int, Meta(description="Most records to return.", ge=1, le=500)] = 50
    count: Annotated[Count, Meta(description="Whether to count all.")] = Count.AUTO
    typed: Annotated[
        bool, Meta(description="With `texts`, as people type them: to edit the records.")
    ] = False


class GetRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Which record to show."""

    table: TableNumber
    record: RecordNumber


class CreateRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A new record."""

    table: TableNumber
    values: Values


class UpdateRecord(msgspec.Struct, frozen=True, kw_only=True):
    """New values for some fields of a record."""

    table: TableNumber
    record: RecordNumber
    rev: Rev
    values: Values


class DeleteRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Which record to delete."""

    table: TableNumber
    record: RecordNumber
    rev: Rev


class BeginRecord(msgspec.Struct, frozen=True, kw_only=True):
    """In which table."""

    table: TableNumber


class BlankRecord(msgspec.Struct, frozen=True):
    """What a new record begins with."""

    texts: Annotated[list[str], Meta(description="As people type them, in the fields' order.")]


class ListChoices(msgspec.Struct, frozen=True, kw_only=True):
    """Of which field, and what their names hold."""

    table: TableNumber
    field: Annotated[int, Meta(description="Number of the field.", ge=1, le=2**31 - 1)]
    search: Annotated[str, Meta(description="A part of the name.", max_length=200)] = ""
    limit: Annotated[int, Meta(description="Most names to return.", ge=1, le=500)] = 50


class Choices(msgspec.Struct, frozen=True):
    """Names that the field reads."""

    names: Annotated[list[str], Meta(description="As people type them.")]


def _show(context: Context, table: int, record: int) -> RecordView:
    """Return one record with what the actor may see of it. Raise NotFound."""
    found = catalogue.ready_table(context.session, table)
    rows = Rows(context.session, found, reach_of(context, found, Permission.RECORDS_VIEW))
    row = rows.get(record)
    if row is None:
        raise NotFound(kind=mark("record"), name=record)
    return view_of_record(row, rows.fields, around_of(context, found.fields))


@operation(
    "records.list",
    permission=Permission.RECORDS_VIEW,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/records/search"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def list_records(context: Context, request: ListRecords) -> RecordPage:
    """List records of a table: by a view, searched, filtered, sorted, page by page."""
    table = catalogue.ready_table(context.session, request.table)
    reach = reach_of(context, table, Permission.RECORDS_VIEW)
    if context.through_api:
        reach = handed_out(context, table)
    chosen = Chosen(context, request, reach)
    rows, selection = chosen.rows, chosen.selection
    with at_most(context.session, LONGEST) if chosen.may_take_long else nullcontext():
        found = rows.page(
            selection, after=request.after, before=request.before, limit=request.limit
        )
    is_all = not (request.after or request.before or found.after or found.before)
    total = (
        Total(len(found.rows))
        if is_all and request.count is not Count.NONE
        else total_of(context.session, rows, selection, request.count)
    )
    load_links(rows.fields, found.rows, chosen.around)
    colours = chosen.view.colours
    painted = rows.painted([row.id for row in found.rows], [one.condition for one in colours])
    viewer = typed_viewer if request.typed else record_viewer
    view = viewer(rows.fields, chosen.around, chosen.places)
    if context.through_api:
        found = _to_a_program(context, request, chosen, found)
    return RecordPage(
        table=view_of_table(table, chosen.fields),
        records=[view(row) for row in found.rows],
        before=found.before,
        after=found.after,
        total=total.number,
        at_least=total.at_least,
        colours={number: colours[place].colour for number, place in painted.items()},
        misfits=chosen.misfits,
    )


def _to_a_program(context: Context, request: ListRecords, chosen: Chosen, found: Found) -> Found:
    """Return a page as a program gets it: with the right to export an event tells of it.

    Without it a program gets a first page, and no mark to go on from.
    """
    cells = len(found.rows) * len(chosen.fields)
    if handed_to_a_program(context, chosen.table, len(found.rows), cells):
        return found
    if request.after or request.before:
        raise NoFurtherPages
    return Found(found.rows, "", "")


@operation(
    "records.get",
    permission=Permission.RECORDS_VIEW,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("GET", "/tables/{table}/records/{record}"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def get_record(context: Context, request: GetRecord) -> RecordView:
    """Show one record."""
    return _show(context, request.table, request.record)


@operation(
    "records.begin",
    permission=Permission.RECORDS_CREATE,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("GET", "/tables/{table}/blank-record"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def begin_record(context: Context, request: BeginRecord) -> BlankRecord:
    """Show what a new record begins with: the defaults of its fields."""
    table = catalogue.ready_table(context.session, request.table)
    rows = Rows(context.session, table, reach_of(context, table, Permission.RECORDS_CREATE))
    around = around_of(context, table.fields)
    return BlankRecord([writing.start_text(field, around) for field in rows.fields])


@operation(
    "records.choices",
    permission=Permission.RECORDS_VIEW,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("GET", "/tables/{table}/fields/{field}/choices"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def list_choices(context: Context, request: ListChoices) -> Choices:
    """List what a field of people, groups or links may hold, by its name."""
    table = catalogue.ready_table(context.session, request.table)
    rows = Rows(context.session, table, reach_of(context, table, Permission.RECORDS_VIEW))
    field = rows.by_id.get(request.field)
    if field is None:
        raise NotFound(kind=mark("field"), name=request.field)
    names = type_of(field).names(field, around_of(context, [field]))
    return Choices(names.some(request.search, request.limit))


@operation(
    "records.create",
    repeatable=True,
    permission=Permission.RECORDS_CREATE,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/records", status=201),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def create_record(context: Context, request: CreateRecord) -> RecordView:
    """Make a record."""
    table = catalogue.ready_table(context.session, request.table)
    context.event.about("table", str(table.id), table.name)
    reach = reach_of(context, table, Permission.RECORDS_CREATE)
    rows = Rows(context.session, table, reach)
    around = around_of(context, table.fields)
    given = writing.stored_values(rows, request.values, around)
    stored = writing.new_values(rows, given, around)
    row = writing.insert_row(context, rows, stored, around)
    context.event.references["record"] = str(row[0])
    return record_viewer(rows.fields, around)(rows.seen(row))


@operation(
    "records.update",
    repeatable=True,
    permission=Permission.RECORDS_EDIT,
    planes=STAFF,
    route=Route("PATCH", "/tables/{table}/records/{record}"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def update_record(context: Context, request: UpdateRecord) -> RecordView:
    """Change a record that stands as it was seen."""
    table = catalogue.ready_table(context.session, request.table)
    context.event.about("table", str(table.id), table.name)
    context.event.references["record"] = str(request.record)
    reach = reach_of(context, table, Permission.RECORDS_EDIT)
    rows = Rows(context.session, table, reach)
    around = around_of(context, table.fields)
    stored = writing.stored_values(rows, request.values, around)
    at = writing.At(request.record, request.rev)
    row = rows.seen(writing.update_row(context, rows, at, stored, around))
    if not holds(context, table, Permission.RECORDS_VIEW):  # then only what was written is told
        told = [one.id in stored for one in rows.fields]
        values = zip(told, row[FIRST_VALUE:], strict=True)
        row = (*row[:FIRST_VALUE], *(value if mine else None for mine, value in values))
    return record_viewer(rows.fields, around)(row)


@operation(
    "records.delete",
    repeatable=True,
    in_reserve=True,
    permission=Permission.RECORDS_DELETE,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/records/{record}/delete"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def delete_record(context: Context, request: DeleteRecord) -> None:
    """Delete a record that stands as it was seen."""
    table = catalogue.ready_table(context.session, request.table)
    context.event.about("table", str(table.id), table.name)
    context.event.references["record"] = str(request.record)
    reach = reach_of(context, table, Permission.RECORDS_DELETE)
    rows = Rows(context.session, table, reach)
    writing.delete_row(context, rows, writing.At(request.record, request.rev))
