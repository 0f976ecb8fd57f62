"""The steps of a change of type: each batch, the turn to the new column, the cleaning up."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import bindparam, select, update

from app.core.messages import mark
from app.files.errors import Unfit
from app.jobs.lease import Lease, advance
from app.operations.context import Context
from app.operations.operation import operation
from app.operations.permissions import Permission
from app.services.tables import catalogue, designing, junctions, physical, search_marks
from app.services.tables.around import around_of
from app.services.tables.conversion import AT_ONCE, Conversion, values_of
from app.services.tables.fields import FieldInfo
from app.services.tables.folding import key_of, search_text, segments_of
from app.services.tables.operations import indexing
from app.services.tables.operations.retyping import ConvertArguments, both
from app.services.tables.physical import TableInfo, sql_table
from app.services.tables.types.base import Stored
from app.services.tables.types.registry import is_many, is_text, writer_of

CONVERTING: Final = mark("Converting values")
TURNING: Final = mark("Finishing")


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """Where a change of type stands."""

    last: Annotated[int, Meta(description="Number of the last record looked at.")] = 0
    rows: Annotated[int, Meta(description="Records looked at.")] = 0
    lost: Annotated[int, Meta(description="Values that did not fit.")] = 0
    done: Annotated[bool, Meta(description="Every record was looked at.")] = False
    finished: Annotated[bool, Meta(description="The field has its new type.")] = False


class ConvertBatch(msgspec.Struct, frozen=True, kw_only=True):
    """The next records."""

    lease: Annotated[Lease, Meta(description="The worker's hold on the job.")]
    arguments: Annotated[ConvertArguments, Meta(description="What is to be done.")]
    stood: Annotated[Reached, Meta(description="Where it stood before.")]


def _about(context: Context, lease: Lease, table: TableInfo, field: FieldInfo) -> None:
    context.event.about("table", str(table.id), table.name)
    context.event.references.update(job=lease.job, field=str(field.id))


@operation(
    "tables.convert_batch",
    permission=Permission.TABLES_DESIGN,
    planes=(),
    scope=lambda request: f"tables/{request.arguments.table}",
)
def convert_batch(context: Context, request: ConvertBatch) -> Reached:
    """Fill the new column of some records."""
    arguments, stood, session = request.arguments, request.stood, context.session
    table, field, target = both(context, arguments)
    _about(context, request.lease, table, field)
    around = around_of(context, [field, target])
    conversion = Conversion(field, target, around, back=arguments.back)
    rows = sql_table(table)
    some = select(rows.c.id, rows.c.s).where(rows.c.id > stood.last).order_by(rows.c.id)
    held = session.connection().execute(some.limit(AT_ONCE).with_for_update()).all()
    texts = {row.id: row.s for row in held}
    last = max(texts, default=stood.last)
    between = (rows.c.id > stood.last, rows.c.id <= last)
    values = values_of(session, table, field, target).where(*between)
    write, keep = writer_of(target, around), [key_of(field.id)]
    changed: list[dict[str, Any]] = []
    lost = 0
    for number, stored, former in session.connection().execute(values.order_by(rows.c.id)):
        if stored is None and former is None:
            continue
        try:
            value = conversion.value(stored, former)
        except Unfit:
            value, lost = None, lost + 1
        text = "" if value is None else write(value)
        s = segments_of(texts[number], without=keep) + search_text(keep, [text])
        changed.append({"number": number, "value": value, "text": s})
    _write(context, table, target, changed)
    reached = Reached(
        last=last,
        rows=stood.rows + len(held),
        lost=stood.lost + lost,
        done=len(held) < AT_ONCE,
    )
    context.event.numbers.update(rows=len(changed), lost=lost)
    _advance(context, request.lease, reached, CONVERTING)
    return reached


def _write(
    context: Context, table: TableInfo, target: FieldInfo, changed: list[dict[str, Any]]
) -> None:
    if not changed:
        return
    rows, connection = sql_table(table), context.session.connection()
    columns: dict[str, Any] = {"s": bindparam("text")}
    if is_many(target):
        many: list[tuple[int, Stored]] = [(one["number"], one["value"]) for one in changed]
        junctions.forget(context.session, [target], [one for one, _ in many])
        junctions.write_new(context.session, target, many)
        changed = [{"number": one["number"], "text": one["text"]} for one in changed]
    else:
        both_columns = physical.with_column(table, target.column, text=is_text(target))
        rows = both_columns
        columns[target.column] = bindparam("value")
    change = update(rows).where(rows.c.id == bindparam("number")).values(columns)
    connection.execute(change, changed)
    search_marks.many_changed(context.session, table, [one["number"] for one in changed])


def _advance(context: Context, lease: Lease, reached: Reached, phase: str) -> None:
    advance(
        context.session,
        lease,
        checkpoint=reached,
        done=reached.rows,
        phase=phase,
        numbers={"rows": reached.rows, "lost": reached.lost},
    )


@operation(
    "tables.finish_convert",
    permission=Permission.TABLES_DESIGN,
    planes=(),
    scope=lambda request: f"tables/{request.arguments.table}",
)
def finish_convert(context: Context, request: ConvertBatch) -> Reached:
    """Let a field turn to its new column, and keep the old one for the way back."""
    arguments, session = request.arguments, context.session
    table, field, target = both(context, arguments)
    _about(context, request.lease, table, field)
    if field.settings.unique:
        physical.end_unique(session, table, field)
    kept = msgspec.structs.replace(field.settings, unique=False)
    designing.change_row(session, field.id, **_row(target), changing="")
    deleted = context.now if arguments.back else 0  # one way back only: it ends where it began
    old = msgspec.structs.replace(field, settings=kept)
    designing.change_row(session, target.id, **_row(old), deleted_at=deleted)
    _renew(context, table.id)
    indexing.index(context, catalogue.find_table(session, table.id))
    reached = msgspec.structs.replace(request.stood, finished=True)
    context.event.numbers.update(rows=reached.rows, lost=reached.lost)
    _advance(context, request.lease, reached, TURNING)
    return reached


def _row(field: FieldInfo) -> dict[str, object]:
    return {
        "kind": field.kind.value,
        "scale": field.scale,
        "settings": catalogue.settings_text(field.settings),
        "col": field.col or field.id,
    }


@operation(
    "tables.abandon_convert", permission=Permission.TABLES_DESIGN, planes=(), in_reserve=True
)
def abandon_convert(context: Context, request: ConvertBatch) -> None:
    """Leave a field as it was, after a change of its type was cancelled or failed."""
    arguments, c = request.arguments, designing.fields.c
    context.event.about("table", str(arguments.table))
    context.event.references.update(job=request.lease.job, field=str(arguments.field))
    mine = update(designing.fields).where(c.id == arguments.field, c.changing == request.lease.job)
    if context.session.connection().execute(mine.values(changing="")).rowcount:
        _renew(context, arguments.table)


def _renew(context: Context, table: int) -> None:
    """Tell everybody that the design of a table is another, whoever changes it besides."""
    catalogue.change_definition(context.session, table, rev=catalogue.definitions.c.rev + 1)
