"""The claim code, for the one who stands before the screen: in memory, on no disk, in no backup."""

import os
from pathlib import Path
from typing import Final

PLACE: Final = Path("/run/tenshu-screen/claim-code")
"""Beside the socket of the desk (`app.screen`), whose user alone reads it."""


def keep_claim_code(path: Path, code: str) -> None:
    """Write the code where the desk finds it; an empty one says that there is none."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(code)


def read_claim_code(path: Path) -> str:
    """Return the code; empty where there is none."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
