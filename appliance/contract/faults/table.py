"""The line of the closed table that is about faults."""

from typing import Final

from appliance.contract.action import Action, Tier
from appliance.contract.actions import Nothing
from appliance.contract.faults.state import Faults

ACTIONS: Final = (
    Action(
        name="ListFaults",
        request=Nothing,
        result=Faults,
        permission="machine.view",
        tier=Tier.READ,
        timeout=30,
        verb="",
        says="List what the machine finds wrong around itself: its clock, its addresses",
    ),
)
