"""Where a list that waits in the spool names a person: the whole file goes with the person."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from sqlmodel import Session

from app.core.errors import TenshuError
from app.core.messages import mark
from app.files import spool, workbooks
from app.identity.personal import Batch, Found, Searched, Wanted, declare_searched
from app.operations.context import Context
from app.people.entries import normal
from app.people.reading import read_sheet

CHUNK: Final = 1024 * 1024
ENCODINGS: Final = ("utf-8", "cp932", "utf-16-le", "utf-16-be")


def look(context: Context, wanted: Wanted, _after: str) -> Batch:
    """Look into every upload that is whole; there are few, and for two days each."""
    folder = context.appliance.settings.spool
    every = list(spool.uploads(folder))
    return Batch(
        found=[_told(one) for one in every if _names(folder, one, wanted)],
        after="",
        looked_at=len(every),
    )


def _told(upload: spool.Upload) -> Found:
    return Found(
        place=f"uploads/{upload.id}",
        title=upload.name,
        at=upload.created_at,
        why=mark("A file that was uploaded holds it."),
        body={"file": upload.name, "uploaded_by": upload.owner},
    )


def _names(folder: Path, upload: spool.Upload, wanted: Wanted) -> bool:
    """Tell whether a file names the person. One that is gone meanwhile names nobody."""
    try:
        with spool.open_upload(folder, upload.id) as file:
            if workbooks.is_workbook(file):
                texts = [normal(text) for text in wanted.texts]
                return any(text in cell for cell in _cells(file, upload.name) for text in texts)
            return _holds_bytes(file, wanted.texts)
    except TenshuError:
        return False


def _cells(file: BinaryIO, name: str) -> Iterator[str]:
    for record in read_sheet(file, name).rows:
        yield from map(normal, record.cells)


def _holds_bytes(file: BinaryIO, texts: tuple[str, ...]) -> bool:
    """Tell whether one of some texts stands in a file, however it is written."""
    needles = [
        encoded
        for text in texts
        for encoding in ENCODINGS
        if (encoded := text.encode(encoding, "ignore"))
    ]
    overlap = max(map(len, needles), default=1) - 1
    file.seek(0)
    kept = b""
    while chunk := file.read(CHUNK):
        window = kept + chunk
        if any(needle in window for needle in needles):
            return True
        kept = window[-overlap:] if overlap else b""
    return False


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
