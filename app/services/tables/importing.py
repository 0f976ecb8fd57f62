"""Turning records of a file into rows of a table. Pure."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta

from app.core.messages import mark
from app.files.csv_reading import Record
from app.files.errors import Unfit
from app.services.tables.fields import FieldInfo
from app.services.tables.folding import key_of, search_text
from app.services.tables.models import FieldKind
from app.services.tables.types.base import NOWHERE, Around
from app.services.tables.types.registry import MUST_BE_FILLED, reader_of, writer_of
from app.services.tables.types.texts import LONGEST_TEXT

WRONG_WIDTH: Final = mark("The row has not as many cells as the first row.")
PLAIN_TEXTS: Final = frozenset({FieldKind.TEXT, FieldKind.LONG_TEXT})
"""What stands in the file is what is stored."""


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """A row that does not fit, and why."""

    row: Annotated[int, Meta(description="Number of the row in the file.")]
    column: Annotated[str, Meta(description="Which column; empty for the whole row.")] = ""
    value: Annotated[str, Meta(description="What stands there.")] = ""
    reason: Annotated[str, Meta(description="Why it does not fit.")]
    cells: Annotated[list[str], Meta(description="The whole row.")]


class Converted(NamedTuple):
    """What became of some records."""

    rows: list[tuple[Any, ...]]
    records: list[Record]
    """Of which records the rows were made."""
    rejections: list[Rejection]


class Converter:
    """Reads records into the rows that `writing.insert_many` takes."""

    def __init__(self, fields: Sequence[FieldInfo], around: Around = NOWHERE) -> None:
        self._fields = fields
        self._keys = [key_of(field.id) for field in fields]
        self._readers = [reader_of(field, around) for field in fields]
        # only what is not text needs reading and writing; texts are checked a row at a time
        self._typed = [
            (place, self._readers[place], writer_of(field, around))
            for place, field in enumerate(fields)
            if field.kind not in PLAIN_TEXTS or field.settings.unique
        ]
        self._required = [place for place, field in enumerate(fields) if field.settings.required]

    def convert(self, records: Sequence[Record]) -> Converted:
        """Return rows (search text, then stored values), and the records that do not fit."""
        found = Converted([], [], [])
        for record in records:
            row = self._row(record)
            if isinstance(row, Rejection):
                found.rejections.append(row)
            else:
                found.rows.append(row)
                found.records.append(record)
        return found

    def _row(self, record: Record) -> tuple[Any, ...] | Rejection:
        cells = record.cells
        if record.reason:
            return reject(record, record.reason)
        if len(cells) != len(self._fields):
            return reject(record, WRONG_WIDTH)
        for place in self._required:
            if not cells[place]:
                return reject(record, MUST_BE_FILLED, self._fields[place].name)
        whole = "".join(cells)
        if len(whole) > LONGEST_TEXT or "\0" in whole:
            return self._fault(record) or self._fit(cells)
        try:
            return self._fit(cells)
        except Unfit:
            return self._fault(record) or self._fit(cells)

    def _fit(self, cells: list[str]) -> tuple[Any, ...]:
        stored: list[Any] = [cell or None for cell in cells]
        shown = cells
        if self._typed:
            shown = list(cells)
            for place, read, write in self._typed:
                if cells[place]:
                    value = stored[place] = read(cells[place])
                    if value == "":  # nothing but what stands between choices
                        stored[place] = None
                    shown[place] = write(value) if value != "" else ""
        text = search_text(self._keys, shown)
        return (text, *stored)

    def _fault(self, record: Record) -> Rejection | None:
        """Return which cell does not fit."""
        for cell, field, read in zip(record.cells, self._fields, self._readers, strict=True):
            if cell:
                try:
                    read(cell)
                except Unfit as unfit:
                    return reject(record, unfit.reason, field.name, cell)
        return None


def reject(record: Record, reason: str, column: str = "", value: str = "") -> Rejection:
    """Return the rejection of a record."""
    return Rejection(
        row=record.number, column=column, value=value, reason=reason, cells=record.cells
    )
