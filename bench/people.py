"""The figures of people and proof: `make bench NAME=people`, `SIZE=full` for the stated size."""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.parts import people_apply
from bench.parts.report import Report

PEOPLE = 10_000 if os.environ.get("SIZE") == "full" else 1_000


def main() -> int:
    """Measure all figures, one after the other, and return the exit code."""
    report = Report()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        people_apply.measure(report, folder / "people", PEOPLE)
    return report.exit_code()


if __name__ == "__main__":
    sys.exit(main())
