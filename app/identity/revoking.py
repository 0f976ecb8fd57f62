"""Keeps the edge's revocation list as the database says; a thread of the console.

The application asks the database at each request, so nobody waits for this: it is the second line.
What was revoked is in the list within two seconds, and the list is written anew each day, so that
it never runs out while the appliance runs.
"""

import logging
import threading
from typing import Final

from app.core import clock
from app.core.errors import TenshuError
from app.identity import client_authority, client_certificates
from app.operations.context import Appliance

PAUSE_SECONDS: Final = 2.0
RENEWED_EVERY: Final = clock.DAY

log = logging.getLogger("tenshu.identity")


def write_list(appliance: Appliance) -> tuple[int, int]:
    """Write authority and list; return the state of what is revoked that is in it."""
    now = clock.now()
    with appliance.database.read() as session:
        state = client_certificates.state_of_list(session)
        revoked = list(client_certificates.revoked(session, now))
    authority = client_authority.ensure_authority(appliance.settings, appliance.keyring, now)
    client_authority.write_list(appliance.settings, authority, revoked, now)
    return state


class Revoking(threading.Thread):
    """Looks every two seconds, until it is stopped."""

    def __init__(self, appliance: Appliance, *, pause: float = PAUSE_SECONDS) -> None:
        super().__init__(name="revocation-list", daemon=True)
        self.appliance, self.pause = appliance, pause
        self._stop_asked = threading.Event()
        self._written: tuple[int, int] | None = None
        self._written_at = 0

    def run(self) -> None:
        """Write the list when something was revoked, and daily; say once when it cannot be."""
        silent = False
        while not self._stop_asked.wait(self.pause):
            try:
                self.look()
                silent = False
            except (TenshuError, OSError) as error:
                if not silent:
                    log.warning("the revocation list cannot be written: %s", error)
                silent = True

    def look(self) -> bool:
        """Write the list where that is due; tell whether it was."""
        with self.appliance.database.read() as session:
            state = client_certificates.state_of_list(session)
        now = clock.now()
        if state == self._written and 0 <= now - self._written_at < RENEWED_EVERY:
            return False
        self._written, self._written_at = write_list(self.appliance), now
        return True

    def stop(self) -> None:
        """End the thread after its present look."""
        self._stop_asked.set()
        self.join()
