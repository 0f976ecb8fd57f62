"""A sealer that is killed at its n-th step, as often as asked.

One process imports everything once and forks a child for each line `FOLDER URL N` on its standard
input. It answers with the child's end (0, or -9 where it was killed) and the steps it came by.
"""

import os
import signal
import sys
from pathlib import Path

from app.audit.sealer import Sealer
from app.audit.signing import load_or_make_signer
from app.core.database import Database
from tests.integration import killing


class Killer(killing.Killer):
    """The process that forks, as a test sees it."""

    def __init__(self) -> None:
        super().__init__(__spec__.name)

    def run(self, folder: Path, url: str, at: int) -> list[str] | None:
        """Run a sealer that dies at a step; return the steps it came by, None if it lived."""
        lived, steps = self.ask(folder, url, at)
        return None if lived else steps.split("|")


def seal(folder: Path, url: str, at: int, steps: int) -> None:
    """Seal until there is nothing left, or until the step at which to die."""
    left = at

    def step(name: str) -> None:
        nonlocal left
        left -= 1
        os.write(steps, f"|{name}".encode())
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    database = Database(url)
    signer = load_or_make_signer(folder / "keys" / "audit-signing.key")
    data = folder / "data"
    sealer = Sealer(database, data, data / "audit", signer, machine="machine1", at_step=step)
    while sealer.turn():
        pass
    sealer.close()
    database.close()


def main() -> None:
    """Fork a child for each line; nothing else runs here, so a fork is safe."""
    for line in sys.stdin:
        folder, url, at = line.split()
        came_by, steps = os.pipe()
        child = os.fork()
        if child == 0:
            seal(Path(folder), url, int(at), steps)
            os._exit(0)
        os.close(steps)
        with os.fdopen(came_by) as pipe:
            text = pipe.read()
        end = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{end} {text.strip('|')}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
