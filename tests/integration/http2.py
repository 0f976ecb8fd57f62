"""One connection of HTTP/2, driven frame by frame: what no client library would do."""

import contextlib
import json
import socket
import ssl
from pathlib import Path
from typing import Any, Self

import h2.config
import h2.connection

HEAD, DATA, HEADERS, GOAWAY, END_STREAM = 9, 0x0, 0x1, 0x7, 0x1


class Connection:
    """A connection to a port, of this machine by default; `data` is what came of each stream."""

    def __init__(self, port: int, authority: Path, host: str = "127.0.0.1") -> None:
        trust = ssl.create_default_context(cafile=authority)
        trust.set_alpn_protocols(["h2"])
        plain = socket.create_connection((host, port), timeout=20)
        self._socket = trust.wrap_socket(plain, server_hostname=host)
        assert self._socket.selected_alpn_protocol() == "h2"
        self._state = h2.connection.H2Connection(h2.config.H2Configuration())
        self._state.initiate_connection()
        self.host = host
        self.data: dict[int, bytes] = {}
        self.ended: set[int] = set()
        self._rest = b""
        self.going_away = False
        self._flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _flush(self) -> None:
        self._socket.sendall(self._state.data_to_send())

    def ask(self, path: str) -> int:
        """Send a request on a stream of its own; return the stream's number."""
        stream = self._state.get_next_available_stream_id()
        head = [
            (":method", "GET"), (":path", path), (":scheme", "https"), (":authority", self.host),
        ]  # fmt: skip
        self._state.send_headers(stream, head, end_stream=True)
        self._flush()
        return stream

    def read_to_the_end(self) -> None:
        """Read until the other side closes."""
        while self._read():
            pass

    def read_until(self, stream: int) -> None:
        """Read until an answer is whole."""
        while stream not in self.ended:
            assert self._read(), "the other side closes"

    def read_until_silence(self, seconds: float) -> None:
        """Read until nothing has come for so long."""
        self._socket.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            self.read_to_the_end()

    def _read(self) -> bool:
        piece = self._socket.recv(65_536)
        self._rest = self._take_frames(self._rest + piece)
        return bool(piece)

    def _take_frames(self, received: bytes) -> bytes:
        # by hand (RFC 9113, 4.1): the library takes nothing more once it hears of a going away
        while len(received) >= HEAD:
            length, kind, flags = int.from_bytes(received[:3]), received[3], received[4]
            stream = int.from_bytes(received[5:HEAD])
            if len(received) < HEAD + length:
                break
            body, received = received[HEAD : HEAD + length], received[HEAD + length :]
            if kind in (DATA, HEADERS) and flags & END_STREAM:
                self.ended.add(stream)
            if kind == DATA:
                self.data[stream] = self.data.get(stream, b"") + body
            self.going_away |= kind == GOAWAY
        return received

    def json(self, stream: int) -> Any:
        """What came on a stream."""
        return json.loads(self.data[stream])
