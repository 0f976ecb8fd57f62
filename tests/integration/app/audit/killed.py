"""A sealer that is killed at its n-th step, as often as asked.

One process imports everything once and forks a child for each line `FOLDER URL N` on its standard
input. It answers with the child's end (0, or -9 where it was killed) and the steps it came by.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

from app.audit.sealer import Sealer
from app.audit.signing import load_or_make_signer
from app.core.database import Database

ROOT = Path(__file__).parents[4]


class Killer:
    """The process that forks, as a test sees it."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.app.audit.killed"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, folder: Path, url: str, at: int) -> list[str] | None:
        """Run a sealer that dies at a step; return the steps it came by, None if it lived."""
        print(folder, url, at, file=self._process.stdin, flush=True)
        end, *steps = self._process.stdout.readline().strip().split("|")
        assert end in {"0", "-9"}, f"the sealer ended with {end} after {steps}"
        return steps if end == "-9" else None


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
        sys.stdout.write(f"{end}{text}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
