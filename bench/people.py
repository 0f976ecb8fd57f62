"""The figures of people and proof: `make bench NAME=people`, `SIZE=full` for the stated size."""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.parts import evidence, history_search, people_apply
from bench.parts.report import Report

FULL = os.environ.get("SIZE") == "full"
PEOPLE = 10_000 if FULL else 1_000
OLD_EVENTS = 10_000_000 if FULL else 1_000_000
EVIDENCE = 1_000_000 if FULL else 100_000


def main() -> int:
    """Measure all figures, one after the other, and return the exit code."""
    report = Report()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        people_apply.measure(report, folder / "people", PEOPLE)
        evidence.measure(report, folder / "evidence", EVIDENCE)
        history_search.measure(report, folder / "history", OLD_EVENTS)
    return report.exit_code()


if __name__ == "__main__":
    sys.exit(main())
