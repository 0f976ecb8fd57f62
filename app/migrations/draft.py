"""Draft the next migration from the models: `python -m app.migrations.draft "what it adds"`."""

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import Script, ScriptDirectory

from app.core.database import Database
from app.migrations.migrate import configure, migrate


def draft(message: str) -> None:
    """Write a migration that brings the newest schema to what the models say."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'draft.sqlite'}")
        migrate(database)
        configuration = configure()
        known = ScriptDirectory.from_config(configuration).get_current_head() or "0000"
        with database.write() as session:
            configuration.attributes["connection"] = session.connection()
            made = command.revision(
                configuration, message, autogenerate=True, rev_id=f"{int(known) + 1:04d}"
            )
        database.close()
    if not isinstance(made, Script):
        raise SystemExit("Alembic wrote no single migration")
    subprocess.run(  # noqa: S603 - a tool of the developer, on a file just written
        [sys.executable, "-m", "ruff", "format", "--quiet", made.path], check=True
    )


if __name__ == "__main__":
    draft(sys.argv[1])
