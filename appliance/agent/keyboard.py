"""The action on the keyboard of the machine's own screen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from appliance.contract.actions import Caller
from appliance.contract.configuration.errors import MachineNotOwned
from appliance.contract.keyboard import FILE, chosen
from appliance.contract.keyboard_table import Keyboard, SetKeyboard
from appliance.durable import write_whole
from appliance.machine import units
from appliance.machine.programs import ask
from appliance.place import Place

UNIT: Final = "tenshu-keyboard.service"
"""Tells the kernel: at each start, and now."""


class Keyboards:
    """A method a line of `appliance.contract.keyboard`."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.by_name: Final[dict[str, Callable[[Caller, Any], msgspec.Struct]]] = {
            "SetKeyboard": self._set,
        }

    def _set(self, _caller: Caller, request: SetKeyboard) -> Keyboard:
        if not units.are_ours(self._place):
            raise MachineNotOwned
        path: Path = self._place.data / FILE
        if not path.exists() or chosen(self._place.data) is not request.layout:
            write_whole(path, f"{request.layout.value}\n".encode(), 0o640)
            path.chmod(0o640)  # the desk, whose group it is, shows it
        ask("systemctl", "restart", UNIT)
        return Keyboard(layout=request.layout)
