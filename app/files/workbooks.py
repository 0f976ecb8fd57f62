"""Reading an Excel workbook (.xlsx; for lists of people .xls and .ods too) as rows of texts.

What it claims to hold is measured before anything of it is unpacked (`packed`).
"""

import datetime as dt
import decimal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, ZipError

from app.files.errors import OldWorkbook, ProtectedWorkbook, UnreadableWorkbook
from app.files.packed import measure
from app.files.percents import Percents, as_percent

PACKED: Final = b"PK\x03\x04"
COMPOUND: Final = b"\xd0\xcf\x11\xe0"
"""An old .xls, or any workbook that is encrypted."""
ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
LARGEST_FILLED: Final = 1_000_000
"""Cells of merged areas that take the value of their first one."""

Merged = tuple[tuple[int, int], tuple[int, int]]


def is_workbook(file: BinaryIO) -> bool:
    """Tell whether a file begins as workbooks do."""
    file.seek(0)
    return file.read(4) in (PACKED, COMPOUND)


def refuse_locked(file: BinaryIO, name: str) -> None:
    """Raise ProtectedWorkbook or OldWorkbook for what is no archive of XML."""
    file.seek(0)
    if file.read(4) != COMPOUND:
        return
    file.seek(0)
    raise ProtectedWorkbook(name=name) if ENCRYPTED in file.read() else OldWorkbook(name=name)


def read_rows(file: BinaryIO, name: str = "") -> list[list[str]]:
    """Return the rows of the first sheet that holds something; row 1 of the sheet comes first.

    Raise ProtectedWorkbook, WorkbookTooLarge or UnreadableWorkbook.
    """
    file.seek(0)
    if file.read(4) == COMPOUND:
        file.seek(0)
        if ENCRYPTED in file.read():
            raise ProtectedWorkbook(name=name)
    else:
        measure(file, name)
    with _in_our_words(name):
        file.seek(0)
        for sheet in _sheets(file):
            rows = [[_text(cell) for cell in row] for row in sheet]
            if any(any(row) for row in rows):
                return rows
    raise UnreadableWorkbook(name=name)


def sheet_rows(
    file: BinaryIO, name: str, sheet: str, percents: Percents
) -> tuple[list[Merged], Iterator[list[str]]]:
    """Return the merged areas of a sheet, and its rows from row 1 on, one after the other.

    Formulas give the values that Excel kept of them. Each cell of a merged area has the value of
    the area's first one. Look at it with `packed.look_at` before.
    """
    with _in_our_words(name):
        file.seek(0)
        found = CalamineWorkbook.from_filelike(file).get_sheet_by_name(sheet)
        merged: list[Merged] = list(found.merged_cell_ranges or [])
        first = found.start[1] if found.start else 0
        fills = _Fills(merged, first)
        return merged, _rows(found, fills, percents, first, name)


def _rows(
    sheet: Any,  # noqa: ANN401 - calamine has no types
    fills: "_Fills",
    percents: Percents,
    first: int,
    name: str,
) -> Iterator[list[str]]:
    with _in_our_words(name):
        for number, row in enumerate(sheet.iter_rows()):
            cells = [_text(cell) for cell in row]
            for column in percents.columns(number + 1) if percents else ():
                place = column - 1 - first
                if 0 <= place < len(row) and type(row[place]) in (int, float):
                    cells[place] = as_percent(row[place])
            yield fills.fill(number, cells)


class _Fills:
    """Gives the cells of merged areas the value of the first one."""

    def __init__(self, merged: list[Merged], first: int) -> None:
        self._starts: dict[int, list[tuple[int, int, int]]] = {}
        self._open: list[tuple[int, int, int, str]] = []
        left = LARGEST_FILLED
        for (top, start), (bottom, end) in merged:
            left -= (bottom - top + 1) * (end - start + 1)
            if left >= 0 and start >= first:
                self._starts.setdefault(top, []).append((bottom, start - first, end - first))

    def fill(self, number: int, cells: list[str]) -> list[str]:
        for bottom, start, end in self._starts.get(number, ()):
            text = cells[start] if start < len(cells) else ""
            self._open.append((bottom, start, end, text))
        if not self._open:
            return cells
        for _, start, end, text in self._open:
            for place in range(start, min(end + 1, len(cells))):
                cells[place] = text
        self._open = [area for area in self._open if area[0] > number]
        return cells


@contextmanager
def _in_our_words(name: str) -> Iterator[None]:
    try:
        yield
    except PasswordError as error:
        raise ProtectedWorkbook(name=name) from error
    except (CalamineError, ZipError, ValueError, OSError) as error:
        raise UnreadableWorkbook(name=name) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the reader's own, and no Exception
            raise
        raise UnreadableWorkbook(name=name) from error


def _sheets(file: BinaryIO) -> Iterator[list[list[Any]]]:
    workbook = CalamineWorkbook.from_filelike(file)
    for number in range(len(workbook.sheet_names)):
        yield workbook.get_sheet_by_index(number).to_python(skip_empty_area=False)


def _text(cell: Any) -> str:  # noqa: ANN401 - calamine gives texts, numbers, dates, truths
    """Return a cell as a person reads it: whole numbers without point, dates in ISO 8601."""
    if isinstance(cell, float):
        if cell.is_integer():
            return str(int(cell))
        text = repr(cell)
        return format(decimal.Decimal(text), "f") if "e" in text else text
    if isinstance(cell, dt.datetime):
        midnight = cell.time() == dt.time()
        return cell.date().isoformat() if midnight else cell.isoformat(" ", "seconds")
    if isinstance(cell, dt.timedelta):
        return _length(cell)
    return str(cell)


def _length(cell: dt.timedelta) -> str:
    """Return a length of time as it is read back: 30:15:00."""
    seconds = round(cell.total_seconds())
    minutes, rest = divmod(abs(seconds), 60)
    return f"{'-' if seconds < 0 else ''}{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
