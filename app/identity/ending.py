"""Puts away grants that have ended, soon after their moment; a thread of the console.

Nothing depends on it being in time: from its moment on a grant acts no more (`rights.current`).
"""

import logging
import threading
from typing import Final

from app.core.errors import TenshuError
from app.identity.operations.ends import end_due
from app.operations.context import Appliance

PAUSE_SECONDS: Final = 10.0

log = logging.getLogger("tenshu.identity")


class Ending(threading.Thread):
    """Looks every ten seconds, until it is stopped."""

    def __init__(self, appliance: Appliance, *, pause: float = PAUSE_SECONDS) -> None:
        super().__init__(name="ending-grants", daemon=True)
        self.appliance, self.pause = appliance, pause
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Put away what is due until `stop`; say once when it cannot be done."""
        silent = False
        while not self._stop_asked.wait(self.pause):
            try:
                end_due(self.appliance)
                silent = False
            except TenshuError as error:
                if not silent:
                    log.warning("grants that have ended cannot be put away: %s", error)
                silent = True

    def stop(self) -> None:
        """End the thread after its present look."""
        self._stop_asked.set()
        self.join()
