"""The agent's actions on the machine's power, as the desk behind its screen calls them."""

from appliance.contract.actions import Caller, Nothing
from appliance.contract.calling import Calling
from appliance.contract.power import GoingDown


class PowerClient(Calling):
    """A method a line of the table."""

    def restart(self, caller: Caller) -> GoingDown:
        """Restart the machine in a moment."""
        return self.call("Restart", caller, Nothing(), GoingDown)

    def power_off(self, caller: Caller) -> GoingDown:
        """Switch the machine off in a moment."""
        return self.call("PowerOff", caller, Nothing(), GoingDown)

    def factory_reset(self, caller: Caller) -> GoingDown:
        """Destroy the key of what the machine keeps, and restart it in a moment."""
        return self.call("FactoryReset", caller, Nothing(), GoingDown)
