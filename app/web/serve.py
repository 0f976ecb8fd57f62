"""Serve one plane: `python -m app.web.serve console`.

One worker process under granian's main process; the worker dies with the main process, which dies
with the supervisor, so that no orphan serves old code.
"""

import datetime as dt
import gc
import multiprocessing
import socket
import sys
import time
from pathlib import Path
from typing import Any, Final, cast

from granian.constants import HTTPModes, Interfaces, Loops, SSLProtocols
from granian.http import HTTP1Settings
from granian.net import SocketHolder  # type: ignore[attr-defined]  # there, to be pickled
from granian.server.mp import MPServer, WorkerProcess

from app.core import lifeline
from app.core.log import configure_logging
from app.core.settings import Settings, load_settings
from app.operations.context import Plane
from app.web.answering import tell_systemd
from app.web.connections import ANSWER_SECONDS, HEADER_SECONDS, places
from app.web.following import Following
from appliance.contract.certificates.folder import Folder, Pair
from appliance.contract.varlink import address_of

HEADER_BUFFER: Final = 64 * 1024
"""The gate refuses at 32 KiB with a page; beyond this the connection is cut."""
BACKLOG: Final = 256
BLOCKING_THREADS: Final = 1
SOCKET_MODE: Final = 0o660
"""Of a socket to the edge: for its group too, and for nobody else."""
SIDE_BY_SIDE_SECONDS: Final = 0.5
"""After a worker with another certificate is loaded, the one before goes on that long."""
LOADING_SECONDS: Final = 60.0
"""At most, for that worker; a process that only serves needs two."""
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
    tell_systemd()
    title = f"python -m app.web.serve {plane.value}"  # no longer than the command line it replaces
    target = f"app.{plane.value}.app:create"
    if settings.edge:
        behind_edge(settings.plane_socket(plane.value), target, title).serve()
        return
    port = settings.console_port if plane is Plane.CONSOLE else settings.workspace_port
    serving = server(settings, target, port, title)
    Following(Folder(settings.data), plane.value, serving.shown, serving.show).start()
    serving.serve()


class ListeningServer(MPServer):
    """granian with one listening socket for whatever worker lives, and an end to slow readers."""

    def __init__(self, shown: Pair, **more: Any) -> None:  # noqa: ANN401 - granian's own
        """Show this certificate first."""
        self.shown = shown
        super().__init__(
            ssl_cert=shown.chain, ssl_key=shown.key, ssl_protocol_min=SSLProtocols.tls12, **more
        )

    def _spawn_worker(  # type: ignore[override]  # granian's own takes no more either
        self,
        idx: int,
        target: Any,  # noqa: ANN401
        callback_loader: Any,  # noqa: ANN401
    ) -> WorkerProcess:
        """Return a worker; one that takes over from another has loaded when it is started."""
        loaded = multiprocessing.get_context("fork").Event()

        def load() -> Any:  # noqa: ANN401 - granian's own
            try:
                return callback_loader()
            finally:
                loaded.set()

        def begin() -> None:
            start()
            deadline = time.monotonic() + LOADING_SECONDS
            while self.respawned_wrks and worker.is_alive() and not self.interrupt_signal:
                if loaded.wait(0.1) or time.monotonic() > deadline:
                    return

        worker: Any = super()._spawn_worker(idx, target, load)
        start, worker.start = worker.start, begin
        return cast("WorkerProcess", worker)

    def show(self, pair: Pair) -> None:
        """Show another certificate from now on. Raise OSError where its key does not fit.

        A new worker begins with it; the one before ends when it has answered.
        """
        self.build_ssl_context(pair.chain, pair.key, None, SSLProtocols.tls12, None, [], False)
        self.signal_handler_reload()  # type: ignore[no-untyped-call]  # granian's own

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
    plane = Plane.CONSOLE if port == settings.console_port else Plane.WORKSPACE
    shown = Folder(settings.data).pair_for(plane.value, dt.datetime.now(dt.UTC))
    return ListeningServer(shown, address=settings.address, port=port, **_common(target, title))


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
        "respawn_interval": SIDE_BY_SIDE_SECONDS,
        "process_name": title,
    }


if __name__ == "__main__":
    main(sys.argv[1])
