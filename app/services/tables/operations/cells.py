"""A list that is edited like a spreadsheet: many cells at once, what others did, blocks copied."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import func, select

from app.core.errors import InvalidInput
from app.core.messages import mark, translate
from app.operations.context import Context
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue, places
from app.services.tables.around import around_of
from app.services.tables.cell_writing import CellWriter, Edit
from app.services.tables.export_allowance import handed_out
from app.services.tables.merge_writing import changes
from app.services.tables.operations.cell_requests import (
    CellConflict,
    CellRefusal,
    CellsChanged,
    ChangeCells,
    CopiedCells,
    CopyCells,
    ListBegins,
    ListNewer,
    Newer,
)
from app.services.tables.operations.choosing import TWICE, Chosen, RowsAsked
from app.services.tables.operations.handing_out import handed_to_a_program
from app.services.tables.operations.tables import STAFF
from app.services.tables.physical import TableInfo
from app.services.tables.query import Rows
from app.services.tables.reach import holds, reach_of, require
from app.services.tables.telling import names_of
from app.services.tables.types.base import Around
from app.services.tables.views import RecordView, load_links, typed_viewer
from app.services.tables.writing import At

RECORD_TWICE: Final = mark("Name each record once.")


class _Viewing:
    """Shows rows of a table with some of their fields, as people type them."""

    def __init__(self, rows: Rows, columns: tuple[int, ...] | None, around: Around) -> None:
        known = {field.id: place for place, field in enumerate(rows.fields)}
        if columns and len(set(columns)) != len(columns):
            raise InvalidInput(field="columns", reason=TWICE)
        for number in columns or ():
            rows.field(number)
        self.rows, self.around = rows, around
        self.places = [known[one] for one in columns] if columns else list(known.values())

    def views(self, found: Sequence[Sequence[Any]]) -> list[RecordView]:
        """Return what `found`, rows with all visible fields, look like."""
        load_links(self.rows.fields, found, self.around)
        view = typed_viewer(self.rows.fields, self.around, self.places)
        return [view(row) for row in found]


@operation(
    "records.change_cells",
    repeatable=True,
    permission=Permission.RECORDS_EDIT,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/cells"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def change_cells(context: Context, request: ChangeCells) -> CellsChanged:
    """Change many cells at once, each record in the state in which it was seen."""
    table = catalogue.ready_table(context.session, request.table)
    context.event.about("table", str(table.id), table.name)
    numbers = [one.record for one in request.changes]
    numbers += [one.record for one in request.removed]
    if len(set(numbers)) != len(numbers):
        raise InvalidInput(field="changes", reason=RECORD_TWICE)
    around = around_of(context, table.fields)
    require(context, table, Permission.RECORDS_VIEW)  # the records are the answer
    rows = _reached(context, table, Permission.RECORDS_EDIT)
    viewing = _Viewing(rows, request.columns, around)
    before = context.session.connection().begin_nested() if request.whole else None
    writer = CellWriter(context, rows, around)
    writer.change([Edit(one.record, one.rev, one.values) for one in request.changes])
    if request.added:
        creating = _reached(context, table, Permission.RECORDS_CREATE)
        writer.add(request.added, creating)
    if request.removed:
        deleting = _reached(context, table, Permission.RECORDS_DELETE)
        writer.remove([At(one.record, one.rev) for one in request.removed], deleting)
    if before is not None and writer.is_hindered:
        before.rollback()
        writer.forget()
    elif before is not None:
        before.commit()
    writer.note()
    return CellsChanged(
        records=viewing.views([rows.seen(row) for row in writer.changed]),
        added=viewing.views([rows.seen(row) for row in writer.added]),
        removed=writer.removed,
        newest=_newest(context, viewing, writer),
        conflicts=_told(context, writer),
        refused=[
            CellRefusal(**one._asdict(), told=translate(context.language, one.reason))
            for one in writer.refusals
        ],
    )


def _reached(context: Context, table: TableInfo, permission: Permission) -> Rows:
    return Rows(context.session, table, reach_of(context, table, permission))


def _newest(context: Context, viewing: _Viewing, writer: CellWriter) -> list[RecordView]:
    """Return the records that stay as they are; to a program only what it may export."""
    table = viewing.rows.table
    if context.through_api and not holds(context, table, Permission.RECORDS_EXPORT):
        return []
    return viewing.views(viewing.rows.some(writer.untouched))


def _told(context: Context, writer: CellWriter) -> list[CellConflict]:
    """Return the conflicts with the names of who was faster."""
    names = names_of(context.session, context.language, [one.by for one in writer.clashes])
    return [
        CellConflict(record=one.record, field=one.field, by=names[one.by], at=one.at)
        for one in writer.clashes
    ]


@operation(
    "records.newer",
    permission=Permission.RECORDS_VIEW,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/records/newer"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def list_newer(context: Context, request: ListNewer) -> Newer:
    """List what others changed of some records since they were seen."""
    table = catalogue.ready_table(context.session, request.table)
    reach = reach_of(context, table, Permission.RECORDS_VIEW)
    rows = Rows(
        context.session, table, handed_out(context, table) if context.through_api else reach
    )
    viewing = _Viewing(rows, request.columns, around_of(context, table.fields))
    revs = rows.revs_of(list(request.seen))
    changed = [one for one, rev in revs.items() if rev != request.seen[one]]
    if context.through_api:
        cells = len(changed) * len(viewing.places)
        handed_to_a_program(context, table, len(changed), cells)
    c, connection = changes.c, context.session.connection()
    ours = select(func.max(c.id)).where(c.table_id == table.id)
    mark_now = connection.execute(ours).scalar() or ""
    added = False
    if request.since and mark_now > request.since:
        new = c.action.in_(("create", "import"))
        further = select(c.id).where(c.table_id == table.id, c.id > request.since, new)
        added = connection.execute(further.limit(1)).first() is not None
    return Newer(
        mark=mark_now,
        records=viewing.views(rows.some(changed)) if changed else [],
        gone=[one for one in request.seen if one not in revs],
        added=added,
    )


@operation(
    "records.places",
    permission=Permission.RECORDS_VIEW,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/records/places"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def list_places(context: Context, request: RowsAsked) -> ListBegins:
    """List where pages of a long list can begin, as far as that is known."""
    table = catalogue.ready_table(context.session, request.table)
    chosen = Chosen(context, request, reach_of(context, table, Permission.RECORDS_VIEW))
    found = places.find(context.session, chosen.rows, chosen.selection)
    marks = places.marks_of(chosen.selection, found.numbers)
    return ListBegins(every=places.STEP, marks=marks, rows=found.rows)


@operation(
    "records.copy",
    permission=Permission.RECORDS_EXPORT,
    effect=Effect.REVEAL,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/records/copy"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def copy_cells(context: Context, request: CopyCells) -> CopiedCells:
    """Hand out a block of a list to be copied elsewhere."""
    table = catalogue.ready_table(context.session, request.table)
    context.event.about("table", str(table.id), table.name)
    rows = _reached(context, table, Permission.RECORDS_EXPORT)
    viewing = _Viewing(rows, request.columns, around_of(context, table.fields))
    found = {one.id: one.texts for one in viewing.views(rows.some(request.records))}
    copied = [found[number] for number in request.records if number in found]
    context.event.numbers.update(rows=len(copied), cells=len(copied) * len(viewing.places))
    return CopiedCells(rows=copied)
