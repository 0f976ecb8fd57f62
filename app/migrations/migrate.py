"""Bring a database to this version's schema."""

from app.core.database import Database
from app.core.errors import TenshuError
from app.migrations.revisions import current_revision, known_revisions


class NewerData(TenshuError):
    """The data was written by a newer version than this program."""

    code = "migrations.newer_data"
    status = 500
    message = "The data is of a newer version ({revision}) than this program knows."
    hint = "Start the newer version again, or restore a backup that this version made."


def migrate(database: Database) -> None:
    """Run what is missing, in one transaction, and bring PostgreSQL's grants up to date.

    Of several processes that start at once, one migrates and the others wait for it.
    Raise NewerData if the data is ahead of us.
    """
    known = known_revisions()
    revision = current_revision(database)
    if revision is not None and revision not in known:
        raise NewerData(revision=revision)
    if revision == known[-1] and database.is_sqlite:
        return
    from app.migrations.upgrade import upgrade  # noqa: PLC0415 - see app.migrations.revisions

    upgrade(database, is_behind=revision != known[-1])
