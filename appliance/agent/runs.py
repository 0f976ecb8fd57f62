"""Long actions: started as processes of their own, found again after any restart."""

import contextlib
import logging
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Final

from appliance import records
from appliance.agent import job_units
from appliance.backup.create import explained
from appliance.backup.job import Job
from appliance.book import Opened
from appliance.contract.actions import Caller
from appliance.contract.backup_errors import (
    RunCancelled,
    RunInProgress,
    RunOver,
    RunTimedOut,
    RunUnknown,
)
from appliance.contract.errors import ApplianceError
from appliance.contract.repository_errors import RepositoriesBusy
from appliance.contract.runs import Progress, Run, State
from appliance.contract.secret import Secret
from appliance.contract.table import TABLE
from appliance.contract.varlink import encode
from appliance.machine import units
from appliance.place import Place
from appliance.records import Record

LOG: Final = logging.getLogger("appliance.agent")

LOOK: Final = 0.25
"""Seconds between two looks at a run that somebody follows."""
PATIENCE: Final = 90.0
"""Seconds that a run may outlive its cancellation or its time. The programs that it started get 30
to undo and 30 to die; after that the run itself hangs, and is killed."""
PULSE: Final = 10.0
"""Seconds after which a follower hears of a run that does not move, so that neither side doubts."""


class Runs:
    """The long actions of this copy: one at a time."""

    def __init__(self, place: Place, patience: float = PATIENCE) -> None:
        self._place, self._patience = place, patience
        self._lock = threading.Lock()
        self._quiet = False
        self._late: dict[str, float] = {}
        """Run → when it was first seen beyond its end, by the clock that nobody sets."""

    def start(
        self,
        action: str,
        opened: Opened,
        caller: Caller,
        archive: str = "",
        kit: Secret | None = None,
    ) -> Run:
        """Start a long action in a process of its own. Raise RunInProgress if one runs already."""
        with self._lock, explained(self._place.runs):
            self._require_none()
            records.prune(self._place.runs)
            started = records.now()
            run = Run(
                id=f"{started:012x}{secrets.token_hex(4)}",
                action=action,
                repository=opened.repository.id,
                archive=archive,
                account=caller.account,
                session=caller.session,
                source=caller.source,
                plane=caller.plane,
                started_at=started,
            )
            record, lock = Record.create(self._place.runs, run)
            job = Job(
                run=run,
                repository=opened.repository,
                lock=lock,
                passphrase=opened.passphrase,
                kit=kit or Secret(""),
            )
            try:
                if units.are_ours(self._place):
                    job_units.start(record, job)
                else:
                    self._start_child(record, job)
            finally:
                os.close(lock)  # from here on the process alone holds it
            return run

    def _start_child(self, record: Record, job: Job) -> None:
        with (record.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "appliance.backup"],
                env=os.environ | self._place.environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(job.lock,),
                start_new_session=True,
            )
        # a process that died at once is seen by its lock
        with contextlib.suppress(BrokenPipeError):
            _hand_over(process, encode(job))
        threading.Thread(target=process.wait, daemon=True).start()

    def get(self, identifier: str) -> Run:
        """Return a run as it stands. Raise RunUnknown."""
        record = self._record(identifier)
        was_ended = (record.folder / "result.json").exists()
        run = record.read()
        if run.state is State.running and (why := self._overdue(record, run)):
            self._kill(record)
            run = record.finish(run, *why)
        if run.state is not State.running and not was_ended:
            self._late.pop(identifier, None)
            if run.state is not State.done:
                self._clean_up(run)
        return run

    def _overdue(self, record: Record, run: Run) -> tuple[State, Progress, ApplianceError] | None:
        """Return how a run is to be ended that hangs beyond its end; None if it does not."""
        seconds = TABLE[run.action].timeout
        if record.cancel_asked():
            end: tuple[State, Progress, ApplianceError] = (
                State.cancelled,
                run.progress,
                RunCancelled(),
            )
        elif records.now() - run.started_at > seconds * 1000:
            end = (State.failed, run.progress, RunTimedOut(seconds=seconds))
        else:
            self._late.pop(run.id, None)
            return None
        since = self._late.setdefault(run.id, time.monotonic())
        return end if time.monotonic() - since >= self._patience else None

    def _kill(self, record: Record) -> None:
        """Kill a run with all that it started. Who waits for a dead disk dies when it wakes up."""
        LOG.warning("run %s hangs and is killed", record.folder.name)
        with contextlib.suppress(OSError, ValueError):
            # it leads a session of its own, and it lives: its `alive` is locked
            os.killpg(int((record.folder / "process").read_text()), signal.SIGKILL)

    def follow(self, identifier: str, stop: threading.Event) -> Iterator[tuple[Run, bool]]:
        """Yield a run whenever it moved, with whether more will follow."""
        told, waited = None, 0.0
        while True:
            run = self.get(identifier)
            last = run.state is not State.running or stop.is_set()
            if last or run != told or waited >= PULSE:
                yield run, not last
                told, waited = run, 0.0
            if last:
                return
            stop.wait(LOOK)
            waited += LOOK

    def list(self, offset: int, limit: int) -> tuple[tuple[Run, ...], int]:
        """Return a page of runs, newest first, and how many there are."""
        every = records.records(self._place.runs)
        page = every[offset : offset + limit]
        return tuple(self.get(record.folder.name) for record in page), len(every)

    def active(self) -> Run | None:
        """Return the run that runs now."""
        return next(records.running(self._place.runs), None)

    def _require_none(self) -> None:
        if self._quiet:
            raise RepositoriesBusy
        for active in records.running(self._place.runs):
            raise RunInProgress(run=active.id, action=active.action)

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """Keep every run away, as long as it takes. Raise RunInProgress, RepositoriesBusy."""
        with self._lock:
            self._require_none()
            self._quiet = True
        try:
            yield
        finally:
            self._quiet = False

    @contextlib.contextmanager
    def none_on(self, repository: str) -> Iterator[None]:
        """Keep runs away from a repository for a moment. Raise RunInProgress if one is there."""
        with self._lock:
            for active in records.running(self._place.runs):
                if active.repository == repository:
                    raise RunInProgress(run=active.id, action=active.action)
            yield

    def cancel(self, identifier: str) -> Run:
        """Ask a run to end. Raise RunUnknown, or RunOver if it has ended already."""
        run = self.get(identifier)
        if run.state is not State.running:
            raise RunOver(run=identifier)
        self._record(identifier).ask_cancel()
        return run

    def _record(self, identifier: str) -> Record:
        record = Record(self._place.runs / identifier)
        if not (record.folder / "run.json").is_file():
            raise RunUnknown(run=identifier)
        return record

    def _clean_up(self, run: Run) -> None:
        """Remove what a killed run left on the disk."""
        with self._lock:
            if self.active() is None:
                shutil.rmtree(self._place.scratch, ignore_errors=True)
        if run.action == "RestoreArchive":
            shutil.rmtree(self._place.restores / run.id, ignore_errors=True)


def _hand_over(process: "subprocess.Popen[bytes]", job: bytes) -> None:
    if process.stdin is not None:
        with process.stdin as stream:
            stream.write(job)
