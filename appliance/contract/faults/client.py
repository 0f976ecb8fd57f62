"""The agent's action on faults, as the console calls it."""

from appliance.contract.actions import Caller, Nothing
from appliance.contract.calling import Calling
from appliance.contract.configuration import errors  # noqa: F401 - `rebuild` knows what is imported
from appliance.contract.faults.state import Faults


class FaultClient(Calling):
    """A method a line of the table."""

    def faults(self, caller: Caller) -> Faults:
        """Return what is wrong, and what was."""
        return self.call("ListFaults", caller, Nothing(), Faults)
