"""The packet filter follows what the machine needs: a new mail relay opens, one that goes closes.

Only what may leave is at stake, so nobody can be locked out, and nobody has to confirm it. The
document stays the version that holds; every other file stays as it is.
"""

import logging
import threading
from typing import Final

from appliance.contract.configuration.errors import ApplyUnderWay
from appliance.contract.errors import ApplianceError
from appliance.machine.applying import Applying
from appliance.machine.plan.desired import Concern

LOG: Final = logging.getLogger("appliance.machine")
LOOKS: Final = 5.0
"""Seconds between two looks at what nobody tells of: name servers of a lease, mounted shares."""


class Following(threading.Thread):
    """Looks from time to time whether the rules still fit the machine."""

    def __init__(self, applying: Applying, stop: threading.Event) -> None:
        super().__init__(name="following", daemon=True)
        self._applying, self._stop_asked = applying, stop

    def run(self) -> None:
        """Look until told to stop."""
        while not self._stop_asked.wait(LOOKS):
            try:
                self._applying.renew(Concern.FIREWALL)
            except ApplyUnderWay:
                pass  # the rules that come are made from the same facts
            except (ApplianceError, OSError):
                LOG.exception("the packet filter cannot follow; trying again")
