"""The action on faults: what the machine finds wrong around itself."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from appliance.contract.actions import Caller, Nothing
from appliance.contract.configuration.errors import MachineNotOwned
from appliance.contract.faults.state import Faults
from appliance.faults.keeping import Kept
from appliance.place import Place


class FaultActions:
    """A method a line of `appliance.contract.faults.table`."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.by_name: Final[dict[str, Callable[[Caller, Any], msgspec.Struct]]] = {
            "ListFaults": self._list
        }

    def _list(self, _caller: Caller, _request: Nothing) -> Faults:
        if self._place.machine_root is None:
            raise MachineNotOwned
        return Kept(self._place.machine).faults()
