"""What happened through maintenance windows gets into the history.

As with the versions, nothing is lost while the console is down or cut off: what happened meanwhile
is told at the next look, with its own time.
"""

from typing import Final

from sqlalchemy import func, select
from sqlmodel import col

from app.machine.calling import caller_of, maintenance_for
from app.machine.models import ToldHappening
from app.machine.operations.happenings import (
    Told,
    tell_closed,
    tell_command,
    tell_session_began,
    tell_session_ended,
)
from app.operations.context import SYSTEM, Appliance, Context, Plane
from appliance.contract.maintenance.state import What

TELLING: Final = {
    What.session_began: tell_session_began,
    What.session_ended: tell_session_ended,
    What.command: tell_command,
    What.closed: tell_closed,
}


def tell_happenings(appliance: Appliance) -> int:
    """Record what happened since the last look; return how much. Raise MachineError."""
    context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
    told = 0
    with maintenance_for(context) as maintenance:
        journal = maintenance.happenings(caller_of(context), 0, 1).journal
        while True:
            after = _last_told(appliance, journal)
            found = maintenance.happenings(caller_of(context), after).happenings
            for one in found:
                TELLING[one.what](context, Told(journal=journal, happening=one))
            told += len(found)
            if not found:
                return told


def _last_told(appliance: Appliance, journal: str) -> int:
    asked = select(func.max(col(ToldHappening.number))).where(
        col(ToldHappening.machine) == appliance.machine, col(ToldHappening.journal) == journal
    )
    with appliance.database.read() as session:
        return session.connection().scalar(asked) or 0
