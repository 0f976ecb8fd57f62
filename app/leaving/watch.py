"""The night's work: everybody whose last day is over is ended, one transaction a person.

It stands in the console's process, whose database role may end everything. What is due is asked
of the database at each look, so a kill loses nothing and repeats nothing; a night on which the
appliance was off is made up for at the next start.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from sqlmodel import Session

from app.core import clock
from app.core.errors import TenshuError
from app.leaving.models import SeenClock
from app.leaving.operations.ending import EndDue, end_due, list_due
from app.leaving.steady import SteadyClock
from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.operations.operation import NoRequest

PAUSE_SECONDS: Final = 20.0
NOTED_EVERY: Final = 10 * clock.MINUTE
THE_ROW: Final = 1

Task = Callable[[Appliance], object]

log = logging.getLogger("tenshu.leaving")


def end_everybody_due(appliance: Appliance) -> int:
    """End everybody whose last day is over; return how many. Who cannot be ended is left."""
    context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    ended = 0
    for account in list_due(context, NoRequest()).accounts:
        try:
            end_due(context, EndDue(account=account))
        except TenshuError as error:  # the last owner, a busy database: the others go on
            log.warning("%s could not be ended: %s", account, error)
        else:
            ended += 1
    return ended


class Night:
    """Looks at the clock, and ends who is due while it may be believed."""

    def __init__(self, appliance: Appliance, further: Sequence[Task] = ()) -> None:
        self._appliance, self._further = appliance, further
        with appliance.database.read() as session:
            seen = session.get(SeenClock, THE_ROW)
        self._noted, self._doubted = (seen.seen_at, seen.doubted) if seen else (0, False)
        self.clock = SteadyClock(self._noted)

    def look(self) -> int:
        """Do what is due; return how many people were ended."""
        steady = self.clock.is_steady()
        self._note(doubted=not steady)
        if not steady:
            return 0
        ended = end_everybody_due(self._appliance)
        for task in self._further:
            task(self._appliance)
        return ended

    def _note(self, *, doubted: bool) -> None:
        """Keep how far time has come; seldom, and at once where the clock jumps."""
        now = clock.now()
        if doubted == self._doubted and (doubted or now - self._noted < NOTED_EVERY):
            return
        seen = self._noted if doubted else now
        row = SeenClock(id=THE_ROW, seen_at=seen, doubted=doubted)
        self._appliance.database.change(partial(_keep, row=row))
        self._noted, self._doubted = seen, doubted
        if doubted:
            log.warning("the clock has jumped: nobody is ended until it has run evenly")


def _keep(session: Session, row: SeenClock) -> None:
    session.merge(row)


class Watch(threading.Thread):
    """Looks again and again, until it is stopped."""

    def __init__(
        self, appliance: Appliance, further: Sequence[Task] = (), always: Sequence[Task] = ()
    ) -> None:
        """`further` is other work that waits for a steady clock, `always` what does not."""
        super().__init__(name="leaving-watch", daemon=True)
        self.appliance, self._further, self._always = appliance, further, always
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Do the night's work until `stop`; a database that does not answer is asked again."""
        night: Night | None = None
        while not self._stop_asked.wait(PAUSE_SECONDS):
            try:
                for task in self._always:
                    task(self.appliance)
                night = night or Night(self.appliance, self._further)
                night.look()
            except TenshuError as error:
                log.warning("the night's work waits: %s", error)
            except Exception:  # the thread outlives what nobody foresaw
                log.exception("the night's work failed")

    def stop(self) -> None:
        """End the thread after its present look."""
        self._stop_asked.set()
        self.join()
