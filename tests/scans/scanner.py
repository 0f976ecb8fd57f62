"""Third-party scanners, each in an environment of its own (`make setup-scans`)."""

import os
import subprocess
from pathlib import Path

from tests.running import ROOT

SCANNERS = ROOT / ".make" / "scanners"


def program(scanner: str, name: str = "") -> str:
    """Return the path of a scanner's program. Fail where it is not installed."""
    path = SCANNERS / scanner / "bin" / (name or scanner)
    assert path.exists(), f"{scanner} is not installed: make setup-scans"
    return str(path)


def run(
    command: list[str], folder: Path, *, seconds: float, given: str = "", **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a scanner in `folder`, which is its home too, with nothing of a proxy or of ours.

    `given` is what it reads from stdin.

    Raise subprocess.TimeoutExpired.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(folder)}
    return subprocess.run(
        command,
        cwd=folder,
        env={**kept, **environ},
        # sqlmap takes what it finds there for targets
        **({"input": given} if given else {"stdin": subprocess.DEVNULL}),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def told(done: subprocess.CompletedProcess[str]) -> str:
    """Return all that a scanner said, for the message of a failed test."""
    return f"exit code {done.returncode}\n{done.stdout[-8000:]}\n{done.stderr[-4000:]}"
