"""Run Alembic's migrations on a database that is behind."""

from typing import Final

from alembic import command
from alembic.config import Config
from sqlmodel import SQLModel

from app.core import postgresql_roles
from app.core.database import Database
from app.migrations import tables  # noqa: F401 - makes every table known

LOCATION: Final = "app:migrations"
LOCK: Final = 0x74656E736875
"""PostgreSQL's advisory lock of who migrates: “tenshu”."""


def configure() -> Config:
    """Return the configuration that Alembic works with."""
    configuration = Config()
    configuration.set_main_option("script_location", LOCATION)
    return configuration


def upgrade(database: Database, *, is_behind: bool) -> None:
    """Run what is missing where something is, and grant each role its rights on PostgreSQL."""
    with database.write() as session:
        if not database.is_sqlite:
            # sees what the one before it has committed, which SERIALIZABLE would not
            session.connection().exec_driver_sql("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            session.connection().exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        if is_behind:
            configuration = configure()
            configuration.attributes["connection"] = session.connection()
            command.upgrade(configuration, "head")
        if not database.is_sqlite:
            postgresql_roles.grant(session, SQLModel.metadata)
