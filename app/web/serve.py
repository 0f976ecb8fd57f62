"""Serve one plane: `python -m app.web.serve console`.

One worker process under granian's main process; the worker dies with the main process, which dies
with the supervisor, so that no orphan serves old code.
"""

import datetime as dt
import gc
import socket
import sys
from pathlib import Path
from typing import Any, Final

from granian.constants import HTTPModes, Interfaces, Loops, SSLProtocols
from granian.http import HTTP1Settings
from granian.net import SocketHolder  # type: ignore[attr-defined]  # there, to be pickled
from granian.server.mp import MPServer

from app.core import lifeline
from app.core.log import configure_logging
from app.core.settings import Settings, load_settings
from app.operations.context import Plane
from app.web.connections import ANSWER_SECONDS, HEADER_SECONDS, places
from appliance.contract.certificates.folder import Folder
from appliance.contract.varlink import address_of

HEADER_BUFFER: Final = 64 * 1024
"""The gate refuses at 32 KiB with a page; beyond this the connection is cut."""
BACKLOG: Final = 256
BLOCKING_THREADS: Final = 1
SOCKET_MODE: Final = 0o660
"""Of a socket to the edge: for its group too, and for nobody else."""
AS_OURS: Final[dict[str, Any]] = {
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"propagate": True}},
}
"""What granian says goes to the root, whose lines are JSON."""


def main(name: str) -> None:
    """Serve the plane of this name until the process is told to stop."""
    plane = Plane(name)
    gc.disable()  # until the worker has loaded: app.web.process.end_loading
    settings = load_settings()
    configure_logging(plane.value)
    lifeline.die_with_parent()
    lifeline.announce_parent()
    title = f"python -m app.web.serve {plane.value}"  # no longer than the command line it replaces
    target = f"app.{plane.value}.app:create"
    if settings.edge:
        behind_edge(settings.plane_socket(plane.value), target, title).serve()
        return
    port = settings.console_port if plane is Plane.CONSOLE else settings.workspace_port
    server(settings, target, port, title).serve()


class ListeningServer(MPServer):
    """granian with one listening socket for whatever worker lives, and an end to slow readers."""

    def _init_shared_socket(self) -> None:
        super()._init_shared_socket()  # type: ignore[no-untyped-call]  # granian's own
        specification: Any = self._ssp  # with which, on Linux, each worker would listen by itself
        self._shd = specification.build()
        self._sfd, self._ssp = self._shd.get_fd(), None  # type: ignore[attr-defined]  # granian's
        listening = socket.socket(fileno=self._sfd)
        listening.set_inheritable(True)
        # every connection has this from the socket that listens (tcp(7))
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, ANSWER_SECONDS * 1000)
        self._sso = listening


class SocketServer(MPServer):
    """granian on a unix socket, however deep its folder lies."""

    def _init_shared_socket(self) -> None:
        path: Any = self.bind_uds
        path.unlink(missing_ok=True)  # whoever was killed has left it
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with address_of(path) as address:
            listening.bind(address)
        path.chmod(SOCKET_MODE)
        listening.listen(BACKLOG)
        listening.set_inheritable(True)
        holder: Any = SocketHolder
        self._sso, self._ssp = listening, None
        self._shd = holder(listening.fileno(), True, BACKLOG)


def behind_edge(path: Path, target: str, title: str | None = None) -> SocketServer:
    """Return what serves an ASGI application on a socket, to the edge: without TLS."""
    return SocketServer(uds=path, **_common(target, title))


def server(settings: Settings, target: str, port: int, title: str | None = None) -> ListeningServer:
    """Return what serves the ASGI application that the function `target` makes.

    `title` is what a list of processes shows; granian's own without.
    """
    plane = "console" if port == settings.console_port else "workspace"
    shown = Folder(settings.data).pair_for(plane, dt.datetime.now(dt.UTC))
    return ListeningServer(
        address=settings.address,
        port=port,
        ssl_cert=shown.chain,
        ssl_key=shown.key,
        ssl_protocol_min=SSLProtocols.tls12,
        **_common(target, title),
    )


def _common(target: str, title: str | None) -> dict[str, Any]:
    return {
        "target": target,
        "factory": True,
        "interface": Interfaces.ASGI,
        "workers": 1,
        "loop": Loops.uvloop,
        # where both versions are offered, a connection that says nothing is held for ever
        "http": HTTPModes.http1,
        "websockets": False,
        "backlog": BACKLOG,
        "backpressure": places(),
        "http1_settings": HTTP1Settings(
            header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=HEADER_BUFFER
        ),
        "log_access": False,
        "log_dictconfig": AS_OURS,
        "respawn_failed_workers": True,
        "respawn_interval": 0.5,
        "process_name": title,
    }


if __name__ == "__main__":
    main(sys.argv[1])
