"""Whether browsers are bound to HTTPS (HSTS) by a plane that has no edge in front, which says it.

By the same rule as the edge (`appliance.contract.certificates.binding`), looked at for ever: what
one plane shows from now on decides for the other one too, which goes on with its own certificate.
"""

import datetime as dt
import functools
import ipaddress
import threading
from typing import Final

from appliance.contract.certificates.binding import withheld
from appliance.contract.certificates.folder import Folder
from appliance.contract.certificates.state import Withheld

PAUSE_SECONDS: Final = 3.0


@functools.lru_cache(maxsize=64)
def is_address(name: str) -> bool:
    """Tell whether the host that was asked for is an address, such as `192.0.2.7` or `[::1]`."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


class Binding:
    """What holds at the moment; a request must not wait for files and signatures."""

    def __init__(self, folder: Folder, *, pause: float = PAUSE_SECONDS) -> None:
        """Look once; `follow` looks on."""
        self._folder, self._pause = folder, pause
        self.holds = False
        self.look()

    def binds(self, name: str) -> bool:
        """Tell whether an answer under this name says so.

        On a bare address it is always said: browsers pass over it there (RFC 6797, 8.1.1), so it
        shuts nobody out. On `localhost` it would bind whatever else runs there.
        """
        return is_address(name) or (self.holds and name != "localhost")

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
