"""What became of the seed gets into the history, once, when the machine has decided on it."""

from sqlalchemy import select
from sqlmodel import col

from app.machine.calling import caller_of, machine_for
from app.machine.models import ToldHappening
from app.machine.operations.seed import JOURNAL, ToldSeed, tell_seed
from app.operations.context import SYSTEM, Appliance, Context, Plane
from appliance.contract.seed.state import SeedOutcome


def tell_what_became(appliance: Appliance) -> bool:
    """Tell the history; return whether there is nothing left to tell.

    Raise MachineError if the agent does not answer.
    """
    with appliance.database.read() as session:
        told = session.connection().scalar(
            select(col(ToldHappening.number)).where(
                col(ToldHappening.machine) == appliance.machine,
                col(ToldHappening.journal) == JOURNAL,
            )
        )
    if told is not None:
        return True
    context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    with machine_for(context) as machine:
        seed = machine.configuration(caller_of(context)).seed
    if seed is None or seed.outcome is SeedOutcome.none:
        return True
    if seed.outcome is SeedOutcome.accepted:
        return False  # the agent is at it
    tell_seed(context, ToldSeed(seed=seed))
    return True
