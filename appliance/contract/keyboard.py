"""The keyboard at the machine's own screen: which one it is taken for."""

import enum
from pathlib import Path
from typing import Final

FILE: Final = "keyboard"
"""In the data folder: what was chosen. Without it, the one that the kernel begins with."""


class Layout(enum.StrEnum):
    """What stands on the keys."""

    us = "us"
    jp = "jp"
    """Japanese, 106 or 109 keys."""


def chosen(data: Path) -> Layout:
    """Return what was chosen; the kernel's own where nothing was, or it cannot be read."""
    try:
        return Layout((data / FILE).read_text("ascii").strip())
    except (OSError, ValueError):
        return Layout.us
