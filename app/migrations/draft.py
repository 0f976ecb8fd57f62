"""Draft the next migration from the models: `python -m app.migrations.draft "what it adds"`."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import Script, ScriptDirectory

from app.core.database import Database
from app.migrations.migrate import migrate
from app.migrations.revisions import VERSIONS
from app.migrations.upgrade import configure


def draft(message: str, folder: Path = VERSIONS) -> Path:
    """Write into `folder` a migration that brings the newest schema to what the models say."""
    configuration = configure()
    configuration.set_main_option("path_separator", "os")
    configuration.set_main_option(
        "version_locations", os.pathsep.join([str(VERSIONS), str(folder)])
    )
    known = ScriptDirectory.from_config(configuration).get_current_head() or "0000"
    with tempfile.TemporaryDirectory() as scratch:
        database = Database(f"sqlite:///{Path(scratch) / 'draft.sqlite'}")
        migrate(database)
        with database.write() as session:
            configuration.attributes["connection"] = session.connection()
            made = command.revision(
                configuration,
                message,
                autogenerate=True,
                rev_id=f"{int(known) + 1:04d}",
                version_path=str(folder),
            )
        database.close()
    assert isinstance(made, Script)  # noqa: S101 - a list only where one asks for several
    subprocess.run(  # noqa: S603 - a tool of the developer, on a file just written
        [sys.executable, "-m", "ruff", "format", "--quiet", made.path], check=True
    )
    return Path(made.path)


if __name__ == "__main__":
    draft(sys.argv[1])
