"""The files of runs: what survives a restart of console, agent and machine.

A run is a folder: `run.json` (how it was asked for), `progress.json` (replaced several times a
second), `result.json` (the run as it ended, synced), `log` (Borg's own words) and `alive`, which
the run's process keeps locked as long as it lives. A run without result whose `alive` is free has
died; the lock cannot be left behind, whatever kills the process.
"""

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.backup_errors import RunDied, RunUnknown
from appliance.contract.errors import ApplianceError
from appliance.contract.runs import Progress, Run, State
from appliance.durable import sync_folder, write_whole
from appliance.holding import is_held

JOB_SOCKET: Final = "job.sock"
"""In a run's folder, while its unit starts: where it gets its job (`appliance.agent.job_units`)."""
KEPT: Final = 500
"""Ended runs that the list keeps; the audit trail keeps all."""


def now() -> int:
    """Return milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Record:
    """The folder of one run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def create(cls, runs: Path, run: Run) -> tuple["Record", int]:
        """Make the folder of a run that starts now; return the handle of its locked `alive` too.

        The run's process inherits the handle and keeps it. It is locked before anybody can see the
        run: who looked in between would find it dead, for good.
        """
        record = cls(runs / run.id)
        record.folder.mkdir(mode=0o700, parents=True)
        handle = os.open(record.folder / "alive", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            write_whole(record.folder / "run.json", msgspec.json.encode(run))
            sync_folder(runs)
        except BaseException:
            os.close(handle)
            raise
        return record, handle

    def read(self) -> Run:
        """Return the run as it stands; one that died becomes a failed one, for good.

        Raise RunUnknown if there is none.
        """
        ended = self._ended()
        if ended is not None:
            return ended
        if not self.alive():
            # it may have ended between the two looks
            return self._ended() or self._died()
        with contextlib.suppress(FileNotFoundError):
            progress = msgspec.json.decode(
                (self.folder / "progress.json").read_bytes(), type=Progress
            )
            return msgspec.structs.replace(self._begun(), progress=progress)
        return self._begun()

    def tell(self, progress: Progress) -> None:
        """Replace the progress."""
        write_whole(self.folder / "progress.json", msgspec.json.encode(progress), durable=False)

    def finish(
        self,
        run: Run,
        state: State,
        progress: Progress | None = None,
        error: ApplianceError | None = None,
    ) -> Run:
        """Write how the run ended, durably; return it so."""
        ended = self._as_ended(run, state, progress, error)
        self._keep(ended)
        return ended

    def _died(self) -> Run:
        died = self._as_ended(self._begun(), State.failed, None, RunDied())
        with contextlib.suppress(OSError):  # a full disk: it is kept at a later look
            self._keep(died)
        return died

    def _keep(self, ended: Run) -> None:
        try:
            write_whole(self.folder / "result.json", msgspec.json.encode(ended))
        except OSError:
            # on a full disk the room of the progress, which nobody needs any more, is enough
            (self.folder / "progress.json").unlink(missing_ok=True)
            write_whole(self.folder / "result.json", msgspec.json.encode(ended))

    def _as_ended(
        self, run: Run, state: State, progress: Progress | None, error: ApplianceError | None
    ) -> Run:
        return msgspec.structs.replace(
            run,
            state=state,
            finished_at=now(),
            progress=progress or self._progress(),
            error_code=error.code if error else "",
            error_parameters={k: str(v) for k, v in error.parameters.items()} if error else {},
        )

    def log(self, line: bytes) -> None:
        """Keep a line of Borg's own words."""
        with (self.folder / "log").open("ab") as file:
            file.write(line.rstrip(b"\n") + b"\n")

    def alive(self) -> bool:
        """Return True if the run's process lives."""
        return is_held(self.folder / "alive")

    def ask_cancel(self) -> None:
        """Ask the run's process to end. A file, no signal: it also reaches one that just starts."""
        write_whole(self.folder / "cancel", b"")

    def cancel_asked(self) -> bool:
        """Return True if somebody asked the run to end."""
        return (self.folder / "cancel").exists()

    def _begun(self) -> Run:
        try:
            return msgspec.json.decode((self.folder / "run.json").read_bytes(), type=Run)
        except (FileNotFoundError, msgspec.DecodeError):
            raise RunUnknown(run=self.folder.name) from None

    def _ended(self) -> Run | None:
        try:
            return msgspec.json.decode((self.folder / "result.json").read_bytes(), type=Run)
        except FileNotFoundError:
            return None

    def _progress(self) -> Progress:
        try:
            return msgspec.json.decode((self.folder / "progress.json").read_bytes(), type=Progress)
        except FileNotFoundError:
            return Progress()


def records(runs: Path) -> list[Record]:
    """Return all records, newest first."""
    if not runs.is_dir():
        return []
    folders = sorted((one for one in runs.iterdir() if one.is_dir()), reverse=True)
    # a folder without run.json was killed in the making: nothing ran
    return [Record(folder) for folder in folders if (folder / "run.json").is_file()]


def running(runs: Path) -> Iterator[Run]:
    """Yield the runs that still run."""
    for record in records(runs):
        if not (record.folder / "result.json").exists():
            run = record.read()
            if run.state is State.running:
                yield run


def prune(runs: Path) -> None:
    """Forget the oldest ended runs beyond `KEPT`."""
    for record in records(runs)[KEPT:]:
        if (record.folder / "result.json").exists():
            shutil.rmtree(record.folder, ignore_errors=True)
