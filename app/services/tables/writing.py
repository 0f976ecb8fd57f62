"""Changing rows: one by one with a rev, or many at once from a file.

Like `query`, the only way: nothing else writes to the tables of people.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Table, bindparam, insert, update

from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.messages import mark
from app.core.prepared import Prepared
from app.files.errors import Unfit
from app.operations.context import Context
from app.services.tables import junctions, search_marks
from app.services.tables.changes import record
from app.services.tables.fields import SYSTEM, FieldInfo
from app.services.tables.folding import key_of, search_text, segments_of
from app.services.tables.numbering import next_numbers
from app.services.tables.physical import (
    FIRST_VALUE,
    TableInfo,
    sql_table,
)
from app.services.tables.query import Rows
from app.services.tables.reach import WHOLE_TABLE
from app.services.tables.types import registry
from app.services.tables.types.base import NOWHERE, Around, Stored, Value
from app.services.tables.types.registry import has_column, is_many, plain_writers
from app.services.tables.uniqueness import check_unique, taken_at_the_same_moment
from app.services.tables.within_reach import check_reach, check_writable, unnamed

IS_CHANGING = mark("The type of the field is being changed. Wait until that is done.")


def stored_values(
    rows: Rows, values: Mapping[int, Value], around: Around = NOWHERE
) -> dict[int, Stored]:
    """Return what is stored for the given values of fields that the person writes, by number.

    Raise InvalidInput naming the field.
    """
    stored: dict[int, Stored] = {}
    for number, value in values.items():
        check_writable(rows, [number])
        field = rows.by_id[number]
        if field.changing:
            raise InvalidInput(field=field.name, reason=IS_CHANGING)
        try:
            stored[number] = registry.store(field, value, around)
        except Unfit as error:
            raise InvalidInput(field=field.name, reason=error.reason) from error
        if stored[number] is None and field.settings.required:
            raise InvalidInput(field=field.name, reason=registry.MUST_BE_FILLED)
    return stored


def new_values(rows: Rows, given: dict[int, Stored], around: Around) -> dict[int, Stored]:
    """Return the values of a new row as somebody makes it: `with_starts`, hidden fields unnamed."""
    try:
        return with_starts(rows.table, given, around)
    except InvalidInput as error:
        raise unnamed(rows, error) from None


def with_starts(table: TableInfo, stored: dict[int, Stored], around: Around) -> dict[int, Stored]:
    """Return the values of a new row: where none was given, the field's default.

    Raise InvalidInput naming the field: it must be filled, or the default fits no longer.
    """
    for field in _starting(table):  # fields that the person does not see have theirs too
        if field.id in stored:
            continue
        try:
            start = registry.start_of(field, around)
        except Unfit as error:
            raise InvalidInput(field=field.name, reason=error.reason) from error
        if start is None and field.settings.required:
            raise InvalidInput(field=field.name, reason=registry.MUST_BE_FILLED)
        stored[field.id] = start
    return stored


@functools.lru_cache(maxsize=256)
def _starting(table: TableInfo) -> list[FieldInfo]:
    """Return the fields that do not begin empty."""
    return [
        field
        for field in table.fields
        if (field.settings.default or field.settings.required) and not field.changing
    ]


def start_text(field: FieldInfo, around: Around) -> str:
    """Return the default of a field as people type it; empty where it has none that fits."""
    if registry.type_of(field).by_appliance:
        return ""
    try:
        start = registry.start_of(field, around)
    except Unfit:
        return ""
    return "" if start is None else registry.writer_of(field, around)(start)


def text_of_row(
    fields: Sequence[FieldInfo], values: Sequence[Stored], around: Around = NOWHERE
) -> str:
    """Return the search text of a row."""
    whole = tuple(fields)
    keys, writers = _keys(whole), plain_writers(whole) or searchers(whole, around)
    texts = [
        "" if value is None else write(value) for write, value in zip(writers, values, strict=True)
    ]
    return search_text(keys, texts)


@functools.lru_cache(maxsize=256)
def _keys(fields: tuple[FieldInfo, ...]) -> list[str]:
    return [key_of(field.id) for field in fields]


def searchers(fields: Sequence[FieldInfo], around: Around) -> list[Callable[[Any], str]]:
    """Return what writes the texts of a row's fields that people look for."""
    return [
        _nothing if field.kind in SYSTEM else registry.writer_of(field, around) for field in fields
    ]


