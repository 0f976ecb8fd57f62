"""What became of each version gets into the history, whoever watches or not.

The agent keeps its versions, so nothing is lost while the console is down or cut off: what was
taken back by itself is told at the next look.
"""

import logging
import threading
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from app.core.errors import TenshuError
from app.machine.calling import caller_of, machine_for
from app.machine.maintenance_watch import tell_happenings
from app.machine.models import ToldVersion
from app.machine.needs import Needs
from app.machine.operations.applying import EndedVersion, finish_version
from app.machine.seed_watch import tell_what_became
from app.operations.context import SYSTEM, Appliance, Context, Plane
from appliance.contract.configuration.errors import MachineNotOwned

PAUSE_SECONDS: Final = 1.0

log = logging.getLogger("tenshu.machine")


def tell_ended_versions(appliance: Appliance) -> int:
    """Record each version that has ended since the last look; return how many.

    Raise MachineError if the agent does not answer.
    """
    context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    with machine_for(context) as machine:
        versions = machine.versions(caller_of(context)).versions
    ended = [one for one in versions if one.ended_at is not None]
    with appliance.database.read() as session:
        told = set(
            session.connection().scalars(
                select(col(ToldVersion.number)).where(
                    col(ToldVersion.machine) == appliance.machine,
                    col(ToldVersion.number).in_([one.number for one in ended]),
                )
            )
        )
    new = [one for one in reversed(ended) if one.number not in told]
    for one in new:
        finish_version(context, EndedVersion(version=one))
    return len(new)


class Watch(threading.Thread):
    """Looks every second, until it is stopped; where the machine is not ours, once."""

    def __init__(self, appliance: Appliance, needs: Needs) -> None:
        super().__init__(name="machine-watch", daemon=True)
        self.appliance, self._needs = appliance, needs
        self._stop_asked = threading.Event()
        self._seed_told = False

    def run(self) -> None:
        """Tell what ended and what is needed until `stop`; say once when the agent is silent."""
        trouble = ""
        while not self._stop_asked.wait(PAUSE_SECONDS):
            try:
                tell_ended_versions(self.appliance)
                self._needs.tell(self.appliance)
                tell_happenings(self.appliance)
                if not self._seed_told:
                    self._seed_told = tell_what_became(self.appliance)
                trouble = ""
            except TenshuError as error:
                if error.code == MachineNotOwned.code:
                    return
                if error.code != trouble:
                    log.warning("the machine does not answer: %s", error)
                trouble = error.code

    def stop(self) -> None:
        """End the thread after its present look."""
        self._stop_asked.set()
        self.join()
