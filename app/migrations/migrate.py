"""Bring a database to this version's schema."""

from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlmodel import SQLModel

from app.core import postgresql_roles
from app.core.database import Database
from app.core.errors import TenshuError
from app.migrations import tables  # noqa: F401 - makes every table known

LOCATION: Final = "app:migrations"
LOCK: Final = 0x74656E736875
"""PostgreSQL's advisory lock of who migrates: “tenshu”."""


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
    with database.read() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def migrate(database: Database) -> None:
    """Run what is missing, in one transaction, and bring PostgreSQL's grants up to date.

    Of several processes that start at once, one migrates and the others wait for it.
    Raise NewerData if the data is ahead of us.
    """
    configuration = configure()
    script = ScriptDirectory.from_config(configuration)
    head = script.get_current_head()
    revision = current_revision(database)
    if revision is not None:
        try:
            script.get_revision(revision)
        except CommandError as error:
            raise NewerData(revision=revision) from error
        if revision == head and database.is_sqlite:
            return
    with database.write() as session:
        if not database.is_sqlite:
            # sees what the one before it has committed, which SERIALIZABLE would not
            session.connection(execution_options={"isolation_level": "READ COMMITTED"})
            session.connection().exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        configuration.attributes["connection"] = session.connection()
        if revision != head:
            command.upgrade(configuration, "head")
        if not database.is_sqlite:
            postgresql_roles.grant(session, SQLModel.metadata)
