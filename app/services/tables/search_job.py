"""The job that builds the index of a table's search, and who asks for it.

Nobody has to ask: once a second the worker looks which tables were written to, so that imports,
changes of types, erasures and tables from before there was an index are all the same.
"""

from collections.abc import Callable
from typing import Final

import msgspec
from sqlalchemy import func, select
from sqlmodel import Session

from app.core import clock
from app.jobs.handlers import handler
from app.jobs.run import Run
from app.jobs.standing import standing
from app.operations.context import SYSTEM, Appliance, Context, Plane
from app.services.tables import catalogue, search_building
from app.services.tables.grams import SIZE
from app.services.tables.models import TableState
from app.services.tables.operations.search_steps import (
    MOST_IN_VAIN,
    SEARCH,
    SEARCHING,
    Built,
    RenewSearch,
    SearchArguments,
    SearchStep,
    being_written,
    is_asked,
    renew_search,
    search_step,
)
from app.services.tables.physical import TableInfo, sql_table

REST: Final = clock.SECOND
"""A table that was written to so short a time ago is still being written to."""


@standing("tables.renew_search", every=clock.SECOND)
def look_for_work(appliance: Appliance, is_stopping: Callable[[], bool]) -> None:
    """Ask for the index of each table whose rows were written."""
    with appliance.database.read() as session:
        found = search_building.waiting(session, clock.now() - REST)
        if not found:
            return
        tables = catalogue.every_table(session)
        ready = {one.id for one in tables if one.state is TableState.READY}
        ready -= being_written(session)
        wanted = [one for one in found if one in ready and not is_asked(session, one)]
    for table in wanted:
        if not is_stopping():
            context = Context(appliance, actor=SYSTEM, plane=Plane.LOCAL)
            renew_search(context, RenewSearch(table=table))


@handler(SEARCH, unit="rows")
def run_search_index(run: Run, arguments: SearchArguments) -> Built:
    """Build the blocks of a table's index that say nothing, or are late."""
    stands = run.resume(Built) or Built()
    while not stands.finished:
        run.check()
        with run.appliance.database.read() as session:
            known = {one.id: one for one in catalogue.every_table(session)}
            table = known.get(arguments.table)
            left = search_building.pending(session, table) if table else []
            if not table or not left or stands.in_vain >= MOST_IN_VAIN:
                return msgspec.structs.replace(stands, finished=True)
            total = stands.rows + _rows(session, table, left)
            block = search_building.read_block(session, table, left[0])
        run.report(total=total, phase=SEARCHING)
        step = SearchStep(lease=run.lease, table=table.id, stood=stands, block=block)
        stands = search_step(run.system(), step)
    return stands


def _rows(session: Session, table: TableInfo, left: list[int]) -> int:
    """Return about how many rows are left: the last block is rarely full."""
    rows = sql_table(table)
    last = session.connection().execute(select(func.max(rows.c.id))).scalar() or 0
    return sum(max(0, min(last - block * SIZE + 1, SIZE)) for block in left)
