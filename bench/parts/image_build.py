"""What a customer downloads, and what a change of our code costs who builds it."""

import subprocess
import time
from pathlib import Path
from typing import Final

from bench.parts.report import Report
from image.ova import write_ova
from image.paths import ROOT

MEGABYTES: Final = 450
SECONDS: Final = 90
CHANGED: Final = Path("app/__init__.py")


def measure(report: Report, raw: Path, checksum: str, folder: Path) -> None:
    """Weigh the OVA; change a line of our code, and have the disk made once more."""
    folder.mkdir()
    ova = folder / "tenshu.ova"
    write_ova(raw, checksum, ova)
    megabytes = ova.stat().st_size / 1e6
    report.note(f"the OVA has {megabytes:.0f} MB")
    report.figure("ova-size", MEGABYTES / megabytes, 1)
    took = _rebuild(folder / "checkout")
    report.note(f"after a change of our code the disk was there in {took:.0f} s")
    report.figure("rebuild", SECONDS / took, 1)


def _rebuild(checkout: Path) -> float:
    """Return the seconds that a copy of the checkout takes, with its layers and other code."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(checkout)], check=True)
    (checkout / ".make").mkdir()
    subprocess.run(["cp", "-al", ROOT / ".make/image", checkout / ".make/image"], check=True)
    with (checkout / CHANGED).open("a") as code:
        code.write("# one line more\n")
    words = [str(ROOT / ".venv/bin/python"), "-c", "from image.disk import disk; disk()"]
    began = time.monotonic()
    subprocess.run(words, cwd=checkout, env={"PYTHONPATH": str(checkout)}, check=True)
    return time.monotonic() - began
