"""The data folder: made once, used by one running copy at a time."""

import fcntl
import os
from pathlib import Path
from typing import Final

from app.core.errors import TenshuError
from app.core.settings import Settings

LOCK_NAME: Final = "appliance.lock"
UNITS: Final = "tenshu.target"
"""Who holds the lock where systemd runs the processes: no process, but all of the units."""


class AlreadyRunning(TenshuError):
    """Another copy of the appliance runs on this data folder."""

    code = "data_folder.in_use"
    status = 409
    message = "Process {pid} already runs the appliance on {data}."
    hint = (
        "Stop it first, or give this copy another folder and other ports: TENSHU_DATA, "
        "TENSHU_CONSOLE_PORT, TENSHU_WORKSPACE_PORT."
    )


class RunsAsUnits(AlreadyRunning):
    """The appliance runs on this data folder, as units of systemd."""

    message = "The units of {holder} already run the appliance on {data}."
    hint = (
        "Stop them first, systemctl stop tenshu.target, or give this copy another folder and other "
        "ports: TENSHU_DATA, TENSHU_CONSOLE_PORT, TENSHU_WORKSPACE_PORT."
    )


class DataFolderUnusable(TenshuError):
    """The data folder cannot be made or written."""

    code = "data_folder.unusable"
    status = 500
    message = "The data folder {data} cannot be used: {reason}."
    hint = "Give a folder that this user may write: TENSHU_DATA=…"


def make_folders(settings: Settings) -> None:
    """Make the folders of a data folder where they are missing, readable by their owner only."""
    try:
        for folder in (
            settings.data,
            settings.keys,
            settings.sealed_store,
            settings.files,
            settings.spool,
            settings.tls,
            settings.clients,
            settings.run,
            settings.logs,
        ):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DataFolderUnusable(data=settings.data, reason=error.strerror) from error


def take(data: Path) -> int:
    """Lock the data folder for this process and return the lock's descriptor.

    The lock lasts until the process ends, however it ends, and whoever it handed the descriptor to.
    Raise AlreadyRunning if another process holds it, DataFolderUnusable if it cannot be made.
    """
    try:
        descriptor = os.open(data / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DataFolderUnusable(data=data, reason=error.strerror) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holds = os.read(descriptor, 32).decode() or "?"
        os.close(descriptor)
        if holds == UNITS:
            raise RunsAsUnits(holder=holds, data=data) from error
        raise AlreadyRunning(pid=holds, data=data) from error
    sign(descriptor)
    return descriptor


def holder(data: Path) -> str:
    """Return who signed the lock last, `UNITS` or a process's number; empty where nobody did.

    It says nothing of whether they still hold it.
    """
    try:
        return (data / LOCK_NAME).read_text()
    except OSError:
        return ""


def sign(lock: int, holder: str = "") -> None:
    """Say who holds the lock: this process unless told otherwise."""
    os.truncate(lock, 0)
    os.pwrite(lock, (holder or str(os.getpid())).encode(), 0)
