"""Guessing how a CSV file is written and what its columns hold; people correct it."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from typing import BinaryIO, Final

from app.core.messages import mark
from app.services.tables import kinds
from app.services.tables.csv_reading import BOMS, CsvSource, Format, Record
from app.services.tables.dates import read_date
from app.services.tables.errors import NotCsv, Unfit
from app.services.tables.models import FieldKind

SAMPLE: Final = 1024 * 1024
"""Bytes that are looked at for encoding and delimiter."""
FIRST_RECORDS: Final = 1_000
PLACES: Final = 8
"""Further places of a long file that the kinds are guessed from …"""
RECORDS_EACH: Final = 200
DELIMITERS: Final = (",", "\t", ";", "|")
LONGEST_NUMBER: Final = 15
"""Longer ones are numbers of cards or articles; a spreadsheet would round them."""

WORKBOOK: Final = mark("it is an Excel workbook.")
BINARY: Final = mark("it holds no text.")
EMPTY: Final = mark("it is empty.")
OLD_LINES: Final = mark("its lines end as on old Macintosh computers.")

_MAGIC: Final = {b"PK\x03\x04": WORKBOOK, b"\xd0\xcf\x11\xe0": WORKBOOK, b"%PDF": BINARY}


def _refuse_binary(head: bytes, name: str) -> None:
    for magic, reason in _MAGIC.items():
        if head.startswith(magic):
            raise NotCsv(name=name, reason=reason)
    if head.count(b"\0") * 10 > len(head):  # a stray NUL is a broken row, this is no text
        raise NotCsv(name=name, reason=BINARY)
    if b"\r" in head and b"\n" not in head and len(head) > head.index(b"\r") + 1:
        raise NotCsv(name=name, reason=OLD_LINES)


def _faults(sample: bytes, encoding: str) -> int:
    """Return how many places of a sample cannot be decoded."""
    return sample.decode(encoding, "replace").count("\ufffd") - sample.count(b"\xef\xbf\xbd")


def sniff_encoding(file: BinaryIO, name: str = "") -> str:
    """Return the encoding of a file: by its mark, else by its first part that is not ASCII.

    Raise NotCsv for what is no text.
    """
    file.seek(0)
    head = file.read(4096)
    if not head.strip():
        raise NotCsv(name=name, reason=EMPTY)
    for encoding, bom in BOMS.items():
        if head.startswith(bom):
            return encoding
    _refuse_binary(head, name)
    file.seek(0)
    while sample := file.read(SAMPLE):
        sample += file.readline(SAMPLE)  # never cut a character in two
        if not sample.isascii():
            return "cp932" if _faults(sample, "utf-8") > _faults(sample, "cp932") else "utf-8"
    return "utf-8"


def sniff_delimiter(file: BinaryIO, encoding: str) -> str:
    """Return the delimiter that divides the first records most evenly into columns."""
    file.seek(len(BOMS.get(encoding, b"")))
    text = file.read(SAMPLE // 4).decode(encoding, "replace").removeprefix("\ufeff")

    def evenness(delimiter: str) -> tuple[float, int]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        widths = Counter(len(cells) for cells in islice(reader, FIRST_RECORDS) if cells)
        if not widths:
            return 0.0, 0
        width, often = max(widths.items(), key=lambda item: (item[1], item[0]))
        return (often / widths.total() if width > 1 else 0.0), width

    return max(DELIMITERS, key=evenness)


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
    if all(_is_plain_number(text) and _reads(kinds.decimal_reader(12), text) for text in filled):
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
    return bool(text) and (_reads(kinds.decimal_reader(12), text) or _reads(read_date, text))
