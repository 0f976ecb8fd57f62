"""Guessing what the columns of a CSV file hold; people correct it."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import BinaryIO, Final

from app.files.csv_reading import CsvSource, Format, Record
from app.files.dates import read_date
from app.files.errors import Unfit
from app.files.sniffing import FIRST_RECORDS, SAMPLE
from app.services.tables.models import FieldKind
from app.services.tables.types.numbers import decimal_reader

PLACES: Final = 8
"""Further places of a long file that the kinds are guessed from …"""
RECORDS_EACH: Final = 200
LONGEST_NUMBER: Final = 15
"""Longer ones are numbers of cards or articles; a spreadsheet would round them."""


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


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except Unfit:
        return False
    return True


def _is_plain_number(text: str) -> bool:
    """Tell whether a text may become a number: leading zeros make it a code (0120…, 〒)."""
    digits = text.lstrip("+-").replace(",", "")
    whole = digits.partition(".")[0]
    return (
        digits.replace(".", "", 1).isdigit()
        and digits.isascii()
        and len(whole) <= LONGEST_NUMBER
        and (len(whole) == 1 or not whole.startswith("0"))
    )


_TICKS: Final = ({"true", "false"}, {"はい", "いいえ"}, {"○", "×"}, {"〇", "×"}, {"有", "無"})


def guess_kind(texts: Sequence[str]) -> tuple[FieldKind, int]:
    """Return kind and scale that all these texts fit; text where nothing narrower does."""
    filled = [text for text in texts if text]
    if not filled:
        return FieldKind.TEXT, 0
    if {text.lower() for text in filled} in _TICKS:
        return FieldKind.CHECKBOX, 0
    if all(_is_plain_number(text) and _reads(decimal_reader(12), text) for text in filled):
        scale = max(len(text.partition(".")[2]) for text in filled)
        return (FieldKind.DECIMAL, scale) if scale else (FieldKind.INTEGER, 0)
    if all(_reads(read_date, text) for text in filled):
        return FieldKind.DATE, 0
    return FieldKind.TEXT, 0


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
    return bool(text) and (_reads(decimal_reader(12), text) or _reads(read_date, text))
