"""Checkpoints as files in a folder that may hang: a process of its own does the writing.

A process that waits for a dead network disk may not even be killed. So the one who waits is never
ours, and while it cannot be killed no second one is sent after it.
"""

import datetime as dt
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

import app
from app.audit.following import Head
from app.core.lifeline import PARENT
from app.core.messages import mark
from app.offsite.errors import FolderSilent, FolderUnusable, HistoryShorter, NothingSealed
from app.offsite.put_file import AHEAD, NO_FOLDER

SECONDS: Final = 20.0
"""What writing a file of 300 bytes may take; a share over a slow line needs two."""
DYING: Final = 2.0

_lock: Final = threading.Lock()
_hanging: Final[dict[str, subprocess.Popen[bytes]]] = {}


def put_checkpoint(folder: str, head: Head, now: int, *, seconds: float = SECONDS) -> None:
    """Write the newest checkpoint into a folder, whole or not at all, one file for each day.

    What stands there is never replaced by less: a machine that was set back to a snapshot finds
    what it had sent before. Raise FolderUnusable, FolderSilent, HistoryShorter or NothingSealed.
    """
    if not head.note:
        raise NothingSealed
    with _lock:
        before = _hanging.get(folder)
        if before and before.poll() is None:
            raise FolderSilent(folder=folder)
    writer = subprocess.Popen(  # noqa: S603 - our own program; the folder is one argument
        [sys.executable, "-P", "-m", "app.offsite.put_file", folder, file_name(head, now)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(app.__file__).parents[1]),
            PARENT: str(os.getpid()),
        },
    )
    try:
        _, said = writer.communicate(head.note.encode(), timeout=seconds)
    except subprocess.TimeoutExpired:
        _leave(folder, writer)
        raise FolderSilent(folder=folder) from None
    if writer.returncode == NO_FOLDER:
        raise FolderUnusable(folder=folder, reason=mark("there is no such folder"))
    if writer.returncode == AHEAD:
        raise HistoryShorter(sent=int(said), have=head.size)
    if writer.returncode:
        reason = said.decode(errors="replace").strip().rpartition("\n")[2]
        raise FolderUnusable(folder=folder, reason=reason or mark("the writing failed"))


def file_name(head: Head, now: int) -> str:
    """Return what the file is called: the history's name, and the day in UTC."""
    day = dt.datetime.fromtimestamp(now / 1000, dt.UTC).date().isoformat()
    return f"{head.history.replace('/', '-')}-{day}.txt"


def _leave(folder: str, writer: subprocess.Popen[bytes]) -> None:
    """Kill a writer that hangs; remember it where even that does not help."""
    writer.kill()
    try:
        writer.communicate(timeout=DYING)
    except subprocess.TimeoutExpired:
        with _lock:
            _hanging[folder] = writer
