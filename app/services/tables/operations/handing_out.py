"""One event for rows that were handed out otherwise than as a file."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.operations.context import Context
from app.operations.operation import Effect, operation
from app.operations.permissions import Permission
from app.services.tables import catalogue
from app.services.tables.export_allowance import export_allowance
from app.services.tables.operations.tables import STAFF
from app.services.tables.physical import TableInfo
from app.services.tables.reach import require
from app.services.tables.views import TableNumber


class HandedOut(msgspec.Struct, frozen=True, kw_only=True):
    """What was handed out."""

    table: TableNumber
    rows: Annotated[int, Meta(description="Records.", ge=0)]
    cells: Annotated[int, Meta(description="Their cells.", ge=0)]


def handed_to_a_program(context: Context, table: TableInfo, rows: int, cells: int) -> bool:
    """Note what a program gets by the right to export; return False where it has only a sample.

    Raise TooManyCells where that is more than somebody without the right gets at once.
    """
    if not export_allowance(context, table, cells):
        return False
    if rows:
        hand_out(context, HandedOut(table=table.id, rows=rows, cells=cells))
    return True


@operation(
    "tables.hand_out",
    permission=Permission.RECORDS_EXPORT,
    effect=Effect.REVEAL,
    planes=STAFF,
    scope=lambda request: f"tables/{request.table}",
    beneath=True,
)
def hand_out(context: Context, request: HandedOut) -> None:
    """Note how many records of a table were handed out to a program."""
    table = catalogue.ready_table(context.session, request.table)
    require(context, table, Permission.RECORDS_EXPORT)
    context.event.about("table", str(table.id), table.name)
    context.event.numbers.update(rows=request.rows, cells=request.cells)
