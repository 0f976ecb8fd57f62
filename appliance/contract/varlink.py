"""Varlink's framing: JSON objects that end in a zero byte (varlink.org), at most 1 MiB each."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from appliance.contract.errors import MessageMalformed, MessageTooLarge
from appliance.contract.secret import Secret

LIMIT: Final = 1 << 20
"""Bytes of one message, its zero byte included."""
SERVICE: Final = "org.varlink.service"
_CHUNK: Final = 1 << 16


def _write_secret(value: object) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(value)


def read_secret(kind: type, value: object) -> object:
    """Make a Secret of a text that came in where one is expected."""
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise TypeError(kind)


_encoder: Final = msgspec.json.Encoder(enc_hook=_write_secret)
"""The one encoder that writes secrets: to the agent's socket and to its children's input."""


def encode(message: object) -> bytes:
    """Return a message as JSON, secrets included: never to a file, never to a log."""
    return _encoder.encode(message)


def pack(message: object) -> bytes:
    """Return a message as it goes over the socket. Raise MessageTooLarge over the limit."""
    data = encode(message) + b"\0"
    if len(data) > LIMIT:
        raise MessageTooLarge(limit=LIMIT)
    return data


class Messages:
    """The messages of one connection, one after the other."""

    def __init__(self, connection: socket.socket, seconds: float | None = None) -> None:
        """`seconds` is what a message may take from its first byte to its last."""
        self._connection, self._seconds = connection, seconds
        self._buffer = bytearray()

    def receive(self) -> dict[str, Any] | None:
        """Return the next message, or None if the other end has closed.

        Raise MessageTooLarge as soon as it exceeds the limit, MessageMalformed if it is no JSON
        object, OSError if the socket fails, its timeout passes, or the message takes too long.
        """
        silence = self._connection.gettimeout()
        try:
            return self._receive()
        finally:
            self._connection.settimeout(silence)

    def _receive(self) -> dict[str, Any] | None:
        searched, end_at = 0, 0.0
        while (end := self._buffer.find(b"\0", searched)) < 0:
            searched = len(self._buffer)
            if searched >= LIMIT:
                raise MessageTooLarge(limit=LIMIT)
            if self._seconds is not None and self._buffer:
                end_at = end_at or time.monotonic() + self._seconds
                self._connection.settimeout(max(end_at - time.monotonic(), 0.001))
            data = self._connection.recv(_CHUNK)
            if not data:
                return None
            self._buffer += data
        if end >= LIMIT:
            raise MessageTooLarge(limit=LIMIT)
        message = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        try:
            return msgspec.json.decode(message, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise MessageMalformed(reason=str(error)) from None


@contextlib.contextmanager
def address_of(path: Path) -> Iterator[str]:
    """Give an address for the socket at `path`, however deep its folder lies.

    A unix socket's address holds 107 bytes; through the open folder it is always short. Raise
    OSError if the folder is not there.
    """
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
