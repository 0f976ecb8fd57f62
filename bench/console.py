"""The console's figures: `make bench NAME=console`, `SIZE=full` for the stated size."""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.parts import changes, pages, start, verification
from bench.parts.report import Report

EVENTS = 1_000_000 if os.environ.get("SIZE") == "full" else 100_000


def main() -> int:
    """Measure all figures, one after the other, and return the exit code."""
    report = Report()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        changes.measure(report, folder / "changes")
        verification.measure(report, folder / "verification", EVENTS)
        pages.measure(report, folder / "pages")
        start.measure(report, folder / "start")
    return report.exit_code()


if __name__ == "__main__":
    sys.exit(main())
