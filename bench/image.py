"""The image's figures: `make bench NAME=image`, as root."""

import hashlib
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.parts import image_build, image_start
from bench.parts.report import Report
from image.disk import disk


def main() -> int:
    """Measure all figures, one after the other, and return the exit code."""
    report = Report()
    made = disk()
    with made.raw.open("rb") as data:
        checksum = hashlib.file_digest(data, "sha256").hexdigest()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        image_start.measure(report, made, folder / "start")
        image_build.measure(report, made.raw, checksum, folder / "build")
    return report.exit_code()


if __name__ == "__main__":
    sys.exit(main())
