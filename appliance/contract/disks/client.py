"""The agent's actions on disks, as console and command line call them."""

from appliance.contract.actions import Caller, Nothing
from appliance.contract.calling import Calling
from appliance.contract.disks import errors  # noqa: F401 - `rebuild` knows what is imported
from appliance.contract.disks.state import Declare, Disks, TakeIn


class DiskClient(Calling):
    """A method a line of `appliance.contract.disks.table`."""

    def disks(self, caller: Caller) -> Disks:
        """Return all disks and how the mirrors stand."""
        return self.call("ListDisks", caller, Nothing(), Disks)

    def take(self, caller: Caller, disk: str) -> Disks:
        """Let an empty disk mirror everything."""
        return self.call("TakeDisk", caller, TakeIn(disk=disk), Disks)

    def erase(self, caller: Caller, disk: str) -> Disks:
        """Erase what a disk holds, and let it mirror everything."""
        return self.call("EraseDisk", caller, TakeIn(disk=disk), Disks)

    def declare(self, caller: Caller, *, redundant: bool) -> Disks:
        """Say whether the storage beneath the one disk is redundant."""
        return self.call("DeclareRedundant", caller, Declare(redundant=redundant), Disks)
