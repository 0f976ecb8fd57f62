"""A second process that checks shares of the history beside the first.

It gets its task as command-line arguments and the wanted tree sizes on its standard input, and
answers on its standard output (MessagePack). It reads by itself: rows never travel between
processes. It maps the file into memory; should somebody cut the file off meanwhile, this process
ends, and the first says that the history cannot be read.
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Final, Self

import msgspec

import app
from app.audit.chunks import read_chunks
from app.audit.erasure import Erasures, read_erasures
from app.audit.errors import StoreUnreadable
from app.audit.indexes import compare_indexes
from app.audit.scan import ChunkReport
from app.audit.shares import Shares
from app.audit.store import reading
from app.audit.verdict import Finding
from app.core.messages import mark

MAPPED: Final = 1 << 36
"""Bytes; what lies behind is read as usual."""


def check_shares(
    connection: sqlite3.Connection,
    shares: Shares,
    sizes: Sequence[int],
    erasures: Erasures,
    checked: Callable[[int], None] = lambda _: None,
) -> list[ChunkReport]:
    """Check one share after the other until none is left, or until an event is wrong.

    `checked` is called with the position behind each share; what stands before it is in hands.
    """
    found: list[ChunkReport] = []
    for first, end in shares.take():
        chunks = list(read_chunks(connection, first, end, sizes, erasures))
        found += chunks
        checked(end)
        if any(chunk.wrong for chunk in chunks):
            shares.stop()
    return found


class Answer(msgspec.Struct, frozen=True):
    """What the second process found."""

    chunks: list[ChunkReport]
    structure: Finding | None


def answer(arguments: Sequence[str], wanted: BinaryIO, reports: BinaryIO) -> None:
    """Do the task that `arguments` tell: folder, whether to compare indexes, fields of Shares."""
    folder, indexes, *numbers = arguments
    sizes = msgspec.msgpack.decode(wanted.read(), type=list[int])
    with ThreadPoolExecutor(1) as beside, reading(Path(folder)) as connection:
        compared = beside.submit(compare_indexes, Path(folder), MAPPED) if int(indexes) else None
        connection.execute(f"PRAGMA mmap_size={MAPPED:d}")
        # Its own list: an erasure sealed since then has already taken values away.
        erasures = read_erasures(connection)
        chunks = check_shares(connection, Shares(*map(int, numbers)), sizes, erasures)
        found = Answer(chunks, compared.result() if compared else None)
    reports.write(msgspec.msgpack.encode(found))


class Helper:
    """The second process, as the first one sees it."""

    def __init__(
        self, folder: Path, shares: Shares, sizes: Sequence[int], *, indexes: bool
    ) -> None:
        self._folder = folder
        # files, not pipes: neither process ever waits for the other to read
        self._wanted, self._reports = TemporaryFile(), TemporaryFile()  # noqa: SIM115 - see __exit__
        self._wanted.write(msgspec.msgpack.encode(sizes))
        self._wanted.seek(0)
        numbers = [str(number) for number in msgspec.structs.astuple(shares)]
        self._process = subprocess.Popen(  # noqa: S603 - our own program, a folder, numbers
            [sys.executable, "-m", "app.audit.worker", str(folder), str(int(indexes)), *numbers],
            stdin=self._wanted,
            stdout=self._reports,
            pass_fds=[shares.tickets],
            env={**os.environ, "PYTHONPATH": str(Path(app.__file__).parents[1])},
        )

    def __enter__(self) -> Self:
        return self

    def answer(self) -> Answer:
        """Wait for the answer. Raise StoreUnreadable if the process gave none."""
        if self._process.wait() != 0:
            raise StoreUnreadable(
                path=self._folder, reason=mark("the second process ended without an answer")
            )
        self._reports.seek(0)
        return msgspec.msgpack.decode(self._reports.read(), type=Answer)

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._wanted.close()
        self._reports.close()


if __name__ == "__main__":
    answer(sys.argv[1:], sys.stdin.buffer, sys.stdout.buffer)
