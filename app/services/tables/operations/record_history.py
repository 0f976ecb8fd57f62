"""The history of one record: every state that it had, who made it, and what became another."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from sqlalchemy import exists, select
from sqlmodel import Session

from app.core.errors import NotFound
from app.core.messages import mark
from app.operations.context import Context
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue
from app.services.tables.around import around_of
from app.services.tables.fields import SYSTEM
from app.services.tables.merge_writing import SHORT
from app.services.tables.models import FieldKind
from app.services.tables.operations.tables import STAFF
from app.services.tables.past import DELETES, RESTORES, Columns, Entry, Held, Past, changes, load
from app.services.tables.personal_data import history
from app.services.tables.physical import TableInfo
from app.services.tables.reach import Reach, is_free, reach_of, require
from app.services.tables.shapes import read_shape
from app.services.tables.telling import Teller, names_of
from app.services.tables.types.registry import type_of
from app.services.tables.views import RecordNumber, TableNumber, load_links

State = Annotated[int, Meta(description="Number of a state of the record.", ge=1, lt=2**62)]
_BEGUN: Final = ("create", "import")


class RecordHistoryAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Of which record, and from where on."""

    table: TableNumber
    record: RecordNumber
    after: Annotated[
        int, Meta(description="State of the last entry of the page before.", ge=0, lt=2**62)
    ] = 0
    limit: Annotated[int, Meta(description="Most entries to return.", ge=1, le=100)] = 20


class ValueChange(msgspec.Struct, frozen=True, kw_only=True):
    """A field that became another."""

    field: Annotated[int, Meta(description="Number of the field.")]
    name: Annotated[str, Meta(description="What it is called, or was when it was deleted.")]
    kind: Annotated[FieldKind, Meta(description="The type that it had then.")]
    before: Annotated[str, Meta(description="What it held, as people read it.")]
    after: Annotated[str, Meta(description="What it held from then on.")]
    note: Annotated[str, Meta(description="What is otherwise today: a text of the catalogue.")]
    can_go_back: Annotated[
        bool, Meta(description="It holds something else now than it did before this change.")
    ]


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the record."""

    state: Annotated[int, Meta(description="State that it made.")]
    action: Annotated[
        str,
        Meta(description="`create`, `import`, `update`, `delete`, `restore`, `revert`, `undo` …"),
    ]
    at: Annotated[int, Meta(description="When, in milliseconds.")]
    by: Annotated[str, Meta(description="Account that made it.")]
    name: Annotated[str, Meta(description="What that person is called.")]
    way: Annotated[str, Meta(description="`page`, `token` or `job`; empty where nobody kept it.")]
    job: Annotated[str, Meta(description="Job that it was a part of; empty for all else.")]
    change: Annotated[str, Meta(description="Identifier of the change; empty where it is gone.")]
    deleted: Annotated[bool, Meta(description="The record was a deleted one after it.")]
    values: Annotated[list[ValueChange], Meta(description="What became another.")]
    differs: Annotated[bool, Meta(description="The record stands otherwise today.")]


class RecordHistoryPage(msgspec.Struct, frozen=True, kw_only=True):
    """A record's changes."""

    record: Annotated[int, Meta(description="Number of the record.")]
    rev: Annotated[int, Meta(description="State in which it is now; give it back with a change.")]
    deleted_at: Annotated[int, Meta(description="When it was deleted; 0: it is not.")]
    title: Annotated[str, Meta(description="What stands in its first field.")]
    entries: Annotated[list[HistoryEntry], Meta(description="The newest first.")]
    after: Annotated[int, Meta(description="Where the next page goes on; 0: this is the last.")]


class Looked(msgspec.Struct, frozen=True):
    """A record, its past, and what one needs to tell it."""

    table: TableInfo
    reach: Reach
    past: Past
    teller: Teller
    visible: frozenset[int]


def look(context: Context, table: int, record: int, permission: Permission) -> Looked:
    """Return a record that may be deleted, as far as somebody reaches it. Raise NotFound."""
    found = catalogue.ready_table(context.session, table)
    require(context, found, Permission.RECORDS_VIEW)  # the past is shown
    reach = reach_of(context, found, permission)
    columns = Columns(context.session, found)
    past = load(context.session, found, [record], columns, reach).get(record)
    if past is None:
        raise NotFound(kind=mark("record"), name=record)
    around = around_of(context, list(columns.by_column.values()))
    return Looked(
        found,
        reach,
        past,
        Teller(columns, around),
        columns.visible(reach, is_free=is_free(context, found)),
    )


def creation_of(session: Session, table: TableInfo, past: Past) -> Any | None:  # noqa: ANN401
    """Return the change that made a record: identifiers begin with their time."""
    c = changes.c
    noted = exists().where(history.c.change_id == c.id, history.c.record_id == past.number)
    found = session.connection().execute(
        select(changes)
        .where(
            c.table_id == table.id,
            c.id >= f"{past.created_at - 1 << 16:016x}",
            c.id < f"{past.created_at + SHORT << 16:016x}",
            c.first <= past.number,
            c.last >= past.number,
            c.by == past.created_by,
            c.action.in_(_BEGUN),
            ~noted,
        )
        .order_by(c.id)
        .limit(1)
    )
    return found.first()


