"""What the queue keeps about a person: the jobs that they started."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlmodel import Session

from app.core.messages import mark
from app.identity.personal import About, Told, declare_about
from app.jobs.view import COLUMNS


def _jobs(session: Session, account: str) -> Iterator[Told]:
    from_account = select(*COLUMNS).where(COLUMNS[2] == account).order_by(COLUMNS[0])
    for row in session.connection().execute(from_account):
        yield dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


declare_about(About("jobs", mark("Jobs"), _jobs))
