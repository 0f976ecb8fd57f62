"""The Python packages of the lock as files, for the image's Python and this kind of machine."""

import platform
import sys
from pathlib import Path

from image.fingerprint import fingerprint
from image.kept import kept
from image.paths import PYTHON, REQUIREMENTS
from image.running import run

LOCK = REQUIREMENTS / "runtime.txt"
MANYLINUX = ("2_28", "2_27", "2_24", "2_17", "2_12", "2_5")


def lock_fingerprint() -> str:
    """Return the name of the lock's content."""
    return fingerprint(PYTHON, platform.machine(), files=[LOCK], below=REQUIREMENTS)


def wheels() -> Path:
    """Return the folder of the packages; fetch them where they are not there."""
    return kept("wheels", lock_fingerprint(), "Fetching the Python packages", _fetch)


def _fetch(folder: Path) -> None:
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-input", "--no-deps", "--require-hashes", "--only-binary=:all:"),
        *(f"--python-version={PYTHON}", "--implementation=cp"),
        *(f"--platform=manylinux_{kind}_{platform.machine()}" for kind in MANYLINUX),
        *(f"--dest={folder}", f"--requirement={LOCK}"),
    ]
    run(command, seconds=300)
