"""The history in shares: whichever process is free checks the next one.

A pipe holds one ticket a share. Taking a ticket is one read, which the kernel never splits between
two readers, so no process waits for another, and a busy processor costs only what it is busy with.
"""

import os
from collections.abc import Iterator
from typing import Final, Self

import msgspec

from app.audit.scan import CHUNK

TICKET_BYTES: Final = 4
MAX_TICKETS: Final = 1_000
"""All of them fit into a pipe at once: 4,096 bytes at least (POSIX, PIPE_BUF)."""
MIN_CHUNKS: Final = 8
"""A share of 4,096 events takes some twenty milliseconds."""


class Shares(msgspec.Struct, frozen=True):
    """How a history of `size` events is parted, and the pipe that holds the tickets."""

    size: int
    share: int
    """Events of one share: whole chunks."""
    tickets: int
    """Descriptor to read tickets from; another process inherits it."""

    @classmethod
    def part(cls, size: int) -> Self:
        """Part a history and lay the tickets out, the first events first."""
        chunks = max(MIN_CHUNKS, -(-size // CHUNK // MAX_TICKETS))
        share = chunks * CHUNK
        tickets, counter = os.pipe()
        for number in range(-(-size // share)):
            os.write(counter, number.to_bytes(TICKET_BYTES))
        os.close(counter)  # an empty pipe ends, it does not wait
        return cls(size, share, tickets)

    def take(self) -> Iterator[tuple[int, int]]:
        """Give first position and end of one share after the other, until none is left."""
        while ticket := os.read(self.tickets, TICKET_BYTES):
            first = int.from_bytes(ticket) * self.share
            yield first, min(first + self.share, self.size)

    def stop(self) -> None:
        """Take all tickets away: something wrong was found before all that is left."""
        for _ in self.take():
            continue

    def close(self) -> None:
        """Close this process's end."""
        os.close(self.tickets)
