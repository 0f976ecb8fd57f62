"""Whether browsers are bound to HTTPS (HSTS) by a plane that has no edge in front, which says it.

By the same rule as the edge (`appliance.contract.certificates.binding`), looked at for ever: what
one plane shows from now on decides for the other one too, which goes on with its own certificate.
"""

import datetime as dt
import threading
from typing import Final

from appliance.contract.certificates.binding import withheld
from appliance.contract.certificates.folder import Folder
from appliance.contract.certificates.state import Withheld

PAUSE_SECONDS: Final = 3.0


class Binding:
    """What holds at the moment; a request must not wait for files and signatures."""

    def __init__(self, folder: Folder, *, pause: float = PAUSE_SECONDS) -> None:
        """Look once; `follow` looks on."""
        self._folder, self._pause = folder, pause
        self.holds = False
        self.look()

    def look(self) -> None:
        """Find out whether every plane shows a certificate that browsers trust by themselves."""
        now = dt.datetime.now(dt.UTC)
        self.holds = withheld(self._folder, self._folder.shown(), now) is Withheld.nothing

    def follow(self) -> None:
        """Look from now on, for as long as the process lives."""
        threading.Thread(target=self._run, name="binding", daemon=True).start()

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(self._pause):
            self.look()
