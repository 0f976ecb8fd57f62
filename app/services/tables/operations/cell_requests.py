"""What is asked of a list that is edited like a spreadsheet, and what is answered."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.services.tables.definition import FieldNumber
from app.services.tables.operations.records import Values
from app.services.tables.physical import MOST_FIELDS
from app.services.tables.views import RecordNumber, RecordView, Rev, TableNumber

MOST_RECORDS: Final = 1_000
"""Records that one request changes, and as many again that it adds."""
MOST_SEEN: Final = 500
"""Records on a page whose newest state is asked for."""
MOST_COPIED: Final = 5_000
"""Records in one copy."""
FREE_CELLS: Final = 200
"""Cells that a page copies without asking: what one could as well type from the screen."""

Columns = Annotated[
    Annotated[tuple[FieldNumber, ...], Meta(max_length=MOST_FIELDS)] | None,
    Meta(description="Fields that the answer shows, in order; none: all."),
]


class RecordCells(msgspec.Struct, frozen=True, kw_only=True):
    """New values for some cells of a record."""

    record: RecordNumber
    rev: Rev
    values: Values


class RecordAt(msgspec.Struct, frozen=True, kw_only=True):
    """A record in the state in which it was seen."""

    record: RecordNumber
    rev: Rev


class ChangeCells(msgspec.Struct, frozen=True, kw_only=True):
    """Cells of a table that change together."""

    table: TableNumber
    changes: Annotated[
        list[RecordCells], Meta(description="Records that change.", max_length=MOST_RECORDS)
    ] = msgspec.field(default_factory=list)
    added: Annotated[list[Values], Meta(description="New records.", max_length=MOST_RECORDS)] = (
        msgspec.field(default_factory=list)
    )
    removed: Annotated[
        list[RecordAt], Meta(description="Records to delete.", max_length=MOST_RECORDS)
    ] = msgspec.field(default_factory=list)
    whole: Annotated[bool, Meta(description="All or nothing; else each record for itself.")] = False
    columns: Columns = None


class CellConflict(msgspec.Struct, frozen=True, kw_only=True):
    """A cell that somebody else changed since it was seen."""

    record: Annotated[int, Meta(description="Number of the record.")]
    field: Annotated[int, Meta(description="Number of the field; 0: the record is to go.")]
    by: Annotated[str, Meta(description="Who changed it.")]
    at: Annotated[int, Meta(description="When, in milliseconds.")]


class CellRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """A cell that does not fit, or a record that is not there any more."""

    record: Annotated[int, Meta(description="Number of the record; 0: a new one.")]
    place: Annotated[int, Meta(description="Which of the new records, from 0 on.")]
    field: Annotated[int, Meta(description="Number of the field; 0: the record itself.")]
    reason: Annotated[str, Meta(description="Why, in English; the page translates it.")]
    told: Annotated[str, Meta(description="Why, in your language.")]


class CellsChanged(msgspec.Struct, frozen=True, kw_only=True):
    """What was written, and what was not."""

    records: Annotated[list[RecordView], Meta(description="Changed ones, as they stand now.")]
    added: Annotated[
        list[RecordView], Meta(description="New ones, in order, without those refused.")
    ]
    removed: Annotated[list[int], Meta(description="Deleted ones.")]
    newest: Annotated[
        list[RecordView], Meta(description="Those that stay as they are, as they stand now.")
    ]
    conflicts: Annotated[list[CellConflict], Meta(description="Where others were faster.")]
    refused: Annotated[list[CellRefusal], Meta(description="What does not fit.")]


class ListNewer(msgspec.Struct, frozen=True, kw_only=True):
    """What a page shows, to learn what of it is old."""

    table: TableNumber
    seen: Annotated[
        dict[int, int],
        Meta(description="States by number of the record.", max_length=MOST_SEEN),
    ]
    since: Annotated[str, Meta(description="Mark of the answer before.", max_length=40)] = ""
    columns: Columns = None


class Newer(msgspec.Struct, frozen=True, kw_only=True):
    """What others did meanwhile."""

    mark: Annotated[str, Meta(description="Give it back with the next question.")]
    records: Annotated[list[RecordView], Meta(description="Changed ones, as they stand now.")]
    gone: Annotated[list[int], Meta(description="Those that are not there any more.")]
    added: Annotated[bool, Meta(description="Records were added since.")]


class ListBegins(msgspec.Struct, frozen=True, kw_only=True):
    """Where pages of a list can begin."""

    every: Annotated[int, Meta(description="Rows from one mark to the next.")]
    marks: Annotated[
        list[str], Meta(description="The first is behind that many rows; none: not known.")
    ]
    rows: Annotated[int, Meta(description="Rows that the list had then.")]


class CopyCells(msgspec.Struct, frozen=True, kw_only=True):
    """A block of a list, to take it elsewhere."""

    table: TableNumber
    records: Annotated[
        list[RecordNumber], Meta(description="Numbers of the records.", max_length=MOST_COPIED)
    ]
    columns: Columns = None


class CopiedCells(msgspec.Struct, frozen=True, kw_only=True):
    """The block."""

    rows: Annotated[
        list[list[str]],
        Meta(description="Values as people type them, record by record in the order asked."),
    ]