def _nothing(_stored: Any) -> str:  # noqa: ANN401
    """Who and when changes with each write; nobody looks for it by a part of its text."""
    return ""


def insert_row(
    context: Context, rows: Rows, stored: Mapping[int, Stored], around: Around = NOWHERE
) -> Sequence[Any]:
    """Write a new row; return it whole, as `query` would.

    Raise InvalidInput: a value is taken; OutOfReach: the row is none of the person's.
    """
    try:
        made = _insert_row(context, rows.table, stored, around)
    except InvalidInput as error:
        raise unnamed(rows, error) from None
    check_reach(rows, made[0])
    return made


def _insert_row(
    context: Context, table: TableInfo, stored: Mapping[int, Stored], around: Around
) -> Sequence[Any]:
    """Write a new row; return it whole, as `query` would. Raise InvalidInput: a value is taken."""
    now = context.now
    row = write_new(context, table, stored, around, now=now)
    record(context, table, "create", [[row[0], 1, *row[FIRST_VALUE:]]], at=now)
    return row


def write_new(
    context: Context, table: TableInfo, stored: Mapping[int, Stored], around: Around, *, now: int
) -> Sequence[Any]:
    """Write a new row and return it whole. Whoever calls notes it in the record history.

    Raise InvalidInput: a value is taken.
    """
    account = context.actor.account
    numbered = next_numbers(context.session, table, now, around.zone, 1)
    told: dict[str, Any] = {
        "created_at": now,
        "created_by": account,
        "updated_at": now,
        "updated_by": account,
    }
    given = {**stored, **{field: texts[0] for field, texts in numbered.items()}}
    values: list[Stored] = [told.get(one.column, given.get(one.id)) for one in table.fields]
    check_unique(context.session, table, dict(zip(_numbers(table), values, strict=True)))
    columns, inserting = _inserting(table)
    with taken_at_the_same_moment(table):
        made = inserting.first(
            context.session,
            rev=1,
            **told,
            deleted_at=0,
            s=text_of_row(table.fields, values, around),
            **dict(zip(columns, _in_columns(table, values), strict=True)),
        )
    assert made is not None  # noqa: S101 - an INSERT that does not raise returns its number
    search_marks.one_changed(context.session, table, made.id, 1)
    _write_many(context, table, made.id, dict(zip(_numbers(table), values, strict=True)), new=True)
    return [made.id, 1, now, account, now, account, *values]


def _in_columns(table: TableInfo, values: Sequence[Stored]) -> list[Stored]:
    """Return what stands in columns of the table's own."""
    return [values[place] for place in _placed(table)]


@functools.lru_cache(maxsize=256)
def _placed(table: TableInfo) -> list[int]:
    """Return the places of the fields that have a column."""
    return [place for place, field in enumerate(table.fields) if has_column(field)]


@functools.lru_cache(maxsize=256)
def _many(table: TableInfo) -> list[FieldInfo]:
    return list(filter(is_many, table.fields))


def _write_many(
    context: Context, table: TableInfo, row: int, stored: Mapping[int, Stored], *, new: bool = False
) -> None:
    """Write the values of fields that have many."""
    for field in _many(table):
        if field.id in stored:
            junctions.write(context.session, field, row, stored[field.id], new=new)


@functools.lru_cache(maxsize=256)
def _inserting(table: TableInfo) -> tuple[list[str], Prepared]:
    """Return the names of the fields' columns, and what writes a new row."""
    rows = sql_table(table)
    names = [column.name for column in rows.c if column.name != "id"]
    columns = [field.column for field in table.fields if has_column(field)]
    return columns, Prepared(insert(rows).returning(rows.c.id), names)


@functools.lru_cache(maxsize=512)
def _updating(rows: Table, names: tuple[str, ...]) -> Prepared:
    number, seen = bindparam("number", type_=BigInteger()), bindparam("seen", type_=BigInteger())
    seen_row = (rows.c.id == number, rows.c.rev == seen, rows.c.deleted_at == 0)
    return Prepared(update(rows).where(*seen_row), names)


