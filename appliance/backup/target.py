"""The folders that a restore fills: empty before, whole or empty after."""

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from appliance.contract.backup_errors import TargetNotEmpty
from appliance.durable import sync_folder

UNFINISHED: Final = ".restoring-"
"""Prefix of the scratch folder: where one lies, a restore was killed and must be done again."""


@contextlib.contextmanager
def empty_targets(data: Path, keys: Path) -> Iterator[Path]:
    """Make sure that both folders are empty, give a scratch folder, leave nothing of a failure."""
    for folder in (data, keys):
        if folder.exists() and any(
            not entry.name.startswith(UNFINISHED) for entry in folder.iterdir()
        ):
            raise TargetNotEmpty(folder=str(folder))
    made = [folder for folder in (data, keys) if not folder.exists()]
    for folder in (data, keys):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(data):
        scratch = data / f"{UNFINISHED}{secrets.token_hex(4)}"
        try:
            _empty(data)  # what a killed restore left
            scratch.mkdir(mode=0o700)
            yield scratch
        except BaseException:
            # both were empty: whatever is in them now is ours
            for folder in (data, keys):
                _empty(folder)
            for folder in made:
                with contextlib.suppress(OSError):
                    folder.rmdir()
            raise
        shutil.rmtree(scratch)
        sync_folder(data)


@contextlib.contextmanager
def alone(data: Path) -> Iterator[None]:
    """Keep a second restore out of the same folder."""
    handle = os.open(data, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TargetNotEmpty(folder=str(data)) from None
        yield
    finally:
        os.close(handle)


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
