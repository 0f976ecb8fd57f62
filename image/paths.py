"""Where the builder reads, and where it keeps what it made."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
ANSIBLE: Final = ROOT / "ansible"
SYSTEMD: Final = ROOT / "systemd"
REQUIREMENTS: Final = ROOT / "requirements"
KEPT: Final = ROOT / ".make/image"
"""Roots and what goes into them; `make clean` removes all of it."""
SUITE: Final = "trixie"
PYTHON: Final = "3.13"
"""That suite's."""
EPOCH: Final = 1754697600
"""9 August 2025, the suite's release: what a build writes down as its day, whenever it runs."""
