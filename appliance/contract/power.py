"""The actions on the machine's power."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from appliance.contract.action import Action, Tier
from appliance.contract.actions import Nothing

MANAGE: Final = "machine.manage"


class GoingDown(msgspec.Struct, frozen=True, kw_only=True):
    """The machine goes down."""

    seconds: Annotated[int, Meta(description="In how many seconds it begins to")]


ACTIONS: Final = (
    Action(
        name="Restart",
        request=Nothing,
        result=GoingDown,
        permission=MANAGE,
        tier=Tier.DANGEROUS,
        timeout=30,
        verb="machine.restart",
        says="Restart the machine in a moment",
    ),
    Action(
        name="PowerOff",
        request=Nothing,
        result=GoingDown,
        permission=MANAGE,
        tier=Tier.DANGEROUS,
        timeout=30,
        verb="machine.power_off",
        says="Switch the machine off in a moment",
    ),
)
