"""The edge reads its revocation list anew when the console has written another one.

nginx reads it when it is reloaded and at no other time. The
planes ask the database at each request, so this is the second line, and need not be exact.
"""

import logging
import threading
from pathlib import Path
from typing import Final

from appliance.contract.errors import ApplianceError
from appliance.machine.applying import Applying, applying_at
from appliance.machine.concerns import HANDLING
from appliance.machine.facts import CLIENTS_FOLDER as FOLDER
from appliance.machine.facts import REVOKED
from appliance.machine.plan.desired import Concern
from appliance.place import Place

LOG: Final = logging.getLogger("appliance.machine")
LOOKS: Final = 1.0
"""Seconds between two looks at the list."""


class Revocations(threading.Thread):
    """Looks at the list every second until told to stop."""

    def __init__(self, place: Place, stop: threading.Event) -> None:
        super().__init__(name="revocation", daemon=True)
        self._place, self._stop_asked = place, stop
        self._path = place.data / FOLDER / REVOKED
        self._seen = _version_of(self._path)

    def run(self) -> None:
        """Let the edge read each new list."""
        applying = applying_at(self._place)
        while applying is not None and not self._stop_asked.wait(LOOKS):
            self.look(applying)

    def look(self, applying: Applying) -> bool:
        """Let the edge read the list if it is another one; tell whether it did."""
        version = _version_of(self._path)
        if version == self._seen or Concern.EDGE not in applying.concerns():
            return False
        try:
            # under the lock, so that what an apply puts in place is not read half
            with applying.versions.locked(wait=True):
                armed = applying.versions.armed()
                standing = armed.version if armed else applying.versions.current()
                HANDLING[Concern.EDGE].take_effect(applying.where, standing)
        except (ApplianceError, OSError):
            LOG.exception("the edge does not read the revocation list; trying again")
            return False
        self._seen = version
        return True


def _version_of(path: Path) -> tuple[int, int] | None:
    """Return what tells one version of a replaced file from the next; None without a file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
