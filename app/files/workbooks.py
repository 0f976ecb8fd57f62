"""Reading an Excel workbook (.xlsx, .xls, .ods) as rows of texts.

A packed workbook is measured before it is unpacked: a few kilobytes may claim gigabytes.
"""

import datetime as dt
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, ZipError

from app.files.errors import ProtectedWorkbook, UnreadableWorkbook, WorkbookTooLarge

PACKED: Final = b"PK\x03\x04"
COMPOUND: Final = b"\xd0\xcf\x11\xe0"
"""An old .xls, or any workbook that is encrypted."""
ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
MEGABYTE: Final = 1024 * 1024
LARGEST: Final = 256 * MEGABYTE
"""Bytes of all its parts together."""
MOST_PARTS: Final = 10_000
"""Sheets, pictures and whatever else a workbook is packed of."""


def is_workbook(file: BinaryIO) -> bool:
    """Tell whether a file begins as workbooks do."""
    file.seek(0)
    return file.read(4) in (PACKED, COMPOUND)


def read_rows(file: BinaryIO, name: str = "") -> list[list[str]]:
    """Return the rows of the first sheet that holds something; row 1 of the sheet comes first.

    Raise ProtectedWorkbook, WorkbookTooLarge or UnreadableWorkbook.
    """
    _measure(file, name)
    file.seek(0)
    try:
        for sheet in _sheets(file):
            rows = [[_text(cell) for cell in row] for row in sheet]
            if any(any(row) for row in rows):
                return rows
    except PasswordError as error:
        raise ProtectedWorkbook(name=name) from error
    except (CalamineError, ZipError, ValueError, OSError) as error:
        raise UnreadableWorkbook(name=name) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the reader's own, and no Exception
            raise
        raise UnreadableWorkbook(name=name) from error
    raise UnreadableWorkbook(name=name)


def _sheets(file: BinaryIO) -> Iterator[list[list[Any]]]:
    workbook = CalamineWorkbook.from_filelike(file)
    for number in range(len(workbook.sheet_names)):
        yield workbook.get_sheet_by_index(number).to_python(skip_empty_area=False)


def _measure(file: BinaryIO, name: str) -> None:
    file.seek(0)
    if file.read(4) == COMPOUND:
        file.seek(0)
        if ENCRYPTED in file.read():
            raise ProtectedWorkbook(name=name)
        return
    try:
        with zipfile.ZipFile(file) as packed:
            parts = packed.infolist()
            size = sum(part.file_size for part in parts)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableWorkbook(name=name) from error
    if size > LARGEST or len(parts) > MOST_PARTS:
        raise WorkbookTooLarge(name=name, megabytes=LARGEST // MEGABYTE)


def _text(cell: Any) -> str:  # noqa: ANN401 - calamine gives texts, numbers, dates, truths
    """Return a cell as a person reads it: whole numbers without point, dates in ISO 8601."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        midnight = cell.time() == dt.time()
        return cell.date().isoformat() if midnight else cell.isoformat(" ", "seconds")
    return str(cell)
