"""The look after what is shown: what has ended gives way to the own one, what is mended comes back.

A look costs a few milliseconds, so there is one each minute and not one a day: nobody is left for
hours before a certificate that ended in the night.
"""

import logging
import threading
from typing import Final

from appliance.contract.configuration.errors import ApplyUnderWay
from appliance.contract.errors import ApplianceError
from appliance.machine.applying import Applying, applying_at
from appliance.machine.plan.desired import Concern
from appliance.place import Place

LOG: Final = logging.getLogger("appliance.certificates")
PAUSE_SECONDS: Final = 60.0


def look(applying: Applying) -> bool:
    """Let the edge show what can be shown now; tell whether that changed."""
    try:
        return applying.renew(Concern.EDGE)
    except ApplyUnderWay:
        return False  # what is taken back or confirmed is planned by the facts of that moment
    except (ApplianceError, OSError):
        LOG.exception("the edge does not follow its certificates; trying again")
        return False


class Looking(threading.Thread):
    """Looks until it is stopped."""

    def __init__(self, place: Place, stop: threading.Event) -> None:
        super().__init__(name="certificates", daemon=True)
        self._place, self._stop_asked = place, stop

    def run(self) -> None:
        """Look at the start, then each minute."""
        applying = applying_at(self._place)
        while applying is not None:
            look(applying)
            if self._stop_asked.wait(PAUSE_SECONDS):
                return
