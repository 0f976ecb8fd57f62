"""What the queue keeps about a person: the jobs that they started, and those that name them."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from sqlalchemy import case, false, func, or_, select, update
from sqlmodel import Session

from app.core.messages import mark
from app.identity.personal import (
    About,
    Batch,
    Found,
    Searched,
    Told,
    Wanted,
    declare_about,
    declare_searched,
)
from app.jobs.lease import jobs
from app.jobs.view import COLUMNS
from app.operations.context import Context


def _jobs(session: Session, account: str) -> Iterator[Told]:
    from_account = select(*COLUMNS).where(COLUMNS[2] == account).order_by(COLUMNS[0])
    for row in session.connection().execute(from_account):
        yield dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


declare_about(About("jobs", mark("Jobs"), _jobs))


INTERNAL: Final = "internal"
"""What stands in place of an error whose sentence named somebody."""


def look(context: Context, wanted: Wanted, _after: str) -> Batch:
    """Look at what jobs say of their end: an error may name somebody."""
    connection = context.session.connection()
    texts = [msgspec.json.encode(text).decode()[1:-1] for text in wanted.texts]
    said = (jobs.c.error_parameters, jobs.c.result)
    names = [column.icontains(text, autoescape=True) for column in said for text in texts]
    ended = select(jobs.c.id, jobs.c.kind, jobs.c.finished_at, jobs.c.error_parameters).where(
        jobs.c.finished_at > 0, or_(false(), *names)
    )
    found = [
        Found(
            place=f"jobs/{row.id}",
            title=row.kind,
            at=row.finished_at,
            why=mark("The end of a job names it."),
            body=msgspec.json.decode(row.error_parameters, type=dict[str, Any]),
        )
        for row in connection.execute(ended.order_by(jobs.c.id))
    ]
    return Batch(found=found, after="", looked_at=count(context.session))


def count(session: Session) -> int:
    """Count the jobs that have ended."""
    ended = select(func.count()).select_from(jobs).where(jobs.c.finished_at > 0)
    return int(session.connection().execute(ended).scalar_one())


def forget(context: Context, place: str) -> int:
    """Empty what a job said of its end; what it made stays."""
    emptied = (
        update(jobs)
        .where(jobs.c.id == place.partition("/")[2], jobs.c.finished_at > 0)
        .values(
            result="",
            error=case((jobs.c.error == "", ""), else_=INTERNAL),
            error_parameters="{}",
        )
    )
    return context.session.connection().execute(emptied).rowcount


def forget_uploads(_context: Context, _account: str) -> int:
    """Remove nothing: jobs keep no files."""
    return 0


declare_searched(
    Searched(
        kind="jobs",
        title=mark("Jobs"),
        look=look,
        count=count,
        forget=forget,
        forget_uploads=forget_uploads,
    )
)
