"""How long the recordings of maintenance stay."""

from typing import Final

from app.core.messages import mark
from app.identity.keeping import Due, Kept, declare
from app.machine.calling import caller_of, maintenance_for
from app.machine.errors import MachineError
from app.operations.context import Context
from appliance.contract.configuration.errors import MachineNotOwned

NOTHING: Final = Due(count=0, oldest=0)


def _due(context: Context, before: int, _since: int) -> Due:
    try:
        with maintenance_for(context) as maintenance:
            found = maintenance.old_recordings(caller_of(context), before)
    except MachineError as error:
        if error.code == MachineNotOwned.code:
            return NOTHING  # a guest on its machine lets nobody in, so it records nobody
        raise
    return Due(count=found.count, oldest=found.oldest)


def _remove(context: Context, before: int) -> int:
    """Let the machine remove some: what is gone is gone, should the transaction run anew."""
    with maintenance_for(context) as maintenance:
        return maintenance.remove_recordings(caller_of(context), before).removed


declare(
    Kept(
        kind="recordings",
        title=mark("Recordings of maintenance"),
        help=mark(
            "What was typed and shown. Counted from the end of the session; the windows and the "
            "digests of the recordings stay."
        ),
        due=_due,
        remove=_remove,
    )
)
