"""Another type for a field: shown first, then done in the background, and undone.

A new column is filled beside the old one, batch by batch, while people go on working; at the end
the field turns to it. The old column stays as it was, for the way back. Nobody writes to the field
meanwhile, so that no value is left in the wrong column.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import select

from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.messages import mark
from app.jobs.queue import enqueue
from app.operations.context import Context
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue, designing
from app.services.tables.around import around_of
from app.services.tables.conversion import (
    SHOWN,
    Conversion,
    Loss,
    losses,
    options_among,
    values_of,
)
from app.services.tables.fields import PLAIN, FieldInfo, Option, Settings
from app.services.tables.models import FieldKind
from app.services.tables.operations.fields import Chosen, FieldNumber, Scale
from app.services.tables.operations.tables import STAFF
from app.services.tables.physical import TableInfo
from app.services.tables.planning import field_of
from app.services.tables.reach import reach_of, require
from app.services.tables.types.registry import TYPES, writer_of
from app.services.tables.views import Rev, TableNumber
from app.services.tables.writing import IS_CHANGING

CONVERT: Final = "tables.convert"
CHOICES: Final = frozenset({FieldKind.SELECT, FieldKind.MULTI_SELECT})

Accepted = Annotated[
    int, Meta(description="How many values may be lost: as many as the preview counted.", ge=0)
]


class PreviewType(msgspec.Struct, frozen=True, kw_only=True):
    """Which type a field would have."""

    table: TableNumber
    field: FieldNumber
    kind: Annotated[FieldKind, Meta(description="What it would hold.")]
    scale: Scale = 0
    settings: Chosen = PLAIN


class ChangeType(msgspec.Struct, frozen=True, kw_only=True):
    """Another type for a field."""

    table: TableNumber
    rev: Rev
    field: FieldNumber
    kind: Annotated[FieldKind, Meta(description="What it holds from then on.")]
    scale: Scale = 0
    settings: Chosen = PLAIN
    accepting: Accepted = 0


class PreviewUndo(msgspec.Struct, frozen=True, kw_only=True):
    """Which field would have its former type again."""

    table: TableNumber
    field: FieldNumber


class UndoType(msgspec.Struct, frozen=True, kw_only=True):
    """The former type for a field."""

    table: TableNumber
    rev: Rev
    field: FieldNumber
    accepting: Accepted = 0


class TypePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of the values."""

    kind: Annotated[FieldKind, Meta(description="The type that they would have.")]
    filled: Annotated[int, Meta(description="Records that hold a value.")]
    lost: Annotated[int, Meta(description="Values that do not fit the type.")]
    samples: Annotated[list[Loss], Meta(description="The first of them.")]
    options: Annotated[list[Option], Meta(description="The choices that the field would have.")]


class ConvertStarted(msgspec.Struct, frozen=True, kw_only=True):
    """A change of type that waits for a worker."""

    job: Annotated[str, Meta(description="Identifier of the job.")]


class ConvertArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the job needs to know."""

    table: int
    """Number of the table."""
    field: int
    """Number of the field."""
    draft: int
    """Row of the catalogue whose column is filled."""
    back: bool
    """To the type that the field had before."""
    total: int
    """Records that hold a value."""


def _field(context: Context, table: int, number: int) -> tuple[TableInfo, FieldInfo]:
    found = catalogue.ready_table(context.session, table)
    require(context, found, Permission.TABLES_DESIGN)
    field = designing.field_in(found, number)
    if field.changing:
        raise InvalidInput(field=field.name, reason=IS_CHANGING)
    if not reach_of(context, found, Permission.RECORDS_VIEW).is_whole:
        reason = mark("Only who sees all records and fields can change a type.")
        raise InvalidInput(field=field.name, reason=reason)
    return found, field


def _target(
    context: Context, table: TableInfo, field: FieldInfo, request: PreviewType | ChangeType
) -> FieldInfo:
    """Return the field as it would be. Raise InvalidInput."""
    kinds = (field.kind, request.kind)
    if not all(designing.can_be_converted(kind) for kind in kinds) or (
        TYPES[request.kind].by_appliance
    ):
        reason = mark("Values of this type cannot be made of other values, nor others of them.")
        raise InvalidInput(field="kind", reason=reason)
    if (field.kind, field.scale) == (request.kind, request.scale):
        raise InvalidInput(field="kind", reason=mark("The field has this type already."))
    settings = request.settings
    if settings.unique:
        reason = mark("Change the type first, then let values occur once only.")
        raise InvalidInput(field="settings.unique", reason=reason)
    if request.kind in CHOICES and not settings.options:
        options = _options(context, table, field, request.kind)
        settings = msgspec.structs.replace(settings, options=options)
    return field_of(
        context, name=field.name, kind=request.kind, scale=request.scale, settings=settings
    )


def _options(
    context: Context, table: TableInfo, field: FieldInfo, kind: FieldKind
) -> tuple[Option, ...]:
    """Return the choices that the values of a field name."""
    if field.kind in CHOICES:
        return field.settings.options
    write = writer_of(field, around_of(context, table.fields))
    values = values_of(context.session, table, field).subquery()
    distinct = select(values.c.value).where(values.c.value.is_not(None)).distinct()
    found = context.session.connection().execute(distinct.order_by(values.c.value)).scalars()
    return options_among(map(write, found), kind)


def _preview(
    context: Context, table: TableInfo, field: FieldInfo, target: FieldInfo, *, back: bool
) -> TypePreview:
    around = around_of(context, [field, target])
    conversion = Conversion(field, target, around, back=back)
    filled, lost = 0, 0
    samples: list[Loss] = []
    for loss in losses(context.session, table, field, target, conversion, back=back):
        filled += 1
        if loss is not None:
            lost += 1
            samples += [loss] if lost <= SHOWN else []
    return TypePreview(
        kind=target.kind,
        filled=filled,
        lost=lost,
        samples=samples,
        options=[one for one in target.settings.options if not one.gone],
    )


@operation(
    "tables.preview_type",
    permission=Permission.TABLES_DESIGN,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/fields/{field}/type/preview"),
    scope=lambda request: f"tables/{request.table}",
)
def preview_type(context: Context, request: PreviewType) -> TypePreview:
    """Show what would become of the values of a field if its type were another."""
    table, field = _field(context, request.table, request.field)
    target = _target(context, table, field, request)
    return _preview(context, table, field, target, back=False)


@operation(
    "tables.change_type",
    permission=Permission.TABLES_DESIGN,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/fields/{field}/type", status=202),
    scope=lambda request: f"tables/{request.table}",
)
def change_type(context: Context, request: ChangeType) -> ConvertStarted:
    """Give a field another type, in the background; its former values are kept."""
    table, field = _field(context, request.table, request.field)
    context.event.about("table", str(table.id), table.name)
    target = _target(context, table, field, request)
    seen = _preview(context, table, field, target, back=False)
    draft = designing.add_row(
        context.session, table, target, successor_of=field.id, deleted_at=context.now
    )
    context.event.change("kind", field.kind.value, target.kind.value)
    return _start(context, table, request, draft, seen, back=False)


@operation(
    "tables.preview_undo_type",
    permission=Permission.TABLES_DESIGN,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/fields/{field}/type/undo/preview"),
    scope=lambda request: f"tables/{request.table}",
)
def preview_undo_type(context: Context, request: PreviewUndo) -> TypePreview:
    """Show what would become of the values of a field if it had its former type again."""
    table, field = _field(context, request.table, request.field)
    return _preview(context, table, field, _former(context, field)[1], back=True)


@operation(
    "tables.undo_type",
    permission=Permission.TABLES_DESIGN,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/fields/{field}/type/undo", status=202),
    scope=lambda request: f"tables/{request.table}",
)
def undo_type(context: Context, request: UndoType) -> ConvertStarted:
    """Give a field its former type and values again, with what was changed since."""
    table, field = _field(context, request.table, request.field)
    context.event.about("table", str(table.id), table.name)
    draft, target = _former(context, field)
    seen = _preview(context, table, field, target, back=True)
    context.event.change("kind", field.kind.value, target.kind.value)
    return _start(context, table, request, draft, seen, back=True)


def _former(context: Context, field: FieldInfo) -> tuple[int, FieldInfo]:
    """Return the row that keeps a field's former type, and that type. Raise NotFound."""
    row = designing.former_of(context.session, field.id)
    if row is None:
        raise NotFound(kind=mark("former type"), name=field.name)
    return row.id, field_of_row(row, field.name)


def field_of_row(row: Any, name: str) -> FieldInfo:  # noqa: ANN401 - a row of the catalogue
    """Return a field as a row of the catalogue describes it."""
    return FieldInfo(
        id=row.id,
        name=name,
        kind=FieldKind(row.kind),
        scale=row.scale,
        settings=msgspec.json.decode(row.settings, type=Settings),
        col=row.col,
    )


def _start(
    context: Context,
    table: TableInfo,
    request: ChangeType | UndoType,
    draft: int,
    seen: TypePreview,
    *,
    back: bool,
) -> ConvertStarted:
    if seen.lost > request.accepting:
        raise Conflict(name=table.name)  # somebody has written more of what does not fit
    context.event.references["field"] = str(request.field)
    context.event.numbers.update(rows=seen.filled, lost=seen.lost)
    arguments = ConvertArguments(
        table=table.id, field=request.field, draft=draft, back=back, total=seen.filled
    )
    job = enqueue(context, CONVERT, arguments)
    designing.change_row(context.session, request.field, changing=job)
    designing.turn(context, table, request.rev)
    return ConvertStarted(job=job)


def both(context: Context, arguments: ConvertArguments) -> tuple[TableInfo, FieldInfo, FieldInfo]:
    """Return table, field and the field as it becomes. Raise NotFound where one is gone."""
    table = catalogue.find_table(context.session, arguments.table)
    field = designing.field_in(table, arguments.field)
    rows: Sequence[Any] = list(
        context.session.connection().execute(
            select(designing.fields).where(designing.fields.c.id == arguments.draft)
        )
    )
    if not rows:
        raise NotFound(kind=mark("field"), name=arguments.draft)
    return table, field, field_of_row(rows[0], field.name)
