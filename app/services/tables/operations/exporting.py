"""Handing out records as a file: the same rows, in the same order, as the list (F14, METI-8)."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.files.csv_writing import lacking
from app.files.xlsx_writing import LONGEST_TEXT
from app.operations.context import Context
from app.operations.download import Download
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue
from app.services.tables.csv_writing import csv_chunks
from app.services.tables.file_writing import json_chunks, workbook_chunks
from app.services.tables.fitting import Place
from app.services.tables.operations.choosing import Chosen, RowsAsked
from app.services.tables.operations.tables import STAFF
from app.services.tables.physical import TableInfo
from app.services.tables.query import Rows
from app.services.tables.reach import reach_of
from app.services.tables.types.base import Around
from app.services.tables.views import load_links

Encoding = Literal["utf-8", "cp932"]
Format = Literal["csv", "xlsx", "jsonl"]
MEDIA_TYPES: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/jsonl; charset=utf-8",
}
MOST_LACKING: Final = 200
"""Different characters that a check lists."""
NARROWING: Final = frozenset({Place.FILTER, Place.SCOPE})
"""What of a view leaves rows out: without it a file would hold more than the view says."""
DOES_NOT_FIT: Final = mark(
    "A condition of the view does not fit the table any more. Correct the view first."
)


class ExportRecords(RowsAsked, frozen=True, kw_only=True):
    """Which records to hand out, and how."""

    format: Annotated[Format, Meta(description="CSV, an Excel workbook, or JSON Lines.")] = "csv"
    encoding: Annotated[Encoding, Meta(description="Of CSV: utf-8 (for Excel too) or cp932.")] = (
        "utf-8"
    )
    neutralise: Annotated[
        bool, Meta(description="Keep spreadsheets from taking texts for formulas.")
    ] = True


class Lacking(msgspec.Struct, frozen=True, kw_only=True):
    """A character that an encoding lacks."""

    character: Annotated[str, Meta(description="The character.")]
    code: Annotated[str, Meta(description="Its number in Unicode.")]
    count: Annotated[int, Meta(description="How often it stands in what is exported.")]


class ExportCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What an export would hold."""

    rows: Annotated[int, Meta(description="Records.")]
    lacking: Annotated[
        int, Meta(description="Characters that the encoding lacks: written as numbers (&#…;).")
    ]
    characters: Annotated[
        list[Lacking], Meta(description="Which they are, the most frequent first.")
    ] = msgspec.field(default_factory=list)
    too_long: Annotated[
        int,
        Meta(description="Texts longer than a cell of Excel takes (32,767 characters)."),
    ] = 0


def chosen_rows(context: Context, request: ExportRecords) -> Chosen:
    """Return the rows that an export hands out, within reach.

    Raise InvalidInput: a file could not say what of its view does not fit.
    """
    table = catalogue.ready_table(context.session, request.table)
    chosen = Chosen(context, request, reach_of(context, table, Permission.RECORDS_EXPORT))
    if any(one.place in NARROWING for one in chosen.misfits):
        raise InvalidInput(field="view", reason=DOES_NOT_FIT)
    chosen.rows.check(chosen.selection)  # once the first bytes are sent, nothing can be refused
    return chosen


def _picked(rows: Rows, chosen: Chosen) -> Iterator[list[Any]]:
    """Yield rows with the chosen columns."""
    places = chosen.places
    for part in rows.stream(chosen.selection):
        if places == list(range(len(rows.fields))):
            yield part
        else:
            yield [tuple(row[place] for place in places) for row in part]


def parts_of(rows: Rows, chosen: Chosen, around: Around) -> Iterator[list[Any]]:
    """Return the rows some thousand at a time, the names of what they link to fetched before."""
    for part in _picked(rows, chosen):
        load_links(chosen.fields, part, around, first=0)
        yield part


def file_chunks(
    chosen: Chosen, parts: Iterator[list[Any]], around: Around, request: ExportRecords
) -> Iterator[bytes]:
    """Return rows as the file that was asked for."""
    if request.format == "xlsx":
        return workbook_chunks(chosen.table.name, chosen.fields, parts, around)
    if request.format == "jsonl":
        return json_chunks(chosen.fields, parts, around)
    return csv_chunks(
        chosen.fields,
        parts,
        encoding=request.encoding,
        around=around,
        neutralise=request.neutralise,
    )


def file_of(table: TableInfo, request: ExportRecords) -> tuple[str, str]:
    """Return the name of the file, and its media type."""
    media_type = MEDIA_TYPES[request.format]
    if request.format == "csv":
        media_type += "; charset=" + ("utf-8" if request.encoding == "utf-8" else "windows-31j")
    return f"{table.name}.{request.format}", media_type


def _lacking(chosen: Chosen, request: ExportRecords) -> Counter[str]:
    """Count the characters that the file would have and its encoding lacks."""
    found = Counter[str]()
    if request.format == "csv" and request.encoding == "cp932":
        parts = parts_of(chosen.rows, chosen, chosen.around)
        for chunk in csv_chunks(chosen.fields, parts, encoding="utf-8", around=chosen.around):
            found.update(lacking(chunk.decode("utf-8-sig")))
    return found


def _too_long(chosen: Chosen, request: ExportRecords) -> int:
    if request.format != "xlsx":
        return 0
    return sum(
        len(cell) > LONGEST_TEXT
        for part in _picked(chosen.rows, chosen)
        for row in part
        for cell in row
        if isinstance(cell, str)
    )


@operation(
    "tables.check_export",
    permission=Permission.RECORDS_EXPORT,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/export/check"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def check_export(context: Context, request: ExportRecords) -> ExportCheck:
    """Tell how many records an export holds, and what its encoding cannot say."""
    chosen = chosen_rows(context, request)
    found = _lacking(chosen, request)
    return ExportCheck(
        rows=chosen.rows.count(chosen.selection),
        lacking=found.total(),
        characters=[
            Lacking(character=one, code=f"U+{ord(one):04X}", count=times)
            for one, times in found.most_common(MOST_LACKING)
        ],
        too_long=_too_long(chosen, request),
    )


@operation(
    "tables.export",
    permission=Permission.RECORDS_EXPORT,
    effect=Effect.REVEAL,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/export"),
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def export_records(context: Context, request: ExportRecords) -> Download:
    """Hand out records as a file, made while it is sent."""
    chosen = chosen_rows(context, request)
    tell_of(context, chosen, request)
    context.event.numbers["lacking"] = _lacking(chosen, request).total()
    name, media_type = file_of(chosen.table, request)
    return Download(name, media_type, _chunks(context, chosen, request))


def tell_of(context: Context, chosen: Chosen, request: ExportRecords) -> int:
    """Let the event say what is handed out; return how many records."""
    rows = chosen.rows.count(chosen.selection)
    context.event.about("table", str(chosen.table.id), chosen.table.name)
    context.event.numbers["rows"] = rows
    if request.view:
        context.event.references["view"] = str(request.view)
    return rows


def _chunks(context: Context, chosen: Chosen, request: ExportRecords) -> Iterator[bytes]:
    """Return the file in one state of the database, after the operation's own transaction."""
    with context.appliance.database.read() as session:
        around = chosen.surrounding(context, session)
        rows = Rows(session, chosen.table, chosen.reach, around)
        yield from file_chunks(chosen, parts_of(rows, chosen, around), around, request)
