"""How much space each part of the data folder takes."""

import os
from pathlib import Path

from sqlalchemy import text

from app.operations.context import Appliance


def size_of(path: Path) -> int | None:
    """Return the bytes that a file or a folder takes on its volume; None where nobody may look.

    What vanishes meanwhile counts nothing; links are not followed.
    """
    try:
        found = path.lstat()
        total = found.st_blocks * 512  # blocks, not length: what it takes, sparse files too
        if path.is_dir() and not path.is_symlink():
            with os.scandir(path) as entries:
                parts = [size_of(Path(entry.path)) for entry in entries]
            if None in parts:
                return None
            total += sum(part for part in parts if part is not None)
    except FileNotFoundError:
        return 0
    except PermissionError:
        return None
    return total


def size_of_database(appliance: Appliance) -> int | None:
    """Return the bytes of the database with what it keeps beside it."""
    if appliance.database.is_sqlite:
        file = Path(str(appliance.database.engine.url.database))
        parts = [size_of(file.with_name(file.name + end)) for end in ("", "-wal", "-shm")]
        return sum(part or 0 for part in parts)
    with appliance.database.read() as session:
        query = text("SELECT pg_database_size(current_database())")
        return int(session.connection().execute(query).scalar_one())
