"""Asking the edge what it serves: over a socket of its own, which no network reaches."""

import contextlib
import http.client
from pathlib import Path
from typing import Final

from appliance.contract.over_socket import OverSocket

SECONDS: Final = 2.0


def edge_generation(run: Path) -> int:
    """Return the version that the edge serves new connections by; -1 where it does not answer."""
    connection = OverSocket(run / "edge.sock", SECONDS)
    with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
        try:
            connection.request("GET", "/generation")
            return int(connection.getresponse().read(20))
        finally:
            connection.close()
    return -1
