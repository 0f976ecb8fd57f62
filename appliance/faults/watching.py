"""The look after faults: one thread of the agent."""

import logging
import threading
from typing import Final

from appliance.contract.errors import ApplianceError
from appliance.contract.faults.state import FaultKind
from appliance.faults.addresses import address_faults
from appliance.faults.clock import ClockLook
from appliance.faults.edge import EdgeLook
from appliance.faults.interfaces import is_here, wanted
from appliance.faults.keeping import Kept
from appliance.machine import units
from appliance.machine.programs import ask
from appliance.place import Place

LOG: Final = logging.getLogger("appliance.faults")
PAUSE_SECONDS: Final = 3.0


class Watching(threading.Thread):
    """Looks until it is stopped."""

    def __init__(self, place: Place, stop: threading.Event) -> None:
        super().__init__(name="faults", daemon=True)
        self._kept, self._clock = Kept(place.machine), ClockLook(place.machine)
        self._place, self._stop_asked = place, stop
        self._edge = EdgeLook(place.run) if units.are_ours(place) else None

    def run(self) -> None:
        """Look at the start, and every few seconds."""
        while True:
            try:
                self.look()
            except (OSError, ApplianceError):
                LOG.exception("faults cannot be looked for; trying again")
            if self._stop_asked.wait(PAUSE_SECONDS):
                return

    def look(self) -> None:
        """Look at everything once."""
        of_clock, jumped = self._clock.look()
        if jumped is not None:
            self._kept.happened(jumped)
        if self._edge is not None and (hung := self._edge.look()) is not None:
            self._kept.happened(hung)
        taken = address_faults()
        if taken is None:  # nobody has looked: what was known stays
            known = self._kept.faults().standing
            taken = [one for one in known if one.kind is FaultKind.address_taken]
        for one in self._kept.stand([*of_clock, *taken]):
            if one.kind is FaultKind.address_taken:
                self._take_again(one.subject)

    def _take_again(self, address: str) -> None:
        """Let networkd take an address that is free: it does not come back to one by itself."""
        if not units.are_ours(self._place) or is_here(address):
            return
        for name, addresses in wanted().items():
            if address in addresses:
                LOG.info("%s is free again: %s takes it", address, name)
                ask("networkctl", "reconfigure", name)
