"""Speak with the running supervisor over its Unix socket."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any
from xmlrpc.client import ServerProxy

from supervisor.xmlrpc import SupervisorTransport  # type: ignore[import-untyped]

from app.core.settings import Settings
from app.start.programs import SOCKET


@contextlib.contextmanager
def supervisor_of(settings: Settings) -> Iterator[Any]:
    """Give supervisord's interface; its calls raise OSError where it does not run."""
    folder = os.open(settings.run, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # by way of the open folder: a socket's whole path may have 107 bytes (unix(7))
        url = f"unix:///proc/self/fd/{folder}/{SOCKET}"
        with contextlib.closing(SupervisorTransport(None, None, serverurl=url)) as transport:
            # the address is a formality: the transport speaks with the socket
            yield ServerProxy("http://127.0.0.1", transport=transport).supervisor
    finally:
        os.close(folder)
