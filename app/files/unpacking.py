"""Whatever people bring as a file with columns, as the CSV that is read on from any byte.

A sheet of a workbook and JSON Lines become a file of their own beside the upload, under a number
that follows from it: whoever asks again finds it there. So a job that was killed goes on in the
middle of a workbook too.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from app.files import packed, spool, workbooks
from app.files.errors import NoSuchSheet, UploadGone
from app.files.json_lines import is_json_lines, json_rows, keys_of
from app.files.packed import SheetView
from app.files.sniffing import has_old_lines

HEAD: Final = 64 * 1024
MOST_SHEETS: Final = 200
"""Those further behind cannot be chosen."""
AT_ONCE: Final = 2_000
"""Rows that are written at once."""


class Unpacked(msgspec.Struct, frozen=True, kw_only=True):
    """A file that can be read as CSV, and what was seen in the one it was made of."""

    upload: spool.Upload
    """What is read; the upload itself where that is CSV."""
    plain: bool = False
    """It was written here: UTF-8, with commas."""
    sheets: tuple[SheetView, ...] = ()
    sheet: int = 0
    """Which of them it is, from 1."""
    hidden_rows: int = 0
    hidden_columns: int = 0
    merged: int = 0
    """Areas of merged cells."""
    named: bool = False
    """The first row was made of names that stand in each line."""


def unpack(folder: Path, identifier: str, owner: str, sheet: int = 0) -> Unpacked:
    """Return what an upload is read from; `sheet` counts from 1, 0 is the first that is shown.

    Raise UploadGone, or what the file is instead of a list and what to do about it.
    """
    upload = spool.find(folder, identifier, owner)
    with spool.open_upload(folder, upload.id) as file:
        if workbooks.is_workbook(file):
            return _workbook(folder, upload, file, sheet)
        file.seek(0)
        head = file.read(HEAD)
        if is_json_lines(head, upload.name):
            return _made(folder, upload, "lines") or _lines(folder, upload, file)
        if has_old_lines(head):
            return _made(folder, upload, "ends") or _old_ends(folder, upload, file)
    return Unpacked(upload=upload)


def _workbook(folder: Path, upload: spool.Upload, file: BinaryIO, sheet: int) -> Unpacked:
    workbooks.refuse_locked(file, upload.name)
    views = packed.sheets_of(file, upload.name)
    shown = next((number for number, view in enumerate(views, 1) if not view.hidden), 1)
    number = sheet or shown
    if number > min(len(views), MOST_SHEETS):
        raise NoSuchSheet(name=upload.name, number=number)
    if found := _made(folder, upload, f"sheet-{number}"):
        return found
    seen = packed.look_at(file, upload.name, number - 1)
    merged, rows = workbooks.sheet_rows(file, upload.name, views[number - 1].name, seen.percents)
    made = Unpacked(
        upload=_named(upload, f"sheet-{number}"),
        plain=True,
        sheets=tuple(views),
        sheet=number,
        hidden_rows=seen.hidden_rows,
        hidden_columns=seen.hidden_columns,
        merged=len(merged),
    )
    return _write(folder, made, (row if any(row) else [] for row in rows))


def _lines(folder: Path, upload: spool.Upload, file: BinaryIO) -> Unpacked:
    keys = keys_of(file, upload.name)
    made = Unpacked(upload=_named(upload, "lines"), plain=True, named=True)
    return _write(folder, made, _headed(keys, json_rows(file, upload.name, keys)))


def _headed(keys: list[str], rows: Iterator[list[str]]) -> Iterator[list[str]]:
    yield keys
    yield from rows


def _old_ends(folder: Path, upload: spool.Upload, file: BinaryIO) -> Unpacked:
    """Write a file whose lines end as on old Macintosh computers with the ends of today."""
    made = Unpacked(upload=_named(upload, "ends"))
    file.seek(0)
    chunks = iter(lambda: file.read(packed.MEGABYTE), b"")
    return _keep(folder, made, (chunk.replace(b"\r", b"\n") for chunk in chunks))


def _named(upload: spool.Upload, what: str) -> spool.Upload:
    return msgspec.structs.replace(upload, id=_derived(upload.id, what))


def _derived(identifier: str, what: str) -> str:
    return hashlib.sha256(f"{identifier}/{what}".encode()).hexdigest()[:28]


def _made(folder: Path, upload: spool.Upload, what: str) -> Unpacked | None:
    """Return what was unpacked before."""
    try:
        found = spool.find(folder, _named(upload, what).id, upload.owner)
    except UploadGone:
        return None
    return msgspec.structs.replace(msgspec.json.decode(found.told, type=Unpacked), upload=found)


def _write(folder: Path, made: Unpacked, rows: Iterator[list[str]]) -> Unpacked:
    return _keep(folder, made, _csv(rows))


def _csv(rows: Iterator[list[str]]) -> Iterator[bytes]:
    while part := list(islice(rows, AT_ONCE)):
        buffer = io.StringIO(newline="")
        csv.writer(buffer).writerows(part)
        yield buffer.getvalue().encode("utf-8", "backslashreplace")


def _keep(folder: Path, made: Unpacked, chunks: Iterable[bytes]) -> Unpacked:
    """Write the file; if it does not end well, nothing of it stays."""
    origin = made.upload
    with spool.receive(folder, origin.owner, origin.name) as incoming:
        for chunk in chunks:
            incoming.write(chunk)
        told = msgspec.json.encode(made).decode()
        return msgspec.structs.replace(made, upload=incoming.finish(become=origin.id, told=told))


def discard(folder: Path, identifier: str) -> None:
    """Remove an upload and whatever was made of it."""
    made = ("lines", "ends", *(f"sheet-{number}" for number in range(1, MOST_SHEETS + 1)))
    for what in made:
        spool.remove(folder, _derived(identifier, what))
    spool.remove(folder, identifier)
