"""Whether a plane answers: over TLS, or over its socket where the edge stands in front of it."""

import http.client
import ssl
from typing import Final

from app.core.settings import Settings
from appliance.contract.over_socket import OverSocket

SECONDS: Final = 5
LOOPBACK: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what the wildcard is for


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
        return OverSocket(settings.plane_socket(plane), SECONDS)
    host = LOOPBACK.get(settings.address, settings.address)
    trust = ssl.create_default_context(cafile=settings.tls / "authority.pem")
    return http.client.HTTPSConnection(host, port, timeout=SECONDS, context=trust)
