"""How long a start takes where everything is installed: both planes answer within 5 s.

    make bench NAME=start

Starts a prepared copy five times; the median counts. CPU seconds tell what a busy machine hides.
"""

import contextlib
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.running import Copy, launch

TARGET_SECONDS = 5.0
STARTS = 5
TICKS = 100
"""A second of /proc/PID/stat (proc(5))."""


def cpu_seconds(copy: Copy) -> float:
    """Return the CPU time of all processes of a copy and of those that they waited for."""
    total = 0.0
    for pid in copy.processes():
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += sum(int(field) for field in fields[11:15]) / TICKS
    return total


def main() -> int:
    """Measure, print, and tell by the exit code whether the target holds."""
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy = launch(folder)
        copy.end()
        for _ in range(STARTS):
            begun = time.monotonic()
            copy = launch(folder, copy.environ)
            seconds.append(time.monotonic() - begun)
            print(f"{seconds[-1]:5.2f} s, {cpu_seconds(copy):.2f} CPU seconds")
            copy.end()
    median = statistics.median(seconds)
    print(f"median {median:.2f} s, at most {TARGET_SECONDS} s")
    return 0 if median <= TARGET_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
