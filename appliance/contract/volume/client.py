"""The agent's actions on the volume's keys, as console and command line call them."""

from appliance.contract.actions import Caller, Nothing
from appliance.contract.calling import Calling
from appliance.contract.secret import Secret
from appliance.contract.volume import errors  # noqa: F401 - `rebuild` knows what is imported
from appliance.contract.volume.state import (
    ChooseKeeper,
    Keeper,
    LookAtServer,
    RecoveryKey,
    SeenServer,
    VolumeKeys,
)


class VolumeClient(Calling):
    """A method a line of `appliance.contract.volume.table`."""

    def keys(self, caller: Caller) -> VolumeKeys:
        """Return who opens the volume."""
        return self.call("ShowVolumeKeys", caller, Nothing(), VolumeKeys)

    def make_recovery_key(self, caller: Caller) -> RecoveryKey:
        """Make a recovery key; it is told this once."""
        return self.call("MakeRecoveryKey", caller, Nothing(), RecoveryKey)

    def look_at_server(self, caller: Caller, server: str) -> SeenServer:
        """Ask a key server which keys it has."""
        return self.call("LookAtServer", caller, LookAtServer(server=server), SeenServer)

    def choose(
        self,
        caller: Caller,
        keeper: Keeper,
        passphrase: Secret,
        server: str = "",
        thumbprint: str = "",
    ) -> VolumeKeys:
        """Say who opens it at a start."""
        wanted = ChooseKeeper(
            keeper=keeper, passphrase=passphrase, server=server, thumbprint=thumbprint
        )
        return self.call("ChooseKeeper", caller, wanted, VolumeKeys)
