"""Looking after the history: starts a verification when it is due, or when somebody asks for it."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

import app
from app.audit.inspection import is_due, read_inspection, write_inspection
from app.audit.note import VerifierKey
from app.core import clock
from app.core.lifeline import PARENT

FIRST_AFTER: Final = 60.0
"""Seconds after the start, which belong to those who wait for the pages."""

log = logging.getLogger("tenshu.audit")


class Watch:
    """Who looks after one store."""

    def __init__(
        self, folder: Path, key: VerifierKey, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder, self._key, self._monotonic = folder, key, monotonic
        self._quiet_until = monotonic() + FIRST_AFTER
        self._process: subprocess.Popen[bytes] | None = None
        latest = read_inspection(folder).latest
        self._answered = latest.size - 1 if latest else -1

    def turn(self, asked: int) -> None:
        """Begin what is to begin, and see to what has ended.

        `asked` is the position of the newest event that asks for a verification, -1 for none.
        """
        if self._process is not None:
            if self._process.poll() is None:
                return
            self._ended(self._process.returncode)
            self._process = None
        called = asked > self._answered
        if called or self._is_time():
            self._answered = max(asked, self._answered)
            self._begin()

    def close(self) -> None:
        """End what runs; the next start begins anew."""
        if self._process is not None:
            self._process.kill()
            self._ended(self._process.wait())
            self._process = None

    def _is_time(self) -> bool:
        if self._monotonic() < self._quiet_until:
            return False
        return is_due(read_inspection(self._folder), clock.now())

    def _begin(self) -> None:
        # one that leaves no result is not tried again and again
        self._quiet_until = self._monotonic() + FIRST_AFTER
        self._process = subprocess.Popen(  # noqa: S603 - our own program, a folder, a public key
            [sys.executable, "-P", "-m", "app.audit.inspect_once", self._folder, str(self._key)],
            stdin=subprocess.DEVNULL,
            env={
                **os.environ,
                "PYTHONPATH": str(Path(app.__file__).parents[1]),
                PARENT: str(os.getpid()),
            },
        )

    def _ended(self, code: int) -> None:
        if code == 0:
            return
        log.error("a verification of the history ended without a result (%d)", code)
        known = read_inspection(self._folder)
        if known.running is not None:
            write_inspection(self._folder, msgspec.structs.replace(known, running=None))
