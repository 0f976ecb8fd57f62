"""Requests as bytes: what no client library would send."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass
class Answer:
    """What came back on a connection: the first answer, and whatever came after it."""

    raw: bytes

    @property
    def status(self) -> int:
        """The status; 0 where the connection was closed without an answer."""
        return int(self.raw.split(b" ", 2)[1]) if self.raw.startswith(b"HTTP/1.") else 0

    @property
    def headers(self) -> dict[str, str]:
        lines = self.raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def answers(self) -> int:
        """How many requests were answered on the connection."""
        return self.raw.count(b"HTTP/1.1 ") + self.raw.count(b"HTTP/1.0 ")


@contextlib.contextmanager
def connection(base: str, authority: Path | None, timeout: float = 20) -> Iterator[socket.socket]:
    """A connection to a plane, with TLS unless there is no authority."""
    place = urlsplit(base)
    assert place.hostname
    assert place.port
    with socket.create_connection((place.hostname, place.port), timeout=timeout) as plain:
        if authority is None:
            yield plain
            return
        trust = ssl.create_default_context(cafile=authority)
        with trust.wrap_socket(plain, server_hostname=place.hostname) as secure:
            yield secure


def read_all(stream: socket.socket, quiet: float = 0.5) -> bytes:
    """Return what comes until the other side closes, or says nothing more for a while."""
    found = b""
    with contextlib.suppress(TimeoutError, ConnectionError, ssl.SSLError):
        while True:
            piece = stream.recv(65_536)
            if not piece:
                break
            found += piece
            stream.settimeout(quiet)
    return found


def ask(base: str, authority: Path | None, request: str | bytes, timeout: float = 20) -> Answer:
    """Send bytes as they stand and return what comes back."""
    body = request.encode("latin-1") if isinstance(request, str) else request
    with connection(base, authority, timeout) as stream:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            stream.sendall(body)
        return Answer(read_all(stream))
