"""Tables and records as pages and the API show them."""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from app.services.tables.definition import Colour
from app.services.tables.fields import PLAIN, FieldInfo, Settings
from app.services.tables.fitting import Misfit
from app.services.tables.models import FieldKind, TableState
from app.services.tables.physical import FIRST_VALUE, TableInfo
from app.services.tables.rules import Verb
from app.services.tables.types.base import Around, Value
from app.services.tables.types.registry import plain_words, shower_of, words_of, writer_of

TableNumber = Annotated[int, Meta(description="Number of the table.", ge=1, le=2**63 - 1)]
RecordNumber = Annotated[int, Meta(description="Number of the record.", ge=1, le=2**63 - 1)]
Rev = Annotated[int, Meta(description="State in which it was seen.", ge=1, lt=2**62)]


class FieldView(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a table."""

    id: Annotated[int, Meta(description="Number of the field.")]
    name: Annotated[str, Meta(description="What people call it.")]
    kind: Annotated[FieldKind, Meta(description="What it holds.")]
    scale: Annotated[int, Meta(description="Decimals that it keeps.")]
    settings: Annotated[Settings, Meta(description="What was chosen for it.")] = PLAIN
    changing: Annotated[
        bool, Meta(description="Its kind is being changed; nobody writes to it.")
    ] = False
    read_only: Annotated[bool, Meta(description="You see it, and do not change it.")] = False
    kept_in: Annotated[bool, Meta(description="You see it, and do not export it.")] = False


class TableView(msgspec.Struct, frozen=True, kw_only=True):
    """A table."""

    id: Annotated[int, Meta(description="Number of the table.")]
    name: Annotated[str, Meta(description="What people call it.")]
    state: Annotated[TableState, Meta(description="Whether it can be used yet.")]
    rev: Annotated[int, Meta(description="State of the definition.")]
    source: Annotated[str, Meta(description="File that its first rows came from.")]
    created_at: Annotated[int, Meta(description="When it was made, in milliseconds.")]
    created_by: Annotated[str, Meta(description="Account that made it.")]
    deleted_at: Annotated[int, Meta(description="When it was deleted; 0: it is not.")]
    fields: Annotated[list[FieldView], Meta(description="Its fields in order.")]
    may: Annotated[
        list[Verb], Meta(description="What you may do with it; told where tables are asked for.")
    ] = msgspec.field(default_factory=list)


class RecordView(msgspec.Struct, frozen=True, kw_only=True):
    """A record."""

    id: Annotated[int, Meta(description="Number of the record.")]
    rev: Annotated[int, Meta(description="State of the record; give it back with a change.")]
    cells: Annotated[list[Value], Meta(description="Values in the order of the fields.")]
    words: Annotated[
        list[str],
        Meta(description="The same as people read them, in your language and time zone."),
    ]
    texts: Annotated[
        list[str],
        Meta(description="The same as people type them; where one record is asked for."),
    ] = msgspec.field(default_factory=list)
    created_at: Annotated[int, Meta(description="When it was made, in milliseconds.")]
    created_by: Annotated[str, Meta(description="Account that made it.")]
    updated_at: Annotated[int, Meta(description="When it was changed last, in milliseconds.")]
    updated_by: Annotated[str, Meta(description="Account that changed it last.")]


class RecordPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some records of a table, and where the list goes on in both directions."""

    table: Annotated[TableView, Meta(description="The table, with the fields that you may see.")]
    records: Annotated[list[RecordView], Meta(description="The records.")]
    before: Annotated[str, Meta(description="Mark for the page before; empty at the start.")]
    after: Annotated[str, Meta(description="Mark for the next page; empty at the end.")]
    total: Annotated[int | None, Meta(description="How many there are; none: not counted.")]
    at_least: Annotated[bool, Meta(description="There are more than `total`.")]
    colours: Annotated[
        dict[int, Colour], Meta(description="By number of the record: what the view paints it.")
    ] = msgspec.field(default_factory=dict)
    misfits: Annotated[
        list[Misfit], Meta(description="What of the view does not fit the table any more.")
    ] = msgspec.field(default_factory=list)


def view_of_field(field: FieldInfo) -> FieldView:
    """Return a field as it is shown."""
    return FieldView(
        id=field.id,
        name=field.name,
        kind=field.kind,
        scale=field.scale,
        settings=field.settings,
        changing=field.changing,
    )


def view_of_table(table: TableInfo, fields: Iterable[FieldInfo] | None = None) -> TableView:
    """Return a table as it is shown, with `fields` only where they are given."""
    return TableView(
        id=table.id,
        name=table.name,
        state=table.state,
        rev=table.rev,
        source=table.source,
        created_at=table.created_at,
        created_by=table.created_by,
        deleted_at=table.deleted_at,
        fields=[view_of_field(field) for field in (table.fields if fields is None else fields)],
    )


@functools.lru_cache(maxsize=256)
def _showers(fields: tuple[FieldInfo, ...]) -> list[tuple[int, Callable[[Any], Value]]]:
    """Return what gives the API's value, by place, where that is not what is stored."""
    return [(place, shower) for place, field in enumerate(fields) if (shower := shower_of(field))]


def record_viewer(
    fields: tuple[FieldInfo, ...], around: Around, places: Sequence[int] | None = None
) -> Callable[[Sequence[Any]], RecordView]:
    """Return what shows rows of these fields, as `query` finds them; of some `places` only."""
    chosen = None if places is None or list(places) == list(range(len(fields))) else places
    if chosen is not None:
        fields = tuple(fields[place] for place in chosen)
    showers = _showers(fields)
    writers = plain_words(fields, around.language)
    writers = writers or [words_of(field, around) for field in fields]

    def view(row: Sequence[Any]) -> RecordView:
        number, rev, created_at, created_by, updated_at, updated_by, *cells = row
        if chosen is not None:
            cells = [cells[place] for place in chosen]
        words = [
            "" if cell is None else write(cell) for write, cell in zip(writers, cells, strict=True)
        ]
        for place, shower in showers:
            if cells[place] is not None:
                cells[place] = shower(cells[place])
        return RecordView(
            id=number,
            rev=rev,
            cells=cells,
            words=words,
            created_at=created_at,
            created_by=created_by,
            updated_at=updated_at,
            updated_by=updated_by,
        )

    return view


def view_of_record(row: Sequence[Any], fields: tuple[FieldInfo, ...], around: Around) -> RecordView:
    """Return a row that `query` found as it is shown."""
    return msgspec.structs.replace(
        record_viewer(fields, around)(row),
        texts=texts_of(fields, row[FIRST_VALUE:], around),
    )


def typed_viewer(
    fields: tuple[FieldInfo, ...], around: Around, places: Sequence[int]
) -> Callable[[Sequence[Any]], RecordView]:
    """Return what shows rows with what people type, to edit them: of some `places`."""
    view = record_viewer(fields, around, places)
    writers = [(place, writer_of(fields[place], around)) for place in places]

    def typed(row: Sequence[Any]) -> RecordView:
        values = row[FIRST_VALUE:]
        texts = ["" if values[at] is None else write(values[at]) for at, write in writers]
        return msgspec.structs.replace(view(row), texts=texts)

    return typed


def texts_of(fields: tuple[FieldInfo, ...], values: Sequence[Any], around: Around) -> list[str]:
    """Return values as people type them."""
    return [
        "" if value is None else writer_of(field, around)(value)
        for field, value in zip(fields, values, strict=True)
    ]


def load_links(
    fields: Sequence[FieldInfo],
    rows: Sequence[Sequence[Any]],
    around: Around,
    first: int = FIRST_VALUE,
) -> None:
    """Fetch the names of all records that some rows link to, a statement a field."""
    for place, field in enumerate(fields, first):
        if field.kind in (FieldKind.LINK, FieldKind.LINKS):
            texts = (str(row[place]) for row in rows if row[place] is not None)
            numbers = [int(one) for text in texts for one in text.split(",")]
            around.records(field.settings.target).load(numbers)
