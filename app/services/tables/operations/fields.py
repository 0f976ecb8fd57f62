"""Designing the fields of a table: adding, naming, hiding, ordering, deleting, bringing back."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.core.errors import InvalidInput, NotFound
from app.core.messages import mark
from app.operations.context import Context
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue, designing, renaming
from app.services.tables.fields import LARGEST_SCALE, PLAIN, Settings
from app.services.tables.models import FieldKind
from app.services.tables.operations import indexing
from app.services.tables.operations.tables import STAFF
from app.services.tables.physical import MOST_FIELDS, TableInfo
from app.services.tables.planning import field_of
from app.services.tables.preview import Name
from app.services.tables.reach import require
from app.services.tables.views import Rev, TableNumber, TableView, view_of_table
from app.services.tables.writing import IS_CHANGING

FieldNumber = Annotated[int, Meta(description="Number of the field.", ge=1, le=2**31 - 1)]
Scale = Annotated[
    int, Meta(description="Decimals of a number that keeps some.", ge=0, le=LARGEST_SCALE)
]
Chosen = Annotated[Settings, Meta(description="What is chosen for it.")]


class AddField(msgspec.Struct, frozen=True, kw_only=True):
    """One more field, behind the others."""

    table: TableNumber
    rev: Rev
    name: Name
    kind: Annotated[FieldKind, Meta(description="What it holds.")] = FieldKind.TEXT
    scale: Scale = 0
    settings: Chosen = PLAIN


class ChangeField(msgspec.Struct, frozen=True, kw_only=True):
    """Another name for a field, other settings: all of them, not only what changes."""

    table: TableNumber
    rev: Rev
    field: FieldNumber
    name: Name
    settings: Chosen = PLAIN


class OrderFields(msgspec.Struct, frozen=True, kw_only=True):
    """The order of the fields."""

    table: TableNumber
    rev: Rev
    fields: Annotated[
        list[FieldNumber],
        Meta(description="The number of every field, in order.", max_length=MOST_FIELDS),
    ]


class OneField(msgspec.Struct, frozen=True, kw_only=True):
    """Which field to delete or bring back."""

    table: TableNumber
    rev: Rev
    field: FieldNumber


class ListDeletedFields(msgspec.Struct, frozen=True, kw_only=True):
    """Of which table."""

    table: TableNumber


class DeletedField(msgspec.Struct, frozen=True, kw_only=True):
    """A field that can be brought back, with all its values."""

    id: Annotated[int, Meta(description="Number of the field.")]
    name: Annotated[str, Meta(description="What people called it.")]
    kind: Annotated[FieldKind, Meta(description="What it holds.")]
    deleted_at: Annotated[int, Meta(description="When it was deleted, in milliseconds.")]


class DeletedFields(msgspec.Struct, frozen=True):
    """Fields that can be brought back."""

    items: Annotated[list[DeletedField], Meta(description="The newest first.")]


def _table(context: Context, table: int) -> TableInfo:
    found = catalogue.ready_table(context.session, table)
    context.event.about("table", str(found.id), found.name)
    require(context, found, Permission.TABLES_DESIGN)
    return found


@operation(
    "tables.add_field",
    permission=Permission.TABLES_DESIGN,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/fields", status=201),
    scope=lambda request: f"tables/{request.table}",
)
def add_field(context: Context, request: AddField) -> TableView:
    """Add a field to a table."""
    table = _table(context, request.table)
    field = field_of(
        context,
        name=designing.free_name(table, request.name),
        kind=request.kind,
        scale=request.scale,
        settings=request.settings,
    )
    number = designing.add_row(context.session, table, field)
    changed = designing.turn(context, table, request.rev)
    made = designing.field_in(changed, number)
    if made.settings.unique:
        designing.set_unique(context.session, changed, made, unique=True)
    context.event.references["field"] = str(number)
    context.event.change("field", "", made.name)
    return view_of_table(changed)


@operation(
    "tables.change_field",
    permission=Permission.TABLES_DESIGN,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/fields/{field}"),
    scope=lambda request: f"tables/{request.table}",
)
def change_field(context: Context, request: ChangeField) -> TableView:
    """Give a field of a table another name, or choose something else for it."""
    table = _table(context, request.table)
    before = designing.field_in(table, request.field)
    context.event.references["field"] = str(before.id)
    if before.changing:
        raise InvalidInput(field=before.name, reason=IS_CHANGING)
    wanted = field_of(
        context,
        name=designing.free_name(table, request.name, before.id),
        kind=before.kind,
        scale=before.scale,
        settings=request.settings,
        known=before.settings.options,
    )
    if wanted.settings.target != before.settings.target:
        reason = mark("Links lead into one table. Add a new field for another.")
        raise InvalidInput(field="settings.target", reason=reason)
    context.event.change("name", before.name, wanted.name)
    for name in Settings.__struct_fields__:
        old, new = (_told(getattr(one.settings, name)) for one in (before, wanted))
        if old != new:
            context.event.change(name, old, new)
    designing.change_row(
        context.session,
        before.id,
        name=wanted.name,
        settings=catalogue.settings_text(wanted.settings),
    )
    changed = designing.turn(context, table, request.rev)
    field = designing.field_in(changed, before.id)
    if choices := renaming.renamed(before, field):
        renaming.tell_search(context.session, changed, field, choices)
    if wanted.settings.unique is not before.settings.unique:
        designing.set_unique(context.session, changed, field, unique=wanted.settings.unique)
    return view_of_table(changed)


def _told(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


@operation(
    "tables.order_fields",
    permission=Permission.TABLES_DESIGN,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/fields/order"),
    scope=lambda request: f"tables/{request.table}",
)
def order_fields(context: Context, request: OrderFields) -> TableView:
    """Put the fields of a table in another order."""
    table = _table(context, request.table)
    if sorted(request.fields) != sorted(one.id for one in table.fields):
        raise InvalidInput(field="fields", reason=mark("Name every field of the table once."))
    for position, number in enumerate(request.fields):
        designing.change_row(context.session, number, position=position)
    return view_of_table(designing.turn(context, table, request.rev))


@operation(
    "tables.delete_field",
    in_reserve=True,
    permission=Permission.TABLES_DESIGN,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/fields/{field}/delete"),
    scope=lambda request: f"tables/{request.table}",
)
def delete_field(context: Context, request: OneField) -> TableView:
    """Delete a field of a table; it can be brought back with its values."""
    table = _table(context, request.table)
    field = designing.field_in(table, request.field)
    context.event.references["field"] = str(field.id)
    if field.changing:
        raise InvalidInput(field=field.name, reason=IS_CHANGING)
    if len(table.fields) == 1:
        reason = mark("It is the last field. Delete the table instead.")
        raise InvalidInput(field=field.name, reason=reason)
    context.event.change("field", field.name, "")
    designing.change_row(context.session, field.id, deleted_at=context.now)
    changed = designing.turn(context, table, request.rev)
    indexing.index(context, changed)
    return view_of_table(changed)


@operation(
    "tables.restore_field",
    permission=Permission.TABLES_DESIGN,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/fields/{field}/restore"),
    scope=lambda request: f"tables/{request.table}",
)
def restore_field(context: Context, request: OneField) -> TableView:
    """Bring a deleted field of a table back, with its values."""
    table = _table(context, request.table)
    gone = designing.deleted_fields(context.session, table.id)
    found = next((one for one in gone if one.id == request.field), None)
    if found is None:
        raise NotFound(kind=mark("field"), name=request.field)
    if len(table.fields) >= MOST_FIELDS:
        raise InvalidInput(field="field", reason=mark("The table has as many fields as it can."))
    names = {one.name for one in table.fields}
    name = next(one for one in _names(found.name) if one not in names)
    context.event.references["field"] = str(found.id)
    context.event.change("field", "", name)
    designing.change_row(context.session, found.id, deleted_at=0, name=name)
    changed = designing.turn(context, table, request.rev)
    indexing.index(context, changed)
    return view_of_table(changed)


def _names(name: str) -> list[str]:
    """Return the name, then others for where it was given to another field."""
    return [name, *(f"{name[:190]} ({number})" for number in range(2, MOST_FIELDS + 2))]


@operation(
    "tables.list_deleted_fields",
    permission=Permission.TABLES_DESIGN,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("GET", "/tables/{table}/fields/deleted"),
    scope=lambda request: f"tables/{request.table}",
)
def list_deleted_fields(context: Context, request: ListDeletedFields) -> DeletedFields:
    """List the fields of a table that can be brought back."""
    table = catalogue.ready_table(context.session, request.table)
    require(context, table, Permission.TABLES_DESIGN)
    return DeletedFields(
        [
            DeletedField(
                id=one.id, name=one.name, kind=FieldKind(one.kind), deleted_at=one.deleted_at
            )
            for one in designing.deleted_fields(context.session, request.table)
        ]
    )
