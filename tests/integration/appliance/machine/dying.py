"""An agent that is killed at the Nth step of what it does to its machine.

    python -m tests.integration.appliance.machine.dying N GO

A step is a file that is put in its place, or a program that is called: before and after it. They
are counted once the file GO is there. The kill is the kernel's; no line of ours runs after it.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.agent.__main__ import main


def step() -> None:
    """Count; die at the Nth."""
    global left  # noqa: PLW0603 - a process that exists to be killed
    if GO.exists():
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def counted(work: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function two steps: before it and after it."""

    def run(*values: Any, **named: Any) -> Any:
        step()
        try:
            return work(*values, **named)
        finally:
            step()

    return run


if __name__ == "__main__":
    left, GO = int(sys.argv[1]), Path(sys.argv[2])
    Path.rename = counted(Path.rename)  # type: ignore[method-assign]
    Path.unlink = counted(Path.unlink)  # type: ignore[method-assign]
    subprocess.run = counted(subprocess.run)  # type: ignore[assignment]
    sys.exit(main())
