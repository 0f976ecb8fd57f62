"""The programs of the machine that read what is written for them: asked first, then told.

Each is called with a fixed list of words; what is variable are paths below the machine's own
folders. Nothing of a person reaches a command line.
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Final

from appliance.contract.configuration.errors import ProgramRefused

PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SECONDS: Final = 20
SAID: Final = 600
"""Characters of a program's own words that are passed on."""


def find(program: str) -> str | None:
    """Return the path of a program, or nothing where it is not installed."""
    return shutil.which(program, path=PATH)


def ask(program: str, *words: str, stdin: str = "", seconds: float = SECONDS) -> str:
    """Run a program to its end and return what it says. Raise ProgramRefused if it refuses."""
    found = find(program)
    if found is None:
        raise ProgramRefused(program=program, said="it is not installed")
    try:
        ended = subprocess.run(  # noqa: S603 - a fixed program and our own paths
            [found, *words],
            input=stdin.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
            env={"PATH": PATH, "LC_ALL": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        raise ProgramRefused(program=program, said=f"no answer in {seconds:g} s") from None
    said = ended.stdout.decode("utf-8", "replace").strip()
    if ended.returncode:
        raise ProgramRefused(program=program, said=said[-SAID:] or f"exit code {ended.returncode}")
    return said


def signal_by_file(path: Path, number: signal.Signals) -> bool:
    """Send a signal to the process whose number stands in a file. Return False if none lives."""
    try:
        os.kill(int(path.read_text("ascii")), number)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return False
    return True
