"""The machine's figures: `make bench NAME=machine`."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.parts import before_the_planes, machine_changes
from bench.parts.report import Report


def main() -> int:
    """Measure all figures, one after the other, and return the exit code."""
    report = Report()
    # a short name: paths of sockets have 107 bytes at most (unix(7))
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        before_the_planes.measure(report, folder / "edge")
        machine_changes.measure(report, folder / "site")
    return report.exit_code()


if __name__ == "__main__":
    sys.exit(main())
