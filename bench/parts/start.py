"""How long a start takes where everything is installed: both planes answer within 5 s."""

import statistics
import time
from pathlib import Path

from bench.parts.report import Report
from tests.running import launch

TARGET_SECONDS = 5.0
STARTS = 3


def measure(report: Report, folder: Path) -> None:
    """Start a prepared copy a few times; the median counts."""
    copy = launch(folder)
    copy.end()
    seconds = []
    for _ in range(STARTS):
        begun = time.monotonic()
        copy = launch(folder, copy.environ)
        seconds.append(time.monotonic() - begun)
        copy.end()
    report.note("start: " + ", ".join(f"{each:.2f} s" for each in seconds))
    report.figure("start", TARGET_SECONDS / statistics.median(seconds), 1.0)
