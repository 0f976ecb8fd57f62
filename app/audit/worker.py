"""A second process that checks one half of the history while the first checks the other.

It gets its share as command-line arguments and the wanted tree sizes on its standard input, and
answers with its chunks' reports on its standard output (MessagePack). It reads by itself: rows
never travel between processes.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Self

import msgspec

import app
from app.audit.erasure import read_erasures
from app.audit.errors import StoreUnreadable
from app.audit.scan import ChunkReport, read_chunks
from app.audit.store import reading
from app.core.messages import mark


def answer(arguments: Sequence[str], wanted: BinaryIO, reports: BinaryIO) -> None:
    """Check the share that `arguments` name: folder, first position, end."""
    folder, first, end = arguments
    sizes = msgspec.msgpack.decode(wanted.read(), type=list[int])
    with reading(Path(folder)) as connection:
        # Its own list: an erasure sealed since then has already taken values away.
        erasures = read_erasures(connection)
        found: list[ChunkReport] = []
        for chunk in read_chunks(connection, int(first), int(end), sizes, erasures):
            found.append(chunk)
            if chunk.wrong is not None:
                break
    reports.write(msgspec.msgpack.encode(found))


class Helper:
    """The second process, as the first one sees it."""

    def __init__(self, folder: Path, first: int, end: int, sizes: Sequence[int]) -> None:
        self._folder = folder
        # files, not pipes: neither process ever waits for the other to read
        self._wanted, self._reports = TemporaryFile(), TemporaryFile()  # noqa: SIM115 - see __exit__
        self._wanted.write(msgspec.msgpack.encode(sizes))
        self._wanted.seek(0)
        self._process = subprocess.Popen(  # noqa: S603 - our own program, two numbers, a folder
            [sys.executable, "-m", "app.audit.worker", str(folder), str(first), str(end)],
            stdin=self._wanted,
            stdout=self._reports,
            env={**os.environ, "PYTHONPATH": str(Path(app.__file__).parents[1])},
        )

    def __enter__(self) -> Self:
        return self

    def reports(self) -> list[ChunkReport]:
        """Wait for the answer. Raise StoreUnreadable if the process gave none."""
        if self._process.wait() != 0:
            raise StoreUnreadable(
                path=self._folder, reason=mark("the second process ended without an answer")
            )
        self._reports.seek(0)
        return msgspec.msgpack.decode(self._reports.read(), type=list[ChunkReport])

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._wanted.close()
        self._reports.close()


if __name__ == "__main__":
    answer(sys.argv[1:], sys.stdin.buffer, sys.stdout.buffer)
