"""Clearing the spool: uploads that no import waits for."""

import msgspec
from sqlalchemy import select

from app.jobs.lease import jobs
from app.jobs.operations import OPEN
from app.operations.context import Appliance
from app.services.tables import spool
from app.services.tables.operations.importing import IMPORT, ImportArguments


def clear_uploads(appliance: Appliance, age: int = spool.KEPT) -> int:
    """Remove uploads older than `age` milliseconds that no job needs; return how many."""
    with appliance.database.read() as session:
        waiting = session.connection().execute(
            select(jobs.c.arguments).where(jobs.c.kind == IMPORT, jobs.c.state.in_(OPEN))
        )
        needed = [msgspec.json.decode(text, type=ImportArguments).upload for (text,) in waiting]
    return spool.sweep(appliance.settings.spool, keep=frozenset(needed), age=age)
