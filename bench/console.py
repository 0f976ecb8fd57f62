"""The console's figures, all at their stated size: `make bench NAME=console`."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.parts import changes, pages, start, verification
from bench.parts.report import Report

EVENTS = 1_000_000
"""The stated size: below it, what a second process takes to start counts for too much."""


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
