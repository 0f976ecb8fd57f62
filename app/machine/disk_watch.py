"""What happens to disks by itself gets into the history, whoever watches or not.

The agent keeps the last ones, so nothing is lost while the console is down.
"""

import logging
import threading
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from app.core.errors import TenshuError
from app.machine.calling import caller_of, disks_for
from app.machine.models import ToldHappening
from app.machine.operations.disks import JOURNAL, HappenedToDisks, tell_of_disks
from app.operations.context import SYSTEM, Appliance, Context, Plane
from appliance.contract.disks.errors import NoOwnDisks

PAUSE_SECONDS: Final = 15.0

log = logging.getLogger("tenshu.machine")


def tell_happenings(appliance: Appliance) -> int:
    """Record what has happened since the last look; return how much.

    Raise MachineError if the agent does not answer, or where the disks are not the machine's own.
    """
    context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    with disks_for(context) as machine:
        happenings = machine.disks(caller_of(context)).happenings
    with appliance.database.read() as session:
        told = set(
            session.connection().scalars(
                select(col(ToldHappening.number)).where(
                    col(ToldHappening.machine) == appliance.machine,
                    col(ToldHappening.journal) == JOURNAL,
                    col(ToldHappening.number).in_([one.number for one in happenings]),
                )
            )
        )
    new = [one for one in reversed(happenings) if one.number not in told]
    for one in new:
        tell_of_disks(context, HappenedToDisks(happening=one))
    return len(new)


class DiskWatch(threading.Thread):
    """Looks until it is stopped; where the disks are not the machine's own, once."""

    def __init__(self, appliance: Appliance) -> None:
        super().__init__(name="disk-watch", daemon=True)
        self.appliance = appliance
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Tell what has happened until `stop`; say once when the agent does not answer."""
        trouble = ""
        while not self._stop_asked.wait(PAUSE_SECONDS):
            try:
                tell_happenings(self.appliance)
                trouble = ""
            except TenshuError as error:
                if error.code == NoOwnDisks.code:
                    return
                if error.code != trouble:
                    log.warning("what happens to disks cannot be read: %s", error)
                trouble = error.code

    def stop(self) -> None:
        """End the thread after its present look."""
        self._stop_asked.set()
        self.join()
