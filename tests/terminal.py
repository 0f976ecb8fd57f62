"""A terminal that a program writes on, as a person sees it: a pty, and what its signs come to."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pyte

ROOT = Path(__file__).parents[1]


class Terminal:
    """So many columns and rows; what stands there is read until it is as somebody waits for it."""

    def __init__(self, columns: int, rows: int) -> None:
        self.master, self.slave = pty.openpty()
        size = struct.pack("4H", rows, columns, 0, 0)
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, size)
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)

    def rows(self) -> list[str]:
        """Return what stands there, row by row; a wide letter is once there."""
        return [_row(self.screen, number) for number in range(self.screen.lines)]

    def text(self) -> str:
        return "\n".join(row.rstrip() for row in self.rows())

    def read(self, seconds: float) -> None:
        """Take what comes within some seconds."""
        while select.select([self.master], [], [], seconds)[0]:
            with contextlib.suppress(OSError):
                self._stream.feed(os.read(self.master, 65536))
                seconds = 0.05
                continue
            return

    def wait_for(self, *wanted: str, seconds: float = 60) -> str:
        """Return what stands there once all of it does."""
        until = time.monotonic() + seconds
        while not all(one in self.text() for one in wanted):
            assert time.monotonic() < until, f"{wanted} does not stand there:\n{self.text()}"
            self.read(0.1)
        return self.text()

    def wait_until_gone(self, gone: str, seconds: float = 60) -> str:
        until = time.monotonic() + seconds
        while gone in self.text():
            assert time.monotonic() < until, f"{gone} still stands there:\n{self.text()}"
            self.read(0.1)
        return self.text()

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())


def _row(screen: pyte.Screen, number: int) -> str:
    row = screen.buffer[number]
    return "".join(row[column].data for column in range(screen.columns))


@contextlib.contextmanager
def display(
    socket: Path, columns: int = 80, rows: int = 25, term: str = "vt220", **environ: str
) -> Iterator[Terminal]:
    """Give the machine's own screen on a terminal; it is gone at the end."""
    terminal = Terminal(columns, rows)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "app.screen.display"],
        stdin=terminal.slave,
        stdout=terminal.slave,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "TERM": term,
            "TENSHU_SCREEN_SOCKET": str(socket),
            **environ,
        },
    )
    try:
        yield terminal
        assert process.poll() is None, "nothing ends the screen"
    finally:
        process.kill()
        process.wait()
        os.close(terminal.master)
        os.close(terminal.slave)
