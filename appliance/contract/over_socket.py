"""HTTP over a unix socket, however long its path is (unix(7) allows 107 bytes)."""

import http.client
import socket
from pathlib import Path

from appliance.contract.varlink import address_of


class OverSocket(http.client.HTTPConnection):
    """A connection to a server that listens on a socket of this machine. `seconds` to wait."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path, self._seconds = path, seconds

    def connect(self) -> None:
        """Connect to the socket in the place of an address. Raise OSError."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._seconds)
        with address_of(self._path) as address:
            self.sock.connect(address)
