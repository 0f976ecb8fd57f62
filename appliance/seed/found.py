"""What was found on disks, on its way from whom looks at them to whom decides on it."""

from pathlib import Path
from typing import Final

import msgspec

from appliance.contract.configuration.problem import Problem

FOUND: Final = Path("/run/tenshu/seed-found.json")
"""Gone with the next restart."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A seed that is attached."""

    place: str
    """Name of the disk."""
    ovf: bool = False
    content: bytes = b""
    """Untrusted."""
    problem: Problem | None = None
    """Why there is no content."""
