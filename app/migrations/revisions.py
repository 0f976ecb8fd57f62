"""At which revision of the schema a database is, and which ones this version knows.

Asked at each start and by each command, so Alembic, which takes half a second to load, is left to
who migrates: the revisions are read off the names of their files, and a test holds both together.
"""

from pathlib import Path
from typing import Final

from sqlalchemy import inspect

from app.core.database import Database

VERSIONS: Final = Path(__file__).with_name("versions")


def known_revisions() -> list[str]:
    """Return the revisions of this version, the newest one last."""
    return sorted(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))


def current_revision(database: Database) -> str | None:
    """Return the schema revision that the database is at; None for an empty one."""
    with database.read() as session:
        connection = session.connection()
        if not inspect(connection).has_table("alembic_version"):
            return None
        asked = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
        revision: str | None = asked.scalar()
        return revision
