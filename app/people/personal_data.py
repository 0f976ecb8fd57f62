"""Where a list that waits in the spool names a person: the whole file goes with the person."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from sqlmodel import Session

from app.core.messages import mark
from app.files import spool, workbooks
from app.files.errors import (
    ProtectedWorkbook,
    UnreadableWorkbook,
    UploadGone,
    WorkbookTooLarge,
)
from app.identity.personal import Batch, Found, Searched, Wanted, declare_searched
from app.operations.context import Context
from app.people.entries import normal
from app.people.reading import read_sheet

HOLDS_IT: Final = mark("A file that was uploaded holds it.")
MAY_HOLD_IT: Final = mark("A file that was uploaded cannot be read, and may hold it.")
CHUNK: Final = 1024 * 1024
ENCODINGS: Final = ("utf-8", "cp932", "utf-16-le", "utf-16-be")


def look(context: Context, wanted: Wanted, _after: str) -> Batch:
    """Look into every upload that is whole; there are few, and for two days each."""
    folder = context.appliance.settings.spool
    every = list(spool.uploads(folder))
    return Batch(
        found=[_told(one, why) for one in every if (why := _why_found(folder, one, wanted))],
        after="",
        looked_at=len(every),
    )


def _told(upload: spool.Upload, why: str) -> Found:
    return Found(
        place=f"uploads/{upload.id}",
        title=upload.name,
        at=upload.created_at,
        why=why,
        body={"file": upload.name, "uploaded_by": upload.owner},
    )


def _why_found(folder: Path, upload: spool.Upload, wanted: Wanted) -> str:
    """Return why a file is told about the person; empty where it names them nowhere.

    A workbook that cannot be read is told too: whoever erases decides, nothing is passed over.
    """
    if not wanted.texts:
        return ""
    try:
        with spool.open_upload(folder, upload.id) as file:
            return HOLDS_IT if _names(file, upload.name, wanted.texts) else ""
    except UploadGone:
        return ""  # it was removed since the list of them was read
    except (ProtectedWorkbook, UnreadableWorkbook, WorkbookTooLarge):
        return MAY_HOLD_IT


def _names(file: BinaryIO, name: str, texts: tuple[str, ...]) -> bool:
    if not workbooks.is_workbook(file):
        return _holds_bytes(file, texts)
    wanted = [normal(text) for text in texts]
    return any(text in cell for cell in _cells(file, name) for text in wanted)


def _cells(file: BinaryIO, name: str) -> Iterator[str]:
    for record in read_sheet(file, name).rows:
        yield from map(normal, record.cells)


def _holds_bytes(file: BinaryIO, texts: tuple[str, ...]) -> bool:
    """Tell whether one of some texts stands in a file, however it is written."""
    needles = [each for text in texts for each in _as_bytes(text)]
    overlap = max(map(len, needles), default=1) - 1
    file.seek(0)
    kept = b""
    while chunk := file.read(CHUNK):
        window = kept + chunk
        if any(needle in window for needle in needles):
            return True
        kept = window[-overlap:] if overlap else b""
    return False


def _as_bytes(text: str) -> Iterator[bytes]:
    """Write a text in each encoding that has all of its characters: half a name is another's."""
    for encoding in ENCODINGS if text else ():
        with contextlib.suppress(UnicodeEncodeError):
            yield text.encode(encoding)


def count(_session: Session) -> int:
    """Count nothing: the uploads stand outside the database."""
    return 0


def forget(context: Context, place: str) -> int:
    """Remove the upload at one place."""
    spool.remove(context.appliance.settings.spool, place.partition("/")[2])
    return 0


def forget_uploads(_context: Context, _account: str) -> int:
    """Remove nothing: tables remove every upload of an account, of lists too."""
    return 0


declare_searched(
    Searched(
        kind="uploads",
        title=mark("Uploaded files"),
        look=look,
        count=count,
        forget=forget,
        forget_uploads=forget_uploads,
    )
)
