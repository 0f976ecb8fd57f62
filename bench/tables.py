"""The business database: `make bench NAME=tables`, `SIZE=full` for a million rows."""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.parts.report import Report
from bench.parts.tables import against_bare, files, pages, search
from tests.integration import postgresql

ROWS = 1_000_000 if os.environ.get("SIZE") == "full" else 100_000
DURABLE = ("shared_buffers=256MB",)


def main() -> int:
    """Measure all figures on both databases, one after the other, and return the exit code."""
    report = Report()
    server = postgresql.start(DURABLE)
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            against_bare.measure(report, folder / "bare")
            search.measure(report, folder / "search")
            for kind in ("sqlite", "postgresql"):
                database, plain = "", ""
                if kind == "postgresql":
                    database = server.url(server.create())
                    plain = f"host={server.folder} dbname={server.create()} user=owner"
                files.measure(report, folder / f"files-{kind}", kind, database, plain)
                pages.measure(report, folder / f"pages-{kind}", kind, database, ROWS)
    finally:
        postgresql.stop(server)
    return report.exit_code()


if __name__ == "__main__":
    sys.exit(main())
