"""Remove what a killed process left of its coverage: `python tests/damaged_coverage.py FOLDER`.

A process that a test kills writes nothing, or a part where the kill meets its last moment. Such a
part cannot be combined: it is named and removed. A run has one or two of them at most; more are no
accident, and exit code 1. What they would have shown is missing from the report, whose floor holds.
"""

# ruff: noqa: T201 - this program speaks to the person in front of it

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

MOST: Final = 3


def is_damaged(file: Path) -> bool:
    """Tell whether SQLite finds anything wrong in a data file of coverage.py."""
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as opened:
            return opened.execute("PRAGMA quick_check").fetchall() != [("ok",)]
    except sqlite3.DatabaseError:
        return True


def main(folder: Path) -> int:
    """Look at each data file of a folder."""
    damaged = [file for file in sorted(folder.glob(".coverage.*")) if is_damaged(file)]
    for file in damaged:
        print(f"Killed while it wrote its coverage: {file.name}", flush=True)
        file.unlink()
    if len(damaged) > MOST:
        print(f"{len(damaged)} are damaged, and at most {MOST} may be.", flush=True)
    return int(len(damaged) > MOST)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
