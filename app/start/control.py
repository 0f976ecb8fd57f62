"""Speak with the running supervisor over its Unix socket."""

from typing import Any
from xmlrpc.client import ServerProxy

from supervisor.xmlrpc import SupervisorTransport  # type: ignore[import-untyped]

from app.core.settings import Settings
from app.start.programs import SOCKET


def supervisor_of(settings: Settings) -> Any:  # noqa: ANN401 - methods by name, over XML-RPC
    """Return supervisord's interface; its calls raise OSError where it does not run."""
    socket = settings.run / SOCKET
    transport = SupervisorTransport(None, None, serverurl=f"unix://{socket}")
    # the address is a formality: the transport speaks with the socket
    return ServerProxy("http://127.0.0.1", transport=transport).supervisor
