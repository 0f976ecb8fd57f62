"""Keeping segments up to date: the sealer's side.

A process of its own makes the file (`app.audit.segment_writer`); the sealer gives it its name,
seals the event that carries its hash, and removes the file that it replaces. Killed between any
two of these steps, it leaves a file that no event names, and the segment is made again.
"""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

import msgspec

import app
from app.audit.durable import sync_folder
from app.audit.segments import FOLDER, SIZES, UNFINISHED, Made, file_name, read_segments
from app.audit.store import reading
from app.core.lifeline import PARENT

FIRST_AFTER: Final = 30.0
"""Seconds after the start, which belong to those who wait for the pages."""
AGAIN_AFTER: Final = 300.0
"""Seconds until the next look where nothing tells that there is something to do: a segment that
somebody removed is made again."""

log = logging.getLogger("tenshu.audit")
Told = Callable[[Made], None]
"""Seals the event that tells of a segment."""


class Segmenter:
    """Who keeps the segments of one store."""

    def __init__(
        self, folder: Path, tell: Told, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder, self._tell, self._monotonic = folder, tell, monotonic
        self._look_at = monotonic() + FIRST_AFTER
        self._process: subprocess.Popen[bytes] | None = None
        self._answer = TemporaryFile()  # noqa: SIM115 - see close
        self._seen: tuple[int, int] | None = None

    def turn(self, size: int, erased: int) -> None:
        """Begin what is to begin, and see to what has ended.

        `size` is the number of sealed events, `erased` the position of the newest erasure or -1.
        Raise what sealing an event raises; the segment is then made again.
        """
        if self._process is not None:
            if self._process.poll() is not None:
                self._ended()
            return
        due = (size // SIZES[-1], erased)
        changed = self._seen is not None and due != self._seen
        if changed or self._monotonic() >= self._look_at:
            self._seen = due
            self._begin()

    def close(self) -> None:
        """End what runs; the next start begins anew."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self._answer.close()

    def _begin(self) -> None:
        self._look_at = self._monotonic() + AGAIN_AFTER
        self._answer.seek(0)
        self._answer.truncate()
        self._process = subprocess.Popen(  # noqa: S603 - our own program, a folder
            [sys.executable, "-P", "-m", "app.audit.segment_writer", self._folder],
            stdin=subprocess.DEVNULL,
            stdout=self._answer,
            env={
                **os.environ,
                "PYTHONPATH": str(Path(app.__file__).parents[1]),
                PARENT: str(os.getpid()),
            },
        )

    def _ended(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode != 0:
            log.error("a segment of the history could not be made (%d)", process.returncode)
            return
        self._answer.seek(0)
        made = msgspec.json.decode(self._answer.read(), type=Made | None)
        if made is not None:
            self._look_at = self._monotonic()  # perhaps there is another
            self._name(made)

    def _name(self, made: Made) -> None:
        place = self._folder / FOLDER
        (place / UNFINISHED).rename(place / file_name(made.first, made.events, made.sha256))
        sync_folder(place)
        self._tell(made)
        self._remove_unnamed()
        log.info("events from %d on are in a segment", made.first)

    def _remove_unnamed(self) -> None:
        """Remove files that no event names any more: what was erased goes with them."""
        with reading(self._folder) as connection:
            named = {segment.path(self._folder) for segment in read_segments(connection)}
        for path in (self._folder / FOLDER).iterdir():
            if path not in named:
                path.unlink()
        sync_folder(self._folder / FOLDER)
