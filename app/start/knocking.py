"""Whether a plane answers: over TLS, or over its socket where the edge stands in front of it."""

import http.client
import socket
import ssl
from pathlib import Path
from typing import Final

from app.core.settings import Settings
from appliance.contract.varlink import address_of

SECONDS: Final = 5
LOOPBACK: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what the wildcard is for


class OverSocket(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket in the place of an address."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(SECONDS)
        with address_of(self._path) as address:
            self.sock.connect(address)


def answers(settings: Settings, port: int) -> bool:
    """Tell whether the plane of `port` is healthy; over TLS our own authority vouches for it."""
    try:
        connection = _connection(settings, port)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        finally:
            connection.close()
    except (OSError, http.client.HTTPException):
        return False


def _connection(settings: Settings, port: int) -> http.client.HTTPConnection:
    if settings.edge:
        plane = "console" if port == settings.console_port else "workspace"
        return OverSocket(settings.plane_socket(plane))
    host = LOOPBACK.get(settings.address, settings.address)
    trust = ssl.create_default_context(cafile=settings.tls / "authority.pem")
    return http.client.HTTPSConnection(host, port, timeout=SECONDS, context=trust)
