"""The end of each run of the machine gets into the history, whoever watches or not.

The agent keeps its runs, so nothing is lost while the console is down: whatever ended and was not
told yet is told at the next look.
"""

import logging
import threading
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from app.backups.models import ToldRun
from app.backups.operations.runs import EndedRun, finish_run
from app.core.errors import TenshuError
from app.machine.calling import agent_for, caller_of
from app.machine.errors import MachineError
from app.operations.context import SYSTEM, Appliance, Context, Plane
from appliance.contract.runs import State

PAUSE_SECONDS: Final = 1.0

log = logging.getLogger("tenshu.backups")


def tell_ended_runs(appliance: Appliance) -> int:
    """Record every run that has ended since the last look; return how many.

    Raise MachineError if the agent does not answer.
    """
    context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    with agent_for(context) as agent:
        runs = [run for run in agent.runs(caller_of(context)).runs if run.state != State.running]
    if not runs:
        return 0
    with appliance.database.read() as session:
        told = set(
            session.connection().scalars(
                select(col(ToldRun.id)).where(col(ToldRun.id).in_([run.id for run in runs]))
            )
        )
    new = [run for run in reversed(runs) if run.id not in told]
    for run in new:
        finish_run(context, EndedRun(run=run))
    return len(new)


class Watch(threading.Thread):
    """Looks every second, until it is stopped."""

    def __init__(self, appliance: Appliance) -> None:
        super().__init__(name="backup-watch", daemon=True)
        self.appliance = appliance
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Tell ended runs until `stop`; say once when the agent does not answer."""
        silent = False
        while not self._stop_asked.wait(PAUSE_SECONDS):
            try:
                tell_ended_runs(self.appliance)
                silent = False
            except TenshuError as error:
                if not silent:
                    log.warning("the machine's runs cannot be read: %s", error)
                silent = isinstance(error, MachineError)

    def stop(self) -> None:
        """End the thread after its present look."""
        self._stop_asked.set()
        self.join()
