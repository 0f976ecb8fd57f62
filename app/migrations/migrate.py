"""Bring a database to this version's schema."""

from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from app.core.database import Database
from app.core.errors import TenshuError

LOCATION: Final = "app:migrations"


class NewerData(TenshuError):
    """The data was written by a newer version than this program."""

    code = "migrations.newer_data"
    status = 500
    message = "The data is of a newer version ({revision}) than this program knows."
    hint = "Start the newer version again, or restore a backup that this version made."


def configure() -> Config:
    """Return the configuration that Alembic works with."""
    configuration = Config()
    configuration.set_main_option("script_location", LOCATION)
    return configuration


def current_revision(database: Database) -> str | None:
    """Return the schema revision that the database is at; None for an empty one."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def migrate(database: Database) -> None:
    """Run what is missing, in one transaction. Raise NewerData if the data is ahead of us."""
    configuration = configure()
    script = ScriptDirectory.from_config(configuration)
    revision = current_revision(database)
    if revision is not None:
        try:
            script.get_revision(revision)
        except CommandError as error:
            raise NewerData(revision=revision) from error
        if revision == script.get_current_head():
            return
    with database.write() as session:
        configuration.attributes["connection"] = session.connection()
        command.upgrade(configuration, "head")
