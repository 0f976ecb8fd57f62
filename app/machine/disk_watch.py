"""What happens to disks by itself gets into the history, whoever watches or not.

The agent keeps the last ones, so nothing is lost while the console is down.
"""

from app.machine.calling import caller_of, disks_for
from app.machine.happening_watch import Watch, untold
from app.machine.operations.disks import JOURNAL, HappenedToDisks, tell_of_disks
from app.operations.context import SYSTEM, Appliance, Context, Plane
from appliance.contract.disks.errors import NoOwnDisks


def tell_happenings(appliance: Appliance) -> int:
    """Record what has happened since the last look; return how much.

    Raise MachineError if the agent does not answer, or where the disks are not the machine's own.
    """
    context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    with disks_for(context) as machine:
        happenings = machine.disks(caller_of(context)).happenings
    new = untold(appliance, JOURNAL, happenings)
    for one in new:
        tell_of_disks(context, HappenedToDisks(happening=one))
    return len(new)


def disk_watch(appliance: Appliance) -> Watch:
    """Return what looks until it is stopped; where the disks are not the machine's own, once."""
    return Watch("disks", lambda: tell_happenings(appliance), last=NoOwnDisks.code)