class At(NamedTuple):
    """One row in the state in which a person saw it."""

    number: int
    rev: int


def update_row(
    context: Context, rows: Rows, at: At, stored: dict[int, Stored], around: Around = NOWHERE
) -> Sequence[Any]:
    """Change some fields of a row; return it whole, as `query` would.

    Raise NotFound if there is none within reach, Conflict if somebody changed it since, OutOfReach
    if it would not be within reach any more.
    """
    check_writable(rows, stored)
    table, now, account = rows.table, context.now, context.actor.account
    row = _current(context, rows, at)
    whole = _by_number(table, row)
    before = {key: whole[key] for key, value in stored.items() if whole[key] != value}
    check_unique(context.session, table, {key: stored[key] for key in before}, at.number)
    told: dict[str, Stored] = {"updated_at": now, "updated_by": account}
    system = {one.id: told[one.column] for one in table.fields if one.column in told}
    after = [*{**whole, **stored, **system}.values()]
    changed = {key: stored[key] for key in before}
    try:
        write_state(context, rows, at, changed, after, around, now=now)
    except InvalidInput as error:  # the database names the first field whose values occur once
        raise unnamed(rows, error) from None
    check_reach(rows, at.number)
    after_row = [at.number, at.rev + 1, *after]
    record(context, table, "update", [after_row], {at.number: before}, at=now)
    return [at.number, at.rev + 1, row.created_at, row.created_by, now, account, *after]


def write_state(
    context: Context,
    rows: Rows,
    at: At,
    changed: Mapping[int, Stored] | None,
    after: Sequence[Stored],
    around: Around,
    *,
    now: int,
) -> None:
    """Write the next state of a row: `changed` fields, None where it is deleted.

    `after` are all its values then. Whoever calls notes it in the record history. Raise Conflict.
    """
    table = rows.table
    if changed is None:
        _write(context, table, at, {"deleted_at": now, "updated_at": now})
        return
    columns: dict[str, Any] = {
        field.column: changed[field.id]
        for field in table.fields
        if field.id in changed and has_column(field)
    }
    text = text_of_row(table.fields, after, around)
    if table.has_deleted:  # what stood in deleted fields comes back with them, and is found then
        old = rows.search_text(at.number)
        text += segments_of(old, without=_keys(table.fields))
    _write(context, table, at, {"s": text, "updated_at": now, **columns})
    _write_many(context, table, at.number, changed)


def delete_row(context: Context, rows: Rows, at: At) -> None:
    """Mark a row as deleted. Raise NotFound or Conflict."""
    table = rows.table
    whole = _by_number(table, _current(context, rows, at))
    write_state(context, rows, at, None, [*whole.values()], NOWHERE, now=context.now)
    record(context, table, "delete", [[at.number, at.rev + 1, *whole.values()]], {at.number: whole})


def _current(context: Context, rows: Rows, at: At) -> Any:  # noqa: ANN401 - a row of any table
    """Return the whole row, with what the person does not see."""
    row = rows.get(at.number)
    if row is None:
        raise NotFound(kind=mark("record"), name=at.number)
    if not rows.is_whole:
        row = Rows(context.session, rows.table, WHOLE_TABLE).get(at.number)
    if row is None or row.rev != at.rev:
        raise Conflict(name=str(at.number))
    return row


def _by_number(table: TableInfo, row: Sequence[Any]) -> dict[int, Stored]:
    """Return the values of a whole row by number of the field, in the fields' order."""
    return dict(zip(_numbers(table), row[FIRST_VALUE:], strict=True))


@functools.lru_cache(maxsize=256)
def _numbers(table: TableInfo) -> tuple[int, ...]:
    return tuple(field.id for field in table.fields)


def _write(context: Context, table: TableInfo, at: At, values: dict[str, Any]) -> None:
    written = {"rev": at.rev + 1, "updated_by": context.actor.account, **values}
    change = _updating(sql_table(table), tuple(written))
    with taken_at_the_same_moment(table):
        done = change.run(context.session, **written, number=at.number, seen=at.rev)
    if not done:
        raise Conflict(name=str(at.number))
    search_marks.one_changed(context.session, table, at.number, at.rev + 1)
