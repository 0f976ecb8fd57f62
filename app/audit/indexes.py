"""Comparing every index of the store with its table, and every segment with its sealed hash.

Neither is what was sealed, but what the search goes by: an event that they leave out is there, and
nobody finds it.
"""

from pathlib import Path
from typing import Final

from app.audit.segments import is_as_sealed, read_segments
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
        if answer != "ok":
            return altered_structure(answer)
        for segment in read_segments(connection):
            if not is_as_sealed(segment, folder):
                return Finding(
                    wrong=Wrong.SEGMENT,
                    position=segment.first,
                    parameters={"last": segment.end - 1, "file": segment.path(folder).name},
                )
    return None


def altered_structure(detail: str) -> Finding:
    """Return the finding that tables or indexes are not as the sealer made them."""
    return Finding(wrong=Wrong.STRUCTURE, position=0, parameters={"detail": detail})
