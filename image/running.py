"""Programs that the builder runs, and what a person sees of it."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager


class Failed(Exception):
    """A program that the builder needs ended with an error."""


def run(command: Sequence[str], *, seconds: float, environ: Mapping[str, str] | None = None) -> str:
    """Run a program to its end and return what it said. Raise Failed."""
    try:
        ended = subprocess.run(  # noqa: S603 - words of our own, no shell
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            env=environ,
        )
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{command[0]}: not done after {seconds:.0f} s") from error
    if ended.returncode:
        told = (ended.stdout + ended.stderr)[-6000:]
        raise Failed(f"{command[0]} ended with {ended.returncode}:\n{told}")
    return ended.stdout


@contextmanager
def step(says: str) -> Iterator[None]:
    """Tell what is being done, and how long it took."""
    begun = time.monotonic()
    sys.stderr.write(f"· {says} …\n")
    yield
    sys.stderr.write(f"  {time.monotonic() - begun:.0f} s\n")