@operation(
    "records.history",
    permission=Permission.RECORDS_VIEW,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("GET", "/tables/{table}/records/{record}/history"),
    scope=lambda request: f"tables/{request.table}",
)
def record_history(context: Context, request: RecordHistoryAsked) -> RecordHistoryPage:
    """Show what a record, deleted or not, held before each of its changes, the newest first."""
    seen = look(context, request.table, request.record, Permission.RECORDS_VIEW)
    past, shown, more = seen.past, list[Entry](), False
    for entry in reversed(past.entries):
        if (request.after and entry.rev >= request.after) or not _is_told(seen, entry):
            continue
        if more := len(shown) == request.limit:
            break
        shown.append(entry)
    made = creation_of(context.session, seen.table, past)
    more = more or len(shown) == request.limit  # how it began is left for the last page
    _load_links(seen)
    people = [one.by for one in shown] + [past.created_by]
    names = names_of(context.session, context.language, people)
    entries = [_entry(seen, one, names[one.by]) for one in shown]
    if not more:
        entries.append(_creation(seen, made, names[past.created_by]))
    title = seen.table.fields[0]
    return RecordHistoryPage(
        record=past.number,
        rev=past.rev,
        deleted_at=past.deleted_at,
        title=_now(seen, title.id) if title.id in seen.visible else "",
        entries=entries,
        after=shown[-1].rev if more else 0,
    )


def _is_told(seen: Looked, entry: Entry) -> bool:
    """Tell whether a reader sees anything of a change: of hidden fields there is nothing."""
    whole = not entry.before or entry.action in DELETES | RESTORES
    return whole or bool(seen.visible.intersection(entry.before))


def _load_links(seen: Looked) -> None:
    """Fetch the names of linked records at once."""
    columns = seen.teller.columns
    for column, field in columns.by_column.items():
        if field.kind not in (FieldKind.LINK, FieldKind.LINKS) or field.id not in seen.visible:
            continue
        kept = [one.before[field.id] for one in seen.past.entries if field.id in one.before]
        rows = [[value] for value in (*kept, seen.past.values.get(column))]
        load_links([field], rows, seen.teller.around, first=0)


def _now(seen: Looked, field: int) -> str:
    return seen.teller.words(Held(seen.past.columns.present[field], seen.past.now(field)))


def _entry(seen: Looked, entry: Entry, name: str) -> HistoryEntry:
    past = seen.past
    values: list[ValueChange] = []
    if entry.action not in DELETES:  # a deleted record holds what it held: nothing became another
        for field in seen.visible.intersection(entry.before):
            column = entry.shape.get(field, past.columns.present[field])
            before = Held(column, entry.before[field])
            values.append(_value(seen, field, before, past.held(entry.rev, field, entry.shape)))
    return HistoryEntry(
        state=entry.rev,
        action=entry.action,
        at=entry.at,
        by=entry.by,
        name=name,
        way=entry.way,
        job=entry.job,
        change=entry.change,
        deleted=past.was_deleted(entry.rev),
        values=_sorted(seen, values),
        differs=_differs(seen, entry.rev, entry.shape),
    )


def _creation(seen: Looked, made: Any, name: str) -> HistoryEntry:  # noqa: ANN401 - a row
    past = seen.past
    shape = read_shape(made.fields) if made is not None else {}
    values: list[ValueChange] = []
    for field in seen.visible:
        held = past.held(1, field, shape)
        if seen.teller.kind(held).kind not in SYSTEM and held.stored is not None:
            values.append(_value(seen, field, None, held))
    return HistoryEntry(
        state=1,
        action=made.action if made is not None else "create",
        at=past.created_at,
        by=past.created_by,
        name=name,
        way=made.way if made is not None else "",
        job=made.job if made is not None else "",
        change=made.id if made is not None else "",
        deleted=False,
        values=_sorted(seen, values),
        differs=_differs(seen, 1, shape),
    )


def _value(seen: Looked, field: int, before: Held | None, after: Held) -> ValueChange:
    teller = seen.teller
    then = teller.kind(before or after)
    both = [one for one in (before, after) if one is not None]
    return ValueChange(
        field=field,
        name=then.name,
        kind=then.kind,
        before=teller.words(before) if before else "",
        after=teller.words(after),
        note=teller.note(field, *both),
        can_go_back=before is not None and _is_another(seen, field, before),
    )


def _is_another(seen: Looked, field: int, held: Held) -> bool:
    """Tell whether a field that people fill holds something else than it held."""
    columns = seen.past.columns
    if field in columns.deleted or type_of(columns.by_column[columns.present[field]]).by_appliance:
        return False
    return held.column != columns.present[field] or held.stored != seen.past.now(field)


def _differs(seen: Looked, state: int, shape: Mapping[int, int]) -> bool:
    past = seen.past
    if bool(past.deleted_at) is not past.was_deleted(state):
        return True
    return any(
        _is_another(seen, field.id, past.held(state, field.id, shape))
        for field in seen.table.fields
        if field.id in seen.visible and field.kind not in SYSTEM
    )


def _sorted(seen: Looked, values: list[ValueChange]) -> list[ValueChange]:
    places = {number: at for at, number in enumerate(seen.teller.columns.present)}
    return sorted(values, key=lambda one: places[one.field])
