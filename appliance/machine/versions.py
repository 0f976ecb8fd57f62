"""The versions of the document on disk, which one holds, and which one waits.

    <data>/machine/versions/000012/{document.toml, version.json}
    <data>/machine/current.json      the version that holds
    <data>/machine/pending.json      a version that was put into effect and not confirmed yet
    <data>/machine/lock              held by whoever applies, confirms or takes back

Every file is written beside, synced and renamed, so a power cut leaves the old or the new one. The
step that makes a version hold is one rename: that of `current.json`.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.configuration.errors import ApplyUnderWay, VersionUnknown
from appliance.contract.configuration.state import Outcome, Reason, Version
from appliance.durable import sync_folder, write_whole
from appliance.records import now

AGAIN: Final = 0.02
"""Seconds until a lock that somebody holds is tried again."""
BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class Armed(msgspec.Struct, frozen=True, kw_only=True):
    """What is written down before anything is changed: who reads it can take the change back."""

    version: int
    before: int
    """The version to go back to."""
    account: str
    seconds: int
    boot: str
    """Of the kernel's run in which it was armed: a restart takes it back."""
    deadline: float | None = None
    """Of the boot-time clock, in seconds; none while the change is still being put into effect."""
    trouble: str = ""


class Current(msgspec.Struct, frozen=True, kw_only=True):
    """Which version holds."""

    version: int


def boot_identifier() -> str:
    """Return what names this run of the kernel."""
    return BOOT.read_text("ascii").strip()


def boot_time() -> float:
    """Return seconds since the kernel started, those asleep too; no one can set this clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _lock_within(handle: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(AGAIN)
        else:
            return True


class Versions:
    """The folder of one copy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _of(self, number: int) -> Path:
        return self.folder / "versions" / f"{number:06d}"

    @contextlib.contextmanager
    def locked(self, *, wait: bool = False, patience: float = 0) -> Iterator[None]:
        """Hold the lock of the folder. Raise ApplyUnderWay if somebody else has it.

        With `patience` only after these seconds: what follows the machine's facts holds it briefly.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # inheritable by nobody: a program that is started here must not keep it for itself
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if wait:
                fcntl.flock(handle, fcntl.LOCK_EX)
            elif not _lock_within(handle, patience):
                armed = self.armed()
                raise ApplyUnderWay(version=armed.version if armed else self.newest())
            yield
        finally:
            os.close(handle)

    def current(self) -> int:
        """Return the number of the version that holds; 0 before the first."""
        try:
            raw = (self.folder / "current.json").read_bytes()
        except FileNotFoundError:
            return 0
        return msgspec.json.decode(raw, type=Current).version

    def hold(self, number: int) -> None:
        """Make a version the one that holds."""
        write_whole(self.folder / "current.json", msgspec.json.encode(Current(version=number)))

    def numbers(self) -> list[int]:
        """Return all numbers, newest first."""
        folder = self.folder / "versions"
        if not folder.is_dir():
            return []
        whole = (one for one in folder.iterdir() if (one / "version.json").is_file())
        return sorted((int(one.name) for one in whole), reverse=True)

    def newest(self) -> int:
        """Return the highest number given so far; 0 for none."""
        return next(iter(self.numbers()), 0)

    def keep(self, version: Version, document: str) -> None:
        """Write a new version down, whole or not at all."""
        folder = self._of(version.number)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(folder / "document.toml", document.encode())
        write_whole(folder / "version.json", msgspec.json.encode(version))
        sync_folder(folder.parent)

    def read(self, number: int) -> Version:
        """Return a version. Raise VersionUnknown."""
        try:
            raw = (self._of(number) / "version.json").read_bytes()
        except FileNotFoundError:
            raise VersionUnknown(version=number) from None
        return msgspec.json.decode(raw, type=Version)

    def document(self, number: int) -> str:
        """Return a version's document. Raise VersionUnknown."""
        try:
            return (self._of(number) / "document.toml").read_text("utf-8")
        except FileNotFoundError:
            raise VersionUnknown(version=number) from None

    def end(self, number: int, outcome: Outcome, reason: Reason, detail: str = "") -> Version:
        """Write down what became of a version."""
        ended = msgspec.structs.replace(
            self.read(number), outcome=outcome, reason=reason, detail=detail, ended_at=now()
        )
        write_whole(self._of(number) / "version.json", msgspec.json.encode(ended))
        return ended

    def tell(self, number: int, outcome: Outcome) -> None:
        """Write down where a version stands that has not ended."""
        told = msgspec.structs.replace(self.read(number), outcome=outcome)
        write_whole(self._of(number) / "version.json", msgspec.json.encode(told))

    def armed(self) -> Armed | None:
        """Return what waits to be confirmed or taken back."""
        try:
            raw = (self.folder / "pending.json").read_bytes()
        except FileNotFoundError:
            return None
        return msgspec.json.decode(raw, type=Armed)

    def arm(self, armed: Armed) -> None:
        """Write down what is going to be changed, before it is."""
        write_whole(self.folder / "pending.json", msgspec.json.encode(armed))

    def disarm(self) -> None:
        """Strike it out: it holds, or it is taken back."""
        (self.folder / "pending.json").unlink(missing_ok=True)
        sync_folder(self.folder)
