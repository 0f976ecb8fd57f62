"""Asking the edge what it serves: over a socket of its own, which no network reaches."""

import contextlib
import http.client
import socket
from pathlib import Path
from typing import Final

from appliance.contract.varlink import address_of

SECONDS: Final = 2.0


class _OverSocket(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(SECONDS)
        with address_of(self._path) as address:
            self.sock.connect(address)


def edge_generation(run: Path) -> int:
    """Return the version that the edge serves new connections by; -1 where it does not answer."""
    connection = _OverSocket(run / "edge.sock")
    with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
        try:
            connection.request("GET", "/generation")
            return int(connection.getresponse().read(20))
        finally:
            connection.close()
    return -1
