"""From a file to rows of texts: CSV or workbook, headings found. Nothing is judged here yet."""

from typing import BinaryIO, Final

import msgspec

from app.core.messages import mark
from app.files import workbooks
from app.files.csv_reading import CsvSource, Format, Record
from app.files.sniffing import sniff_delimiter, sniff_encoding
from app.people.columns import find_headings
from app.people.errors import ListTooLong, NoList

MOST_ROWS: Final = 50_000
NO_ROWS: Final = mark("it holds no rows.")
OTHER_WIDTH: Final = mark("The row has not as many cells as there are headings.")
"""A sign between cells stands in a name, or the file was cut off: every cell may mean another."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """A list as it stands in its file."""

    headings: list[str]
    """Of each column."""
    rows: list[Record]
    """Below the headings, with their numbers as a spreadsheet counts them."""
    encoding: str = ""
    """Of a CSV file; empty for a workbook."""


def read_sheet(file: BinaryIO, name: str, encoding: str = "") -> Sheet:
    """Return the list in a file. An encoding that is not given is guessed.

    Raise NotCsv, UnreadableWorkbook, ProtectedWorkbook, WorkbookTooLarge, NoList or ListTooLong.
    """
    if workbooks.is_workbook(file):
        records = [
            Record(number, cells) for number, cells in enumerate(workbooks.read_rows(file, name), 1)
        ]
        encoding = ""
    else:
        encoding = encoding or sniff_encoding(file, name)
        form = Format(encoding=encoding, delimiter=sniff_delimiter(file, encoding))
        records = _records(CsvSource(file, form))
    records = [record for record in records if any(cell.strip() for cell in record.cells)]
    if not records:
        raise NoList(name=name, reason=NO_ROWS)
    if len(records) > MOST_ROWS:
        raise ListTooLong(rows=len(records), limit=MOST_ROWS)
    place = find_headings([record.cells for record in records])
    headings = [heading.strip() for heading in records[place].cells]
    most = len(headings)
    while headings and not headings[-1]:
        headings.pop()
    rows = [_measured(record, len(headings), most) for record in records[place + 1 :]]
    return Sheet(headings=headings, rows=rows, encoding=encoding)


def _measured(record: Record, least: int, most: int) -> Record:
    """Return a row, broken where it is shorter than the headings, or holds more than they do."""
    too_short = len(record.cells) < least
    if record.reason or not (too_short or any(cell.strip() for cell in record.cells[most:])):
        return record
    return Record(record.number, record.cells, OTHER_WIDTH)


def _records(source: CsvSource) -> list[Record]:
    found = []
    for record in source:
        found.append(record)
        if len(found) > 2 * MOST_ROWS:  # blank rows count until they are left out
            raise ListTooLong(rows=len(found), limit=MOST_ROWS)
    return found
