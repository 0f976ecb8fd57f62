"""The worker: threads that take jobs and do them, and a heartbeat that keeps their leases.

What ends how:
- the handler returns → done; JobCancelled → cancelled, after its clean-up;
- an error that says what is wrong with the request (status below 500) → failed at once;
- any other error, and the death of the process → tried again after a growing pause, until
  `max_attempts` claims went by without progress; then failed;
- the worker is asked to stop → back into the queue, uncounted.
"""

import logging
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import msgspec

from app.audit.event import Source
from app.core import clock
from app.core.errors import TenshuError
from app.jobs.errors import (
    JobCancelled,
    JobGivenUp,
    LeaseLost,
    UnknownJobKind,
    WorkerStopping,
)
from app.jobs.handlers import Handler, handler_of
from app.jobs.lease import HEARTBEAT, Lease, renew
from app.jobs.models import JobState
from app.jobs.operations import FinishJob, StartJob, finish_job, start_job
from app.jobs.owner import ActorOf
from app.jobs.queue import Claimed, attempts_of, claim, put_back, release_dead
from app.jobs.run import Run
from app.operations.context import SYSTEM, Appliance, Context, Plane
from appliance.contract import watchdog

THREADS: Final = 2
POLL: Final = 500
"""Milliseconds that an idle thread waits before it looks again."""
INTERNAL: Final = "internal"
LONGEST_PAUSE: Final = 5 * clock.MINUTE

_log = logging.getLogger(__name__)


def pause_before(attempt: int) -> int:
    """Return how long a job waits after its `attempt`-th failure, in milliseconds."""
    return int(min(clock.SECOND * 2 ** (attempt - 1), LONGEST_PAUSE))


def is_final(error: Exception) -> bool:
    """Tell whether trying again cannot help: the request itself does not fit."""
    return isinstance(error, (UnknownJobKind, JobGivenUp)) or (
        isinstance(error, TenshuError) and error.status < 500
    )


def _refuse_hopeless(claimed: Claimed) -> None:
    """Raise JobGivenUp if the job took its process down as often as it may."""
    if claimed.attempts > claimed.max_attempts:
        raise JobGivenUp(attempts=claimed.max_attempts)


@dataclass(slots=True)
class Worker:
    """Does jobs until it is stopped."""

    appliance: Appliance
    actor_of: ActorOf
    poll: int = POLL
    heartbeat: int = HEARTBEAT
    _stop: threading.Event = field(default_factory=threading.Event, init=False)
    _held: dict[str, Lease] = field(default_factory=dict, init=False)

    def serve(self, threads: int = THREADS) -> None:
        """Work until `stop`; free what a killed worker of this machine left behind first."""
        release_dead(self.appliance.database, self.appliance.machine)
        beat = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        workers = [
            threading.Thread(target=self._work, name=f"job-{number}") for number in range(threads)
        ]
        for thread in (beat, *workers):
            thread.start()
        for thread in (*workers, beat):
            thread.join()

    def stop(self) -> None:
        """Ask all threads to end after the batch that they are at."""
        self._stop.set()

    def _beat(self) -> None:
        while not self._stop.wait(self.heartbeat / 1000):
            held = list(self._held.values())
            try:
                if held:
                    self.appliance.database.change(partial(renew, leases=held))
            except TenshuError:
                # The lease outlives some missed beats; after that `advance` finds it lost.
                _log.warning("the leases could not be renewed", exc_info=True)
            watchdog.beat()

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                worked = self.work_once()
            except Exception:  # noqa: BLE001
                # The database may be away for a while: the thread outlives that.
                _log.exception("looking for work failed")
                worked = False
            if not worked:
                self._stop.wait(self.poll / 1000)

    def work_once(self) -> bool:
        """Do one job if there is one; tell whether there was."""
        claimed = claim(self.appliance.database, self.appliance.machine)
        if claimed is None:
            return False
        self._held[claimed.lease.owner] = claimed.lease
        try:
            self._attempt(claimed)
        except LeaseLost:
            _log.warning("job %s was taken over by another process", claimed.lease.job)
        finally:
            del self._held[claimed.lease.owner]
        return True

    def _attempt(self, claimed: Claimed) -> None:
        run = Run(
            appliance=self.appliance,
            lease=claimed.lease,
            created_by=claimed.created_by,
            checkpoint=claimed.checkpoint,
            actor_of=self.actor_of,
            is_stopping=self._stop.is_set,
        )
        found: Handler | None = None
        arguments: Any = None
        try:
            found = handler_of(claimed.kind)
            arguments = msgspec.json.decode(claimed.arguments, type=found.arguments_type)
            _refuse_hopeless(claimed)
            start = StartJob(
                lease=claimed.lease,
                kind=claimed.kind,
                owner=claimed.created_by,
                attempt=claimed.attempts,
            )
            start_job(self._system(), start)
            run.check()
            result = found.function(run, arguments)
        except Exception as error:  # noqa: BLE001 - `_ended` decides what each one means
            self._ended(claimed, run, found, arguments, error)
        else:
            body = msgspec.json.encode(result).decode() if result is not None else ""
            self._finish(claimed, JobState.DONE, result=body)

    def _ended(
        self,
        claimed: Claimed,
        run: Run,
        found: Handler | None,
        arguments: Any,  # noqa: ANN401 - the handler's own struct
        error: Exception,
    ) -> None:
        """Decide what an error means for the job."""
        if isinstance(error, LeaseLost):
            raise error
        if isinstance(error, WorkerStopping):
            self._put_back(claimed, not_before=0, counted=False)
            return
        if not isinstance(error, TenshuError):
            _log.error("job %s (%s) failed", claimed.lease.job, claimed.kind, exc_info=error)
        if not is_final(error) and self._may_try_again(claimed):
            pause = clock.now() + pause_before(claimed.attempts)
            self._put_back(claimed, not_before=pause, counted=True)
            return
        if found is not None and arguments is not None and found.abandoned is not None:
            found.abandoned(run, arguments)
        if isinstance(error, JobCancelled):
            self._finish(claimed, JobState.CANCELLED)
        elif isinstance(error, TenshuError):
            told = {name: str(value) for name, value in error.parameters.items()}
            self._finish(claimed, JobState.FAILED, error=error.code, error_parameters=told)
        else:
            self._finish(claimed, JobState.FAILED, error=INTERNAL)

    def _may_try_again(self, claimed: Claimed) -> bool:
        with self.appliance.database.read() as session:
            return attempts_of(session, claimed.lease) < claimed.max_attempts

    def _put_back(self, claimed: Claimed, *, not_before: int, counted: bool) -> None:
        back = partial(put_back, lease=claimed.lease, not_before=not_before, counted=counted)
        self.appliance.database.change(back)

    def _finish(
        self,
        claimed: Claimed,
        state: JobState,
        *,
        result: str = "",
        error: str = "",
        error_parameters: dict[str, str] | None = None,
    ) -> None:
        ending = FinishJob(
            lease=claimed.lease,
            kind=claimed.kind,
            owner=claimed.created_by,
            state=state,
            result=result,
            error=error,
            error_parameters=error_parameters or {},
        )
        finish_job(self._system(), ending)

    def _system(self) -> Context:
        source = Source(peer="local")
        return Context(self.appliance, actor=SYSTEM, source=source, plane=Plane.LOCAL)
