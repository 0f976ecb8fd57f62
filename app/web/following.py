"""A plane without an edge shows the certificate that can be shown now, without a restart.

What is chosen, renewed, ended or mended is seen within seconds. A new worker takes connections with
the new certificate, then the old one answers what it was asked and closes its connections: a
browser opens others. What does not fit is never taken up: what was shown before is shown on.
"""

import datetime as dt
import logging
import threading
from collections.abc import Callable
from typing import Final

from appliance.contract.certificates.folder import Folder, Pair

PAUSE_SECONDS: Final = 3.0

log = logging.getLogger("tenshu.web")


class Following(threading.Thread):
    """Looks which certificate a plane is to show by now, for as long as its process lives."""

    def __init__(
        self,
        folder: Folder,
        plane: str,
        shown: Pair,
        show: Callable[[Pair], None],
        *,
        pause: float = PAUSE_SECONDS,
    ) -> None:
        """Follow from `shown` on; `show` raises OSError or ValueError where a pair is unfit."""
        super().__init__(name="certificate", daemon=True)
        self._folder, self._plane, self._show, self._pause = folder, plane, show, pause
        self._shown, self._refused = shown, shown

    def run(self) -> None:
        """Look for ever: the process ends it."""
        pause = threading.Event()
        while not pause.wait(self._pause):
            self.look()

    def look(self) -> None:
        """Take up another pair, if there is one; say once which cannot be."""
        pair = self._folder.pair_for(self._plane, dt.datetime.now(dt.UTC))
        if pair == self._shown:
            return
        try:
            self._show(pair)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            if pair != self._refused:
                log.warning("%s cannot be shown: %s", pair.chain, error)
            self._refused = pair
            return
        log.info("the %s shows %s", self._plane, pair.chain)
        self._shown = self._refused = pair
