"""Rows as CSV: the encodings that offices use, and nothing that a spreadsheet would run.

A text that begins like a formula gets an apostrophe in front (rules.md section 8, METI-38): Excel
then shows it as text. Plain numbers stay as they are. CP932 lacks most of Unicode: a character
that it has not is written as its numeric reference (&#128512;) and counted, never dropped.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from app.services.tables.kinds import writer_of
from app.services.tables.models import FieldKind
from app.services.tables.physical import FieldInfo

ENCODINGS: Final = ("utf-8", "cp932")

_FORMULA: Final = re.compile(r"[\s\0]*[=+\-@＝＋－＠]|[\t\r\n]")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")

# Characters of JIS X 0208 that Unicode has twice; only one of the two is in Microsoft's table.
_SAME: Final = str.maketrans("〜−‖—¢£¬", "～－∥―￠￡￢")


def neutral(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def encode(text: str, encoding: str) -> bytes:
    """Return the bytes of a text; what the encoding lacks becomes a numeric reference."""
    if encoding == "cp932":
        return text.translate(_SAME).encode("cp932", "xmlcharrefreplace")
    return text.encode(encoding)


def count_lacking(text: str) -> int:
    """Return how many characters of a text CP932 lacks."""
    text = text.translate(_SAME)
    try:
        text.encode("cp932")
    except UnicodeEncodeError:
        return sum(not _has(character) for character in text)
    return 0


def _has(character: str) -> bool:
    try:
        character.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


def _writers(
    fields: Sequence[FieldInfo], *, neutralise: bool
) -> list[tuple[int, Callable[[Any], str]]]:
    """Return for each place what makes its text; places that need nothing are left out."""
    writers: list[tuple[int, Callable[[Any], str]]] = []
    for place, field in enumerate(fields):
        if field.kind is FieldKind.TEXT:
            if neutralise:
                writers.append((place, neutral))
        elif field.kind in (FieldKind.DECIMAL, FieldKind.CHECKBOX):
            writers.append((place, writer_of(field.kind, field.scale)))
    return writers


def csv_chunks(
    fields: Sequence[FieldInfo],
    parts: Iterable[list[Any]],
    *,
    encoding: str,
    neutralise: bool = True,
) -> Iterator[bytes]:
    """Return a CSV file in chunks: names of the fields, then the rows; lines end with CRLF.

    UTF-8 begins with the mark that Excel goes by.
    """
    names = [neutral(field.name) if neutralise else field.name for field in fields]
    writers = _writers(fields, neutralise=neutralise)
    yield (b"\xef\xbb\xbf" if encoding == "utf-8" else b"") + _lines([names], encoding)
    for part in parts:
        yield _lines((_texts(row, writers) for row in part), encoding)


def _texts(row: Sequence[Any], writers: list[tuple[int, Callable[[Any], str]]]) -> Sequence[Any]:
    if not writers:
        return row
    cells = list(row)
    for place, write in writers:
        if cells[place] is not None:
            cells[place] = write(cells[place])
    return cells


def _lines(rows: Iterable[Sequence[Any]], encoding: str) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return encode(buffer.getvalue(), encoding)
