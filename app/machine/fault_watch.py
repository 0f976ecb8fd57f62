"""Faults that the machine finds by itself get into the history, whoever watches or not.

The agent keeps the last ones, so nothing is lost while the console is down.
"""

from app.machine.calling import caller_of, faults_for
from app.machine.happening_watch import Watch, untold
from app.machine.operations.faults import JOURNAL, FaultFound, tell_of_fault
from app.operations.context import SYSTEM, Appliance, Context, Plane
from appliance.contract.configuration.errors import MachineNotOwned


def tell_faults(appliance: Appliance) -> int:
    """Record which faults began and ended since the last look; return how many.

    Raise MachineError if the agent does not answer, or where the machine is not this copy's own.
    """
    context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    with faults_for(context) as machine:
        happenings = machine.faults(caller_of(context)).happenings
    new = untold(appliance, JOURNAL, happenings)
    for one in new:
        tell_of_fault(context, FaultFound(happening=one))
    return len(new)


def fault_watch(appliance: Appliance) -> Watch:
    """Return what looks until it is stopped; where the machine is not our own, once."""
    return Watch("faults", lambda: tell_faults(appliance), last=MachineNotOwned.code)
