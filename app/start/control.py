"""Speak with the running supervisor over its Unix socket."""

import contextlib
from collections.abc import Iterator
from typing import Any
from xmlrpc.client import ServerProxy

from supervisor.xmlrpc import SupervisorTransport  # type: ignore[import-untyped]

from app.core.settings import Settings
from app.start.programs import SOCKET


@contextlib.contextmanager
def supervisor_of(settings: Settings) -> Iterator[Any]:
    """Give supervisord's interface; its calls raise OSError where it does not run."""
    transport = SupervisorTransport(None, None, serverurl=f"unix://{settings.run / SOCKET}")
    with contextlib.closing(transport):
        # the address is a formality: the transport speaks with the socket
        yield ServerProxy("http://127.0.0.1", transport=transport).supervisor
