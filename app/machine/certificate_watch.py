"""What happens to certificates by itself gets into the history, whoever watches or not.

The agent keeps the last ones, so nothing is lost while the console is down.
"""

from app.machine.calling import caller_of, certificates_for
from app.machine.happening_watch import Watch, untold
from app.machine.operations.certificates import JOURNAL, HappenedByItself, tell_happening
from app.operations.context import SYSTEM, Appliance, Context, Plane


def tell_happenings(appliance: Appliance) -> int:
    """Record what has happened since the last look; return how much.

    Raise MachineError if the agent does not answer.
    """
    context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    with certificates_for(context) as machine:
        happenings = machine.certificates(caller_of(context)).happenings
    new = untold(appliance, JOURNAL, happenings)
    for one in new:
        tell_happening(context, HappenedByItself(happening=one))
    return len(new)


def certificate_watch(appliance: Appliance) -> Watch:
    """Return what looks until it is stopped."""
    return Watch("certificates", lambda: tell_happenings(appliance))
