"""Guessing how a CSV file is written: its encoding and what stands between its cells."""

import codecs
import csv
import io
from collections import Counter
from itertools import islice
from typing import BinaryIO, Final

from app.core.messages import mark
from app.files.csv_reading import BOMS
from app.files.errors import NotCsv

SAMPLE: Final = 1024 * 1024
"""Bytes that are looked at for encoding and delimiter."""
FIRST_RECORDS: Final = 1_000
DELIMITERS: Final = (",", "\t", ";", "|")

WORKBOOK: Final = mark("it is an Excel workbook.")
BINARY: Final = mark("it holds no text.")
EMPTY: Final = mark("it is empty.")

HTML: Final = mark("it is a web page. Open it in Excel and save it as .xlsx.")
PICTURE: Final = mark("it is a picture or a PDF.")

_MAGIC: Final = {
    b"PK\x03\x04": WORKBOOK,
    b"\xd0\xcf\x11\xe0": WORKBOOK,
    b"%PDF": PICTURE,
    b"\x89PNG": PICTURE,
    b"\xff\xd8\xff": PICTURE,
}
_PAGES: Final = (b"<!doctype html", b"<html", b"<table")
"""Old systems call a web page .xls."""


def has_old_lines(head: bytes) -> bool:
    """Tell whether lines end as on old Macintosh computers."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\n" in head:
        return False
    return b"\r" in head and len(head) > head.index(b"\r") + 1


def _refuse_binary(head: bytes, name: str) -> None:
    for magic, reason in _MAGIC.items():
        if head.startswith(magic):
            raise NotCsv(name=name, reason=reason)
    if head.removeprefix(codecs.BOM_UTF8).lstrip().lower().startswith(_PAGES):
        raise NotCsv(name=name, reason=HTML)
    if head.count(b"\0") * 10 > len(head):  # a stray NUL is a broken row, this is no text
        raise NotCsv(name=name, reason=BINARY)


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
