"""Handing out records as CSV: the same rows, in the same order, as the list (F14, METI-8)."""

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.files.csv_writing import count_lacking
from app.operations.context import Context
from app.operations.download import Download
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue
from app.services.tables.csv_writing import csv_chunks
from app.services.tables.fitting import Place
from app.services.tables.operations.choosing import Chosen, RowsAsked
from app.services.tables.operations.tables import STAFF
from app.services.tables.query import Rows
from app.services.tables.reach import reach_of
from app.services.tables.types.base import Around
from app.services.tables.views import load_links

Encoding = Literal["utf-8", "cp932"]
NARROWING: Final = frozenset({Place.FILTER, Place.SCOPE})
"""What of a view leaves rows out: without it a file would hold more than the view says."""
DOES_NOT_FIT: Final = mark(
    "A condition of the view does not fit the table any more. Correct the view first."
)


class ExportRecords(RowsAsked, frozen=True, kw_only=True):
    """Which records to hand out, and how."""

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


def _chosen(context: Context, request: ExportRecords) -> Chosen:
    """Return the rows. Raise InvalidInput: a file could not say what of its view does not fit."""
    table = catalogue.ready_table(context.session, request.table)
    chosen = Chosen(context, request, reach_of(context, table, Permission.RECORDS_EXPORT))
    if any(one.place in NARROWING for one in chosen.misfits):
        raise InvalidInput(field="view", reason=DOES_NOT_FIT)
    chosen.rows.check(chosen.selection)  # once the first bytes are sent, nothing can be refused
    return chosen


def _check(chosen: Chosen, encoding: str) -> ExportCheck:
    lacking = 0
    if encoding == "cp932":
        lacking = count_lacking("".join(field.name for field in chosen.fields)) + sum(
            count_lacking("".join(cell for row in part for cell in row if isinstance(cell, str)))
            for part in _picked(chosen.rows, chosen)
        )
    return ExportCheck(rows=chosen.rows.count(chosen.selection), lacking=lacking)


def _picked(rows: Rows, chosen: Chosen) -> Iterator[list[Any]]:
    """Yield rows with the chosen columns."""
    places = chosen.places
    for part in rows.stream(chosen.selection):
        if places == list(range(len(rows.fields))):
            yield part
        else:
            yield [tuple(row[place] for place in places) for row in part]


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
    return _check(_chosen(context, request), request.encoding)


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
    chosen = _chosen(context, request)
    checked, table = _check(chosen, request.encoding), chosen.table
    context.event.about("table", str(table.id), table.name)
    context.event.numbers.update(rows=checked.rows, lacking=checked.lacking)
    if request.view:
        context.event.references["view"] = str(request.view)
    charset = "utf-8" if request.encoding == "utf-8" else "windows-31j"
    chunks = _chunks(context, chosen, request)
    return Download(f"{table.name}.csv", f"text/csv; charset={charset}", chunks)


def _chunks(context: Context, chosen: Chosen, request: ExportRecords) -> Iterator[bytes]:
    """Return the file in one state of the database, after the operation's own transaction."""
    with context.appliance.database.read() as session:
        around = chosen.surrounding(context, session)
        rows = Rows(session, chosen.table, chosen.reach, around)
        yield from csv_chunks(
            chosen.fields,
            _parts(rows, chosen, around),
            encoding=request.encoding,
            around=around,
            neutralise=request.neutralise,
        )


def _parts(rows: Rows, chosen: Chosen, around: Around) -> Iterator[list[Any]]:
    for part in _picked(rows, chosen):
        load_links(chosen.fields, part, around, first=0)
        yield part
