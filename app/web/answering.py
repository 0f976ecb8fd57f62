"""A plane that has started is one that answers: its worker says so, the main process tells systemd.

Both have this module from before the worker was forked, and with it the same event.
"""

import multiprocessing
import os
import socket
import threading
from typing import Final

_ANSWERS: Final = multiprocessing.get_context("fork").Event()


def answers() -> None:
    """Say in the worker that it answers from now on."""
    _ANSWERS.set()


def tell_systemd() -> None:
    """Tell systemd, if that started us, once a worker answers: who waits goes on (sd_notify(3))."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        threading.Thread(target=_tell, args=(address,), name="answering", daemon=True).start()


def _tell(address: str) -> None:
    _ANSWERS.wait()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as systemd:
        systemd.connect(address.replace("@", "\0", 1) if address[0] == "@" else address)
        systemd.send(b"READY=1")
