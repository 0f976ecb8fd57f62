"""How a long action says how far it is, and hears that it should end."""

import time
from collections.abc import Callable
from typing import Final

from appliance.contract.backup_errors import RunCancelled, RunTimedOut
from appliance.contract.runs import Phase, Progress

INTERVAL: Final = 0.25
"""Seconds between two reports of the same phase: a moving bar, not a busy disk."""
SPANS: Final = {
    Phase.starting: (0, 0),
    Phase.snapshot: (0, 15),
    Phase.collecting: (15, 35),
    Phase.archiving: (35, 95),
    Phase.verifying: (95, 100),
    Phase.extracting: (0, 70),
    Phase.comparing: (70, 95),
    Phase.placing: (95, 100),
    Phase.checking: (0, 100),
    Phase.deleting: (0, 100),
    Phase.finished: (100, 100),
}
"""Percent of the whole run at which each phase begins and ends."""


class Reporter:
    """Counts the bytes and files of the present phase and tells them on.

    `tell` gets a Progress at most every `INTERVAL` seconds and at each new phase; `cancelled` is
    asked at every step; `seconds` is what the run may take in all.
    """

    def __init__(
        self,
        tell: Callable[[Progress], None] = lambda progress: None,  # noqa: ARG005 - nobody listens
        cancelled: Callable[[], bool] = lambda: False,
        seconds: float | None = None,
    ) -> None:
        self._tell, self._cancelled, self._seconds = tell, cancelled, seconds
        self._begun = self._phase_begun = time.monotonic()
        self._told = 0.0
        self._phase = Phase.starting
        self._bytes = self._bytes_total = self._files = self._files_total = 0
        self._share = 0.0

    def check(self) -> None:
        """Raise RunCancelled if it was cancelled, RunTimedOut if its time is over."""
        if self._cancelled():
            raise RunCancelled
        if self._seconds is not None and time.monotonic() - self._begun > self._seconds:
            raise RunTimedOut(seconds=round(self._seconds))

    def phase(self, phase: Phase, bytes_total: int = 0, files_total: int = 0) -> None:
        """Begin a phase of so many bytes and files (0: not known)."""
        self._phase, self._phase_begun = phase, time.monotonic()
        self._bytes = self._files = 0
        self._share = 0.0
        self._bytes_total, self._files_total = bytes_total, files_total
        self._report()
        self.check()

    def reach(self, bytes_done: int, files_done: int | None = None, bytes_total: int = 0) -> None:
        """Say how far the phase is."""
        self._bytes = bytes_done
        self._files = self._files if files_done is None else files_done
        self._bytes_total = bytes_total or self._bytes_total
        if time.monotonic() - self._told >= INTERVAL:
            self._report()
        self.check()

    def reach_share(self, share: float) -> None:
        """Say how far the phase is where nobody counts bytes, 0 to 1."""
        self._share = share
        self.reach(self._bytes)

    def advance(self, more_bytes: int, more_files: int = 0) -> None:
        """Say that so many more are done."""
        self.reach(self._bytes + more_bytes, self._files + more_files)

    def _report(self) -> None:
        self._told = time.monotonic()
        seconds = self._told - self._phase_begun
        speed = round(self._bytes / seconds) if seconds > 0.1 else 0
        left = max(0, self._bytes_total - self._bytes)
        start, end = SPANS[self._phase]
        share = min(1.0, self._bytes / self._bytes_total) if self._bytes_total else self._share
        self._tell(
            Progress(
                phase=self._phase,
                percent=round(start + (end - start) * share, 1),
                bytes_done=self._bytes,
                bytes_total=self._bytes_total,
                files_done=self._files,
                files_total=self._files_total,
                speed=speed,
                eta=round(left / speed) if speed and self._bytes_total else None,
                at=time.time_ns() // 1_000_000,
            )
        )
