"""What a file with columns looks like: where its list begins, and what is no record of it."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import BinaryIO, Final

from app.files.csv_reading import CsvSource, Format, Record
from app.files.dates import read_date
from app.files.sniffing import FIRST_RECORDS, SAMPLE
from app.services.tables.guessing import DITTO, reads
from app.services.tables.types.numbers import decimal_reader

PLACES: Final = 8
"""Further places of a long file that the kinds are guessed from …"""
RECORDS_EACH: Final = 200
MOST_TITLES: Final = 30
"""Lines above the header that are looked for."""
MOST_SKIPPED: Final = 1_000
"""Lines above the header that a person may name."""
NEARLY_ALL: Final = 0.7
"""Part of the columns that a header fills at least."""

TOTALS: Final = frozenset(
    {"合計", "小計", "総計", "総合計", "計", "合計金額", "total", "subtotal", "grandtotal", "sum"}
)


def sample_records(file: BinaryIO, form: Format, size: int) -> list[Record]:
    """Return the first records, and some from further places of a long file."""
    source = CsvSource(file, form)
    records = list(islice(source, FIRST_RECORDS))
    if not records or form.encoding.startswith("utf-16"):
        return records  # in UTF-16 a place in the middle may be half a character
    width = len(records[-1].cells)
    for place in range(1, PLACES + 1):
        offset = place * (size // (PLACES + 1))
        if offset <= source.offset:
            continue
        file.seek(offset)
        offset += len(file.readline(SAMPLE))  # the rest of a record
        there = CsvSource(file, form, offset=offset, number=FIRST_RECORDS)
        records += [
            record
            for record in islice(there, RECORDS_EACH)
            if not record.reason and len(record.cells) == width
        ]
    return records


def titles_above(records: Sequence[Record]) -> int:
    """Return how many lines stand above the list: a title, a date, an empty line.

    Where the rows are as long as the header, what is above it fills few of the columns; a merged
    title says the same in all of them.
    """
    whole = [record for record in records if not record.reason]
    widths = Counter(len(record.cells) for record in whole)
    if not widths:
        return 0
    width = max(widths, key=lambda one: (widths[one], one))
    rows = [record for record in whole if len(record.cells) == width]
    if width < 2 or len(rows) < 2:
        return 0
    filled = Counter(_filled(record) for record in rows)
    usual = max(filled, key=lambda one: (filled[one], one))
    for record in whole[:MOST_TITLES]:
        if len(record.cells) == width and _filled(record) >= max(2, usual * NEARLY_ALL):
            return record.number - 1
    return 0


def _filled(record: Record) -> int:
    """Return how many cells hold something; what a merged area says in all of them counts once."""
    filled = [cell.strip() for cell in record.cells if cell.strip()]
    return len(set(filled)) if len(record.cells) > 2 else len(filled)


def is_total(cells: Sequence[str]) -> bool:
    """Tell whether a row adds the others up: people do not want it among the records."""
    first = next((cell for cell in cells if cell.strip()), "")
    if len(first) > 40:
        return False
    plain = "".join(unicodedata.normalize("NFKC", first).split()).lower().strip("【】[]()<>:")
    return plain in TOTALS


def has_ditto(cells: Sequence[str]) -> bool:
    """Tell whether a row says “the same as above” somewhere."""
    return any(cell.strip() in DITTO for cell in cells if len(cell) < 8)


def sniff_header(records: Sequence[Record]) -> bool:
    """Tell whether the first record names the columns: words that occur only once."""
    first, *rest = records
    names = first.cells
    if len(set(names)) != len(names) or not any(names):
        return bool(rest) and not any(_looks_like_data(name) for name in names)
    if any(_looks_like_data(name) for name in names):
        return False
    columns: list[set[str]] = [
        {record.cells[place] for record in rest if len(record.cells) > place}
        for place in range(len(names))
    ]
    return not any(name and name in column for name, column in zip(names, columns, strict=True))


def _looks_like_data(text: str) -> bool:
    return bool(text) and (reads(decimal_reader(12), text) or reads(read_date, text))
