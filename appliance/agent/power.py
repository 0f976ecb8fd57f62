"""The actions on the machine's power, where the machine is this copy's own."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from appliance.contract.actions import Caller, Nothing
from appliance.contract.configuration.errors import MachineNotOwned
from appliance.contract.power import GoingDown, NothingToReset
from appliance.machine import units
from appliance.machine.programs import ask
from appliance.place import Place
from appliance.storage.forgetting import is_there

SECONDS: Final = 3
"""So that what is told of it, in the history too, is written down before."""

FORGET: Final = "tenshu-forget.service"
"""Destroys the key: what may do that is no right of the agent's."""


class Power:
    """A method a line of `appliance.contract.power`."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.by_name: Final[dict[str, Callable[[Caller, Any], msgspec.Struct]]] = {
            "Restart": self._restart,
            "PowerOff": self._power_off,
            "FactoryReset": self._factory_reset,
        }

    def _restart(self, _caller: Caller, _request: Nothing) -> GoingDown:
        return self._go_down("reboot")

    def _power_off(self, _caller: Caller, _request: Nothing) -> GoingDown:
        return self._go_down("poweroff")

    def _factory_reset(self, _caller: Caller, _request: Nothing) -> GoingDown:
        """Give up what the machine keeps: from here on no power cut brings it back."""
        self._require_ours()
        if not is_there():
            raise NothingToReset
        ask("systemctl", "start", FORGET)
        return self._go_down("reboot")

    def _require_ours(self) -> None:
        if not units.are_ours(self._place):
            raise MachineNotOwned

    def _go_down(self, how: str) -> GoingDown:
        self._require_ours()
        ask("systemd-run", "--quiet", f"--on-active={SECONDS}s",
            f"--timer-property=AccuracySec={units.ACCURACY}", "systemctl", how)  # fmt: skip
        return GoingDown(seconds=SECONDS)
