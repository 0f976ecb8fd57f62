"""A file that an operation hands out, made while it is sent."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Download:
    """What a browser saves. The event is committed before the first chunk is made."""

    filename: str
    media_type: str
    chunks: Iterator[bytes]
    """Opens its own reading sessions: the operation's transaction is over by then."""
