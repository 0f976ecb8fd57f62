"""A wall clock that a test sets for processes of its own; the boot's clock stays the kernel's."""

from pathlib import Path

from tests.integration.preloaded import compiled

SOURCE = Path(__file__).with_suffix(".c")
FORWARD, BACK = 7200, -7200
"""Two hours, in seconds."""


def clock_of(folder: Path) -> tuple[dict[str, str], Path]:
    """Return what lets a process see another wall clock, and the file that says by how much."""
    shown = folder / "clock"
    shown.write_text("0")
    return {"LD_PRELOAD": str(compiled(SOURCE, folder)), "WALL_CLOCK": str(shown)}, shown
