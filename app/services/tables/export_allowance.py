"""How much of a table may be handed out at once: by copying, or to a program.

Whoever may export takes what they like, and one event says how many rows that were. Whoever may
not gets a number of cells at once that the copy's settings state. Whatever answers a program with
records asks here: pages of a list, newer states. A sheet in the browser is told the same limit.
"""

from app.operations.context import Context
from app.operations.permissions import Permission
from app.services.tables.errors import TooManyCells
from app.services.tables.physical import TableInfo
from app.services.tables.reach import Reach, holds, reach_of


def export_allowance(context: Context, table: TableInfo, cells: int) -> bool:
    """Tell whether the actor exports, so that an event has to say how many rows were taken.

    Raise TooManyCells where they do not, and it is more than is handed out at once.
    """
    if holds(context, table, Permission.RECORDS_EXPORT):
        return True
    limit = context.appliance.settings.cells_without_export
    if cells > limit:
        raise TooManyCells(limit=limit)
    return False


def handed_out(context: Context, table: TableInfo) -> Reach:
    """Return what may be handed out in bulk: what may be exported, else what may be seen.

    Rows and fields that a person sees and does not export stay out of what an exporter takes.
    """
    if holds(context, table, Permission.RECORDS_EXPORT):
        return reach_of(context, table, Permission.RECORDS_EXPORT)
    return reach_of(context, table, Permission.RECORDS_VIEW)
