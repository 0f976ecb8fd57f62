"""The windows on disk, with their sessions.

    <data>/machine/maintenance/000012/window.json            as people see it
    <data>/machine/maintenance/000012/clocks.json            what ends it, by two clocks
    <data>/machine/maintenance/000012/<session>.json, .cast  who came in, and what was done

Only the agent writes here and what it starts to record. A window is over when somebody closed it,
or when *either* clock says so: the one that people read, or the one that nobody can set.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.maintenance.errors import RecordingUnknown, WindowUnknown
from appliance.contract.maintenance.state import Ending, Session, Window
from appliance.durable import sync_folder, write_whole
from appliance.machine.versions import boot_identifier, boot_time
from appliance.records import now

OWED: Final = "owed"
CLOCKS: Final = "clocks.json"
LOCK: Final = "lock"


class Clocks(msgspec.Struct, frozen=True, kw_only=True):
    """What ends a window by itself."""

    until: int
    """Milliseconds since 1970."""
    boot: str
    """Of the kernel's run in which it was opened: a restart ends it."""
    deadline: float
    """Seconds of the boot-time clock."""


def over(clocks: Clocks, boot: str, up: float, at: int) -> Ending:
    """Return why a window is over by itself; none while it may stay open. Pure."""
    if clocks.boot != boot:
        return Ending.restart
    return Ending.clock if up >= clocks.deadline or at >= clocks.until else Ending.none


class WindowBook:
    """The folder of one copy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, number: int) -> Path:
        """Return the folder of a window."""
        return self.folder / f"{number:06d}"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the one lock under which windows are opened and closed."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def numbers(self) -> list[int]:
        """Return all numbers, newest first."""
        if not self.folder.is_dir():
            return []
        whole = (one for one in self.folder.iterdir() if (one / "window.json").is_file())
        return sorted((int(one.name) for one in whole), reverse=True)

    def newest(self) -> int:
        """Return the highest number given so far; 0 for none."""
        return next(iter(self.numbers()), 0)

    def read(self, number: int) -> Window:
        """Return a window. Raise WindowUnknown."""
        try:
            raw = (self.of(number) / "window.json").read_bytes()
        except FileNotFoundError:
            raise WindowUnknown(window=number) from None
        return msgspec.json.decode(raw, type=Window)

    def opened(self) -> Window | None:
        """Return the window that nobody and nothing has closed: the newest, or none."""
        newest = self.newest()
        window = self.read(newest) if newest else None
        return window if window and window.is_open else None

    def keep(self, window: Window, clocks: Clocks) -> None:
        """Write a new window down, whole or not at all."""
        folder = self.of(window.number)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.owe()
        write_whole(folder / CLOCKS, msgspec.json.encode(clocks))
        self.replace(window)
        sync_folder(folder.parent)

    def replace(self, window: Window) -> None:
        """Write down how a window stands now."""
        write_whole(self.of(window.number) / "window.json", msgspec.json.encode(window))

    def owe(self) -> None:
        """Write down that something must follow: whoever finds it carries it out."""
        write_whole(self.folder / OWED, b"")

    def is_owed(self) -> bool:
        """Tell whether something must still follow."""
        return (self.folder / OWED).exists()

    def owe_nothing(self) -> None:
        """Strike it out: all is as the windows say."""
        (self.folder / OWED).unlink(missing_ok=True)

    def clocks(self, number: int) -> Clocks:
        """Return what ends a window by itself."""
        raw = (self.of(number) / CLOCKS).read_bytes()
        return msgspec.json.decode(raw, type=Clocks)

    def why_over(self, number: int) -> Ending:
        """Return why a window is over at this moment; none while it is open."""
        window = self.read(number)
        if not window.is_open:
            return window.ended
        try:
            clocks = self.clocks(number)
        except FileNotFoundError:  # no backup holds them
            return Ending.restored
        return over(clocks, boot_identifier(), boot_time(), now())

    def recording(self, number: int, session: str) -> Path:
        """Return where a session is recorded."""
        return self.of(number) / f"{session}.cast"

    def keep_session(self, session: Session) -> None:
        """Write down how a session stands."""
        path = self.of(session.window) / f"{session.id}.json"
        write_whole(path, msgspec.json.encode(session))

    def session(self, number: int, session: str) -> Session:
        """Return a session. Raise WindowUnknown, RecordingUnknown."""
        self.read(number)
        try:
            raw = (self.of(number) / f"{session}.json").read_bytes()
        except FileNotFoundError:
            raise RecordingUnknown(window=number, session=session) from None
        return msgspec.json.decode(raw, type=Session)

    def sessions(self, number: int) -> tuple[Session, ...]:
        """Return the sessions of a window, oldest first. Raise WindowUnknown."""
        self.read(number)
        names = (one.stem for one in self.of(number).glob("[0-9a-f]*.json") if len(one.stem) == 16)
        found = (self.session(number, name) for name in names)
        return tuple(sorted(found, key=lambda one: (one.began_at, one.id)))
