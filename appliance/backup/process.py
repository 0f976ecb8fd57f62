"""A program of the system as a child: its words line by line, its end with ours."""

import contextlib
import os
import selectors
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

import msgspec

from appliance.backup.reporter import Reporter

GRACE: Final = 30
"""Seconds that a program gets to undo what it did and to unlock, before it is killed."""
_TICK: Final = 0.2
"""Seconds between two looks at cancellation and deadline while the program is silent."""


class Ended(msgspec.Struct, frozen=True):
    """How a program ended."""

    exit_code: int
    output: bytes


def find(program: str) -> str | None:
    """Return the full path of a program of the system, or None."""
    return shutil.which(
        program, path="/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
    )


def run_program(
    command: Sequence[str],
    environment: Mapping[str, str],
    reporter: Reporter,
    on_line: Callable[[bytes], None],
    *,
    folder: Path | None = None,
    secret: bytes | None = None,
    secret_variable: str = "",
    on_tick: Callable[[], None] = lambda: None,
) -> Ended:
    """Run `command` (no shell), give each line of its standard error to `on_line`.

    `secret` is passed through a pipe whose number stands in `secret_variable`. `on_tick` is called
    several times a second while the program is silent. If the reporter
    says that the run should end, the program is asked to end (it undoes and unlocks), later
    killed. It also ends when this process dies. Raise what the reporter raises, or OSError.
    """
    guard = find("setpriv")
    dying = [guard, "--pdeathsig", "TERM", "--"] if guard else []
    variables = dict(environment)
    handed: tuple[int, ...] = ()
    if secret is not None:
        reading, writing = os.pipe()
        os.write(writing, secret)  # far below a pipe's 64 KiB
        os.close(writing)
        variables[secret_variable], handed = str(reading), (reading,)
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(  # noqa: S603 - a fixed program, no shell
                [*dying, *command],
                env=variables,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                pass_fds=handed,
            )
        finally:
            for handle in handed:
                os.close(handle)
        try:
            _listen(process, reporter, on_line, on_tick)
        except BaseException:
            _end(process)
            raise
        if process.stderr is not None:
            process.stderr.close()
        exit_code = process.wait()
        output.seek(0)
        return Ended(exit_code, output.read())


def _listen(
    process: subprocess.Popen[bytes],
    reporter: Reporter,
    on_line: Callable[[bytes], None],
    on_tick: Callable[[], None],
) -> None:
    stream: IO[bytes] | None = process.stderr
    if stream is None:
        return
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            reporter.check()
            if not selector.select(_TICK):
                on_tick()
                continue
            data = os.read(stream.fileno(), 1 << 16)
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                on_line(line)
    if rest:
        on_line(rest)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, and hear it out meanwhile: a closed pipe would disturb its undoing."""
    process.terminate()
    try:
        process.communicate(timeout=GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        # a process that waits for a dead network disk cannot even be killed: leave it to the kernel
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=GRACE)
