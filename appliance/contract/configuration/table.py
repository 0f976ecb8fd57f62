"""The actions on the machine's document."""

from typing import Final

from appliance.contract.action import Action, Tier
from appliance.contract.actions import Nothing
from appliance.contract.configuration.state import (
    ApplyConfiguration,
    Configuration,
    ConfirmConfiguration,
    ListVersions,
    OfVersion,
    OneVersion,
    Plan,
    PlanConfiguration,
    Version,
    Versions,
)
from appliance.contract.configuration.traffic import Ban, LiftBan, Traffic

VIEW: Final = "machine.view"
MANAGE: Final = "machine.manage"

ACTIONS: Final = (
    Action(
        name="ReadConfiguration",
        request=Nothing,
        result=Configuration,
        permission=VIEW,
        tier=Tier.READ,
        timeout=30,
        verb="",
        says="Tell the machine's document, what waits to be confirmed, and what drifted from it",
    ),
    Action(
        name="PlanConfiguration",
        request=PlanConfiguration,
        result=Plan,
        permission=VIEW,
        tier=Tier.READ,
        timeout=30,
        verb="",
        says="Tell what a document would change, and what is wrong with it",
    ),
    Action(
        name="ApplyConfiguration",
        request=ApplyConfiguration,
        result=Version,
        permission=MANAGE,
        tier=Tier.DANGEROUS,
        timeout=120,
        verb="machine.apply",
        says="Put a document into effect; what may lock somebody out waits to be confirmed",
    ),
    Action(
        name="ConfirmConfiguration",
        request=ConfirmConfiguration,
        result=Version,
        permission=MANAGE,
        tier=Tier.REVERSIBLE,
        timeout=30,
        verb="machine.confirm",
        says="Keep what was applied, asked for over a connection opened since",
    ),
    Action(
        name="RevertConfiguration",
        request=OfVersion,
        result=Version,
        permission=MANAGE,
        tier=Tier.REVERSIBLE,
        timeout=60,
        verb="machine.revert",
        says="Take back at once what was applied and is not confirmed",
    ),
    Action(
        name="ListVersions",
        request=ListVersions,
        result=Versions,
        permission=VIEW,
        tier=Tier.READ,
        timeout=30,
        verb="",
        says="List the versions of the document, newest first",
    ),
    Action(
        name="ReadVersion",
        request=OfVersion,
        result=OneVersion,
        permission=VIEW,
        tier=Tier.READ,
        timeout=30,
        verb="",
        says="Tell the document of one version",
    ),
    Action(
        name="ReadTraffic",
        request=Nothing,
        result=Traffic,
        permission=VIEW,
        tier=Tier.READ,
        timeout=30,
        verb="",
        says="Tell what the packet filter has dropped, and who is banned",
    ),
    Action(
        name="LiftBan",
        request=LiftBan,
        result=Ban,
        permission=MANAGE,
        tier=Tier.REVERSIBLE,
        timeout=30,
        verb="machine.lift_ban",
        says="Let a banned source in again",
    ),
)
