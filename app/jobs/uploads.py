"""Clearing the spool: uploads that no job waits for."""

import msgspec
from sqlalchemy import select

from app.files import spool
from app.jobs.lease import jobs
from app.jobs.operations import OPEN
from app.operations.context import Appliance


class _Upload(msgspec.Struct):
    """What the arguments of every job that reads a file have in common."""

    upload: str = ""


def clear_uploads(appliance: Appliance, age: int = spool.KEPT) -> int:
    """Remove uploads older than `age` milliseconds that no job needs; return how many."""
    with appliance.database.read() as session:
        waiting = session.connection().execute(
            select(jobs.c.arguments).where(jobs.c.state.in_(OPEN))
        )
        needed = [msgspec.json.decode(text, type=_Upload).upload for (text,) in waiting]
    return spool.sweep(appliance.settings.spool, keep=frozenset(needed), age=age)
