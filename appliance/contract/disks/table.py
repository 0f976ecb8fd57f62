"""The lines of the closed table that are about disks."""

from typing import Final

from appliance.contract.action import Action, Tier
from appliance.contract.actions import Nothing
from appliance.contract.disks.state import Declare, Disks, TakeIn

VIEW: Final = "machine.view"
MANAGE: Final = "machine.manage"

ACTIONS: Final = (
    Action(
        name="ListDisks",
        request=Nothing,
        result=Disks,
        permission=VIEW,
        tier=Tier.READ,
        timeout=30,
        verb="",
        says="List the disks, what they are to the machine, and how its mirrors stand",
    ),
    Action(
        name="TakeDisk",
        request=TakeIn,
        result=Disks,
        permission=MANAGE,
        tier=Tier.REVERSIBLE,
        timeout=60,
        verb="disks.take",
        says="Let an empty disk, or one that was a member, mirror everything",
    ),
    Action(
        name="EraseDisk",
        request=TakeIn,
        result=Disks,
        permission=MANAGE,
        tier=Tier.DANGEROUS,
        timeout=60,
        verb="disks.erase",
        says="Erase what a disk holds, and let it mirror everything",
    ),
    Action(
        name="DeclareRedundant",
        request=Declare,
        result=Disks,
        permission=MANAGE,
        tier=Tier.REVERSIBLE,
        timeout=30,
        verb="disks.declare",
        says="Say that the storage beneath the one disk is redundant, or is not",
    ),
)
