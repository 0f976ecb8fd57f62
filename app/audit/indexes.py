"""Comparing every index of the store with its table, and the file with itself.

An index is not what was sealed, but what the search goes by: an event that an index leaves out is
there, and nobody finds it.
"""

from pathlib import Path
from typing import Final

from app.audit.store import reading
from app.audit.verdict import Finding, Wrong

CACHE_KIBIBYTES: Final = 64 * 1024
"""An index is looked up in the order of the events, not in its own."""


def compare_indexes(folder: Path, mapped: int = 0) -> Finding | None:
    """Return the first thing that is wrong, or None.

    One call of SQLite's, during which Python goes on beside it. `mapped` bytes of the file may be
    read without copying them: quicker, but a file that is cut off meanwhile ends the process. Raise
    StoreUnreadable.
    """
    with reading(folder) as connection:
        connection.execute(f"PRAGMA cache_size=-{CACHE_KIBIBYTES}")
        connection.execute(f"PRAGMA mmap_size={mapped:d}")
        answer = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    return None if answer == "ok" else altered_structure(answer)


def altered_structure(detail: str) -> Finding:
    """Return the finding that tables or indexes are not as the sealer made them."""
    return Finding(wrong=Wrong.STRUCTURE, position=0, parameters={"detail": detail})
