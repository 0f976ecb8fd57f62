"""Which commit is being built, and when it was made: the only clock of an image."""

from datetime import UTC, datetime
from typing import NamedTuple

from image.paths import ROOT
from image.running import run


class Commit(NamedTuple):
    """A commit; `changed` where the checkout holds more than it."""

    number: str
    seconds: int
    changed: bool

    @property
    def written(self) -> str:
        """Return its time as RFC 3339 writes it."""
        return datetime.fromtimestamp(self.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def commit() -> Commit:
    """Return the commit of this checkout."""
    git = ["git", "-C", str(ROOT)]
    number, seconds = run([*git, "log", "-1", "--format=%H %ct"], seconds=30).split()
    return Commit(number, int(seconds), bool(run([*git, "status", "--porcelain"], seconds=60)))
