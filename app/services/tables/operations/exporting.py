"""Handing out records as CSV: the same rows, in the same order, as the list (F14, METI-8)."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from app.files.csv_writing import count_lacking
from app.operations.context import Context
from app.operations.download import Download
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue
from app.services.tables.around import around_of
from app.services.tables.csv_writing import csv_chunks
from app.services.tables.operations.tables import STAFF
from app.services.tables.physical import TableInfo
from app.services.tables.query import Rows
from app.services.tables.reach import Reach, reach_of
from app.services.tables.selection import Filter, Selection, Sort
from app.services.tables.types.base import Around
from app.services.tables.views import TableNumber, load_links

Encoding = Literal["utf-8", "cp932"]


class ExportRecords(msgspec.Struct, frozen=True, kw_only=True):
    """Which records to hand out, and how."""

    table: TableNumber
    search: Annotated[str, Meta(description="Text anywhere in the row.", max_length=200)] = ""
    filters: Annotated[
        tuple[Filter, ...], Meta(description="Conditions that all hold.", max_length=20)
    ] = ()
    sort: Annotated[Sort, Meta(description="The order.")] = Sort()
    encoding: Annotated[Encoding, Meta(description="utf-8 (for Excel too) or cp932.")] = "utf-8"
    neutralise: Annotated[
        bool, Meta(description="Keep spreadsheets from taking texts for formulas.")
    ] = True


class ExportCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What an export would hold."""

    rows: Annotated[int, Meta(description="Records.")]
    lacking: Annotated[
        int, Meta(description="Characters that the encoding lacks: written as numbers (&#…;).")
    ]


def _rows(context: Context, request: ExportRecords) -> tuple[Rows, Selection, Reach]:
    table = catalogue.ready_table(context.session, request.table)
    reach = reach_of(context, table, Permission.RECORDS_EXPORT)
    chosen = Selection(search=request.search, filters=request.filters, sort=request.sort)
    rows = Rows(context.session, table, reach, around_of(context, table.fields))
    rows.check(chosen)  # once the first bytes are sent, nothing can be refused any more
    return rows, chosen, reach


def _check(rows: Rows, chosen: Selection, encoding: str) -> ExportCheck:
    lacking = 0
    if encoding == "cp932":
        names = "".join(field.name for field in rows.fields)
        lacking = count_lacking(names) + sum(
            count_lacking("".join(cell for row in part for cell in row if isinstance(cell, str)))
            for part in rows.stream(chosen)
        )
    return ExportCheck(rows=rows.count(chosen), lacking=lacking)


@operation(
    "tables.check_export",
    permission=Permission.RECORDS_EXPORT,
    effect=Effect.READ,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/export/check"),
    scope=lambda request: f"tables/{request.table}",
)
def check_export(context: Context, request: ExportRecords) -> ExportCheck:
    """Tell how many records an export holds, and what its encoding cannot say."""
    rows, chosen, _ = _rows(context, request)
    return _check(rows, chosen, request.encoding)


@operation(
    "tables.export",
    permission=Permission.RECORDS_EXPORT,
    effect=Effect.REVEAL,
    planes=STAFF,
    route=Route("POST", "/tables/{table}/export"),
    scope=lambda request: f"tables/{request.table}",
)
def export_records(context: Context, request: ExportRecords) -> Download:
    """Hand out records as a CSV file."""
    rows, chosen, reach = _rows(context, request)
    checked = _check(rows, chosen, request.encoding)
    context.event.about("table", str(rows.table.id), rows.table.name)
    context.event.numbers.update(rows=checked.rows, lacking=checked.lacking)
    chunks = _chunks(context, rows.table, chosen, reach, request)
    charset = "utf-8" if request.encoding == "utf-8" else "windows-31j"
    return Download(f"{rows.table.name}.csv", f"text/csv; charset={charset}", chunks)


def _chunks(
    context: Context, table: TableInfo, chosen: Selection, reach: Reach, request: ExportRecords
) -> Iterator[bytes]:
    """Return the file in one state of the database, after the operation's own transaction."""
    with context.appliance.database.read() as session:
        around = around_of(context, table.fields, session)
        rows = Rows(session, table, reach, around)
        yield from csv_chunks(
            rows.fields,
            _parts(rows, chosen, around),
            encoding=request.encoding,
            around=around,
            neutralise=request.neutralise,
        )


def _parts(rows: Rows, chosen: Selection, around: Around) -> Iterator[list[Any]]:
    for part in rows.stream(chosen):
        load_links(rows.fields, part, around, first=0)
        yield part
