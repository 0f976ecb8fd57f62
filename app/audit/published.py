"""`checkpoints.log`: one signed checkpoint below the other, to be shipped off the machine."""

from pathlib import Path
from typing import Final

from app.audit.durable import append_durably
from app.audit.note import MAX_NOTE
from app.audit.store import LOG_NAME

_END: Final = "\n"


def append_note(folder: Path, note: str) -> None:
    """Add a checkpoint to the log, durably, unless it is the last one there already."""
    path = folder / LOG_NAME
    last = _tail(path)
    if last.endswith(note + _END):
        return
    # a cut in the middle of the last one leaves a piece behind; begin on a line of our own
    begin = "" if not last or last.endswith("\n\n") else "\n\n"
    append_durably(path, f"{begin}{note}{_END}".encode())


def _tail(path: Path) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2 * MAX_NOTE))
        return file.read().decode(errors="replace")
