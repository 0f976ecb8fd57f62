"""The actions on the machine's power."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from appliance.contract.action import Action, Tier
from appliance.contract.actions import Nothing
from appliance.contract.errors import ApplianceError

MANAGE: Final = "machine.manage"


class NothingToReset(ApplianceError):
    """A machine that was not started from the appliance's disk keeps its data as it likes."""

    code = "machine.nothing_to_reset"
    status = 409
    message = "This machine has no volume of its own that could be made anew."
    hint = "Remove its data where it lies: a container's volume, or the virtual machine itself."


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
    Action(
        name="FactoryReset",
        request=Nothing,
        result=GoingDown,
        permission=MANAGE,
        tier=Tier.IRREVERSIBLE,
        timeout=60,
        verb="machine.factory_reset",
        says="Destroy the key of all that the machine keeps, and restart it as a new one",
    ),
)
