"""Open an appliance that was prepared before, for one command of the person at the machine."""

import contextlib
from collections.abc import Iterator

from app.core.database import Database
from app.core.database_errors import in_our_words
from app.core.keyring import KeyRing
from app.core.settings import Settings
from app.migrations.migrate import NewerData
from app.migrations.revisions import current_revision, known_revisions
from app.operations.context import Appliance, Context
from app.start.errors import NotPrepared
from app.start.local import local_context


@contextlib.contextmanager
def open_context(settings: Settings, language: str) -> Iterator[Context]:
    """Open database and key ring; close them at the end.

    Raise KeyRingUnusable, NewerData, NotPrepared or what the database answers.
    """
    keyring = KeyRing.load(settings.keys)
    database = Database(settings.database_url)
    try:
        with in_our_words():
            _require_this_version(settings, database)
        yield local_context(Appliance(settings, database, keyring), language)
    finally:
        database.close()


def _require_this_version(settings: Settings, database: Database) -> None:
    known = known_revisions()
    found = current_revision(database)
    if found not in (None, *known):
        raise NewerData(revision=found)
    if found != known[-1]:
        raise NotPrepared(data=settings.data)
