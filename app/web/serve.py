"""Serve one plane: `python -m app.web.serve console`.

One worker process under granian's main process; the worker dies with the main process, which dies
with the supervisor, so that no orphan serves old code.
"""

import sys
from typing import Final

from granian.constants import HTTPModes, Interfaces, Loops, SSLProtocols
from granian.http import HTTP1Settings, HTTP2Settings
from granian.server.mp import MPServer

from app.core import lifeline
from app.core.log import configure_logging
from app.core.settings import Settings, load_settings
from app.operations.context import Plane

HEADER_BUFFER: Final = 64 * 1024
"""The gate refuses at 32 KiB with a page; beyond this the connection is cut."""
HEADER_SECONDS: Final = 15
HEADER_LIST: Final = 32 * 1024
BACKLOG: Final = 256
BLOCKING_THREADS: Final = 1


def serve(plane: Plane) -> None:
    """Serve `plane` until the process is told to stop."""
    settings = load_settings()
    configure_logging(plane.value)
    lifeline.die_with_parent()
    lifeline.announce_parent()
    port = settings.console_port if plane is Plane.CONSOLE else settings.workspace_port
    server(settings, f"app.{plane.value}.app:create", port).serve()


def server(settings: Settings, target: str, port: int) -> MPServer:
    """Return what serves the ASGI application that the function `target` makes."""
    return MPServer(
        target=target,
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.address,
        port=port,
        workers=1,
        loop=Loops.uvloop,
        http=HTTPModes.auto,
        websockets=False,
        backlog=BACKLOG,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=HEADER_BUFFER
        ),
        http2_settings=HTTP2Settings(max_headers_size=HEADER_LIST),
        ssl_cert=settings.tls / "server.pem",
        ssl_key=settings.tls / "server.key",
        ssl_protocol_min=SSLProtocols.tls12,
        log_access=False,
        respawn_failed_workers=True,
        respawn_interval=0.5,
    )


if __name__ == "__main__":
    serve(Plane(sys.argv[1]))
