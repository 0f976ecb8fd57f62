"""The lines of the closed table that are about the keys of the volume."""

from typing import Final

from appliance.contract.action import Action, Tier
from appliance.contract.actions import Nothing
from appliance.contract.volume.state import (
    ChooseKeeper,
    LookAtServer,
    RecoveryKey,
    SeenServer,
    VolumeKeys,
)

VIEW: Final = "machine.view"
MANAGE: Final = "machine.manage"
CHANGE_SECONDS: Final = 240
"""Slots of keys are written one after the other, and a TPM thinks for seconds."""

ACTIONS: Final = (
    Action(
        name="ShowVolumeKeys",
        request=Nothing,
        result=VolumeKeys,
        permission=VIEW,
        tier=Tier.READ,
        timeout=30,
        verb="",
        says="Tell who opens the encrypted volume at a start",
    ),
    Action(
        name="MakeRecoveryKey",
        request=Nothing,
        result=RecoveryKey,
        permission=MANAGE,
        tier=Tier.DANGEROUS,
        timeout=CHANGE_SECONDS,
        verb="volume.make_recovery_key",
        says="Make a recovery key to the volume, told this once; the one before opens no more",
    ),
    Action(
        name="LookAtServer",
        request=LookAtServer,
        result=SeenServer,
        permission=MANAGE,
        tier=Tier.REVERSIBLE,
        timeout=60,
        verb="volume.look_at_server",
        says="Ask a key server which keys it has; until another is asked it may be reached",
    ),
    Action(
        name="ChooseKeeper",
        request=ChooseKeeper,
        result=VolumeKeys,
        permission=MANAGE,
        tier=Tier.DANGEROUS,
        timeout=CHANGE_SECONDS,
        verb="volume.choose_keeper",
        says="Say who opens the volume at a start: the TPM, a key server, a passphrase or nobody",
    ),
)
