"""A machine that is looked at: whatever runs a command, a container of systemd's or a guest."""

import subprocess
from typing import Protocol


class Place(Protocol):
    """What a scanner needs of it; the scanners' folder lies at `brought.PLACE` in it."""

    def run(self, *words: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command in it, as root, to its end."""
        ...


def written(place: Place, path: str, content: str) -> None:
    """Write a file there."""
    ended = place.run("sh", "-c", 'printf %s "$2" > "$1"', "sh", path, content)
    assert ended.returncode == 0, ended.stderr
