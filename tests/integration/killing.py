"""A process that forks for whoever is to be killed, as a test sees it.

It imports everything once; each line on its standard input is a task, each line that it answers
tells how the task ended (0, or -9 for a kill) and how far that came.
"""

import subprocess
import sys
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]


class Killer:
    """The process that forks; a context, so that it ends with the test."""

    def __init__(self, module: str) -> None:
        """Name the module whose `main` reads the lines."""
        self._module = module

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", self._module],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, *told: object) -> tuple[bool, str]:
        """Have a task done; tell whether it lived, and what else was answered."""
        print(*told, file=self._process.stdin, flush=True)
        end, _, came = self._process.stdout.readline().rstrip("\n").partition(" ")
        assert end in {"0", "-9"}, f"the task ended with {end} after {came}"
        return end == "0", came
