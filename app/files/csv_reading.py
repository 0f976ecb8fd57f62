"""Reading a CSV file record by record, knowing at which byte each record begins.

That byte is what an import continues from after a kill. Bytes that cannot be decoded, quotation
marks that are never closed and records without end become *broken* records with a reason; the
records after them are read.
"""

import codecs
import csv
from collections.abc import Iterator
from typing import BinaryIO, Final

import msgspec

from app.core.messages import mark

LARGEST_RECORD: Final = 16 * 1024 * 1024
"""Bytes. Beyond it a quotation mark was surely not closed."""

UNDECODABLE: Final = mark("The row holds bytes that are no text in this encoding.")
BAD_QUOTES: Final = mark("The quotation marks of the row do not match.")
TOO_LONG: Final = mark("The row is longer than 16 MB.")

BOMS: Final = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
}

csv.field_size_limit(LARGEST_RECORD)  # ours counts bytes of whole records, before the module's


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """How a file is written."""

    encoding: str
    """`utf-8`, `cp932`, `utf-16-le` or `utf-16-be`."""
    delimiter: str


class Record(msgspec.Struct, frozen=True, array_like=True):
    """One record; `reason` tells why it is broken."""

    number: int
    """Number of the record in the file, the header included, from 1."""
    cells: list[str]
    """Its cells as texts."""
    reason: str = ""
    """Why it cannot be a row; empty where it can."""


class _TooLong(Exception):
    """The record goes on beyond the limit."""


class CsvSource:
    """Records of a file from a byte on."""

    def __init__(self, file: BinaryIO, form: Format, *, offset: int = 0, number: int = 0) -> None:
        self._file, self._form = file, form
        bom = BOMS.get(form.encoding, b"")
        if offset == 0 and bom:
            file.seek(0)
            offset = len(bom) if file.read(len(bom)) == bom else 0
        self.offset = offset
        """Byte where the next record begins."""
        self.number = number
        """Number of the last record that was read; blank lines count, as in a spreadsheet."""
        self._undecodable = False
        self._begin()

    def _begin(self) -> None:
        self._file.seek(self.offset)
        self._position = self.offset
        self._first_line: bytes = b""
        self._reader = csv.reader(self._lines(), delimiter=self._form.delimiter, strict=True)

    def _read_line(self) -> bytes:
        """Return the bytes of one line with its end; no more than one over the limit."""
        line = self._file.readline(LARGEST_RECORD + 2)
        if not self._form.encoding.startswith("utf-16"):
            return line
        # a line feed's byte may be half of another character: it counts at its even place only
        little = self._form.encoding == "utf-16-le"
        while line and len(line) <= LARGEST_RECORD:
            if little and len(line) % 2 == 1:
                rest = self._file.read(1)
                line += rest
                if rest in (b"\0", b"") and line.endswith(b"\n\0"):
                    return line
            elif not little and len(line) % 2 == 0 and line.endswith(b"\0\n"):
                return line
            more = self._file.readline(LARGEST_RECORD + 2 - len(line))
            if not more:
                return line
            line += more
        return line

    def _lines(self) -> Iterator[str]:
        encoding = self._form.encoding
        while line := self._read_line():
            if self._position == self.offset:
                self._first_line = line
            self._position += len(line)
            if self._position - self.offset > LARGEST_RECORD:
                raise _TooLong
            try:
                text = line.decode(encoding)
            except UnicodeDecodeError:
                self._undecodable = True
                text = line.decode(encoding, "backslashreplace")
            yield text

    def _break(self, reason: str) -> Record:
        """Give up the record at its first line and go on with the next line."""
        line = self._first_line
        number = self.number
        text = line.decode(self._form.encoding, "backslashreplace").rstrip("\r\n")
        self.offset += len(line)
        if len(line) > LARGEST_RECORD and not line.endswith((b"\n", b"\n\0")):  # an endless line
            self._file.seek(self.offset)
            while (rest := self._read_line()) and len(rest) > LARGEST_RECORD:
                self.offset += len(rest)
            self.offset += len(rest)
        self._undecodable = False
        self._begin()
        return Record(number, [text], reason)

    def __iter__(self) -> Iterator[Record]:
        while True:
            self.number += 1
            try:
                cells = next(self._reader)
            except StopIteration:
                self.number -= 1
                return
            except _TooLong:
                yield self._break(TOO_LONG)
                continue
            except csv.Error:
                yield self._break(BAD_QUOTES)
                continue
            self.offset = self._position
            if self._undecodable:
                self._undecodable = False
                yield Record(self.number, cells, UNDECODABLE)
            elif cells:
                yield Record(self.number, cells)
