"""What happens on the machine by itself gets into the history, whoever watches or not.

The agent keeps the last happenings in journals, so nothing is lost while the console is down.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar

from sqlalchemy import select
from sqlmodel import col

from app.core.errors import TenshuError
from app.machine.models import ToldHappening
from app.operations.context import Appliance

PAUSE_SECONDS: Final = 15.0

log = logging.getLogger("tenshu.machine")


class Numbered(Protocol):
    """A line of a journal."""

    @property
    def number(self) -> int:
        """Which one it is."""


Happening = TypeVar("Happening", bound=Numbered)


def untold(appliance: Appliance, journal: str, happenings: Sequence[Happening]) -> list[Happening]:
    """Return those that no event tells of yet, the oldest first; they are given newest first."""
    with appliance.database.read() as session:
        told = set(
            session.connection().scalars(
                select(col(ToldHappening.number)).where(
                    col(ToldHappening.machine) == appliance.machine,
                    col(ToldHappening.journal) == journal,
                    col(ToldHappening.number).in_([one.number for one in happenings]),
                )
            )
        )
    return [one for one in reversed(happenings) if one.number not in told]


class Watch(threading.Thread):
    """Looks until it is stopped, or until `look` meets an error after which there is no more."""

    def __init__(self, subject: str, look: Callable[[], int], *, last: str = "") -> None:
        """`subject` in the log's words; `last` is the code of that error."""
        super().__init__(name=f"{subject}-watch", daemon=True)
        self._subject, self._look, self._last = subject, look, last
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Tell what has happened until `stop`; say once when the agent does not answer."""
        trouble = ""
        while not self._stop_asked.wait(PAUSE_SECONDS):
            try:
                self._look()
                trouble = ""
            except TenshuError as error:
                if error.code == self._last:
                    return
                if error.code != trouble:
                    log.warning("what happens to %s cannot be read: %s", self._subject, error)
                trouble = error.code

    def stop(self) -> None:
        """End the thread after its present look."""
        self._stop_asked.set()
        self.join()
