"""A process that systemd watches says again and again that it works (sd_notify(3)).

    watchdog.beat()   where the work goes round

A process that hangs says nothing more, and systemd starts it again (`WatchdogSec=` of its unit).
Where nobody watches, on a laptop or in a container, it does nothing.
"""

import logging
import os
import socket
import time
from collections.abc import Mapping
from typing import Final

BEATS: Final = 4
"""So often within the time after which systemd takes it for dead: three may be lost."""

log = logging.getLogger("tenshu.watchdog")


def notify(address: str, told: bytes) -> None:
    """Tell systemd. Raise OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as systemd:
        systemd.connect(address.replace("@", "\0", 1) if address[0] == "@" else address)
        systemd.send(told)


class Watchdog:
    """What systemd has told this process in its environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        told = environ.get("WATCHDOG_USEC", "")
        self.seconds = int(told) / 1e6 if self._address and told.isdigit() else 0.0
        """After which it is taken for dead; 0 where nobody watches."""
        self._due = 0.0

    def beat(self) -> None:
        """Say that it works, unless that was said a moment ago."""
        now = time.monotonic()
        if not self.seconds or now < self._due:
            return
        self._due = now + self.seconds / BEATS
        try:
            notify(self._address, b"WATCHDOG=1")
        except OSError:
            log.exception("systemd was not told that this process works")


OURS: Final = Watchdog(os.environ)


def pause(seconds: float) -> float:
    """Return how long may be waited for the next beat: so many seconds at most."""
    return min(seconds, OURS.seconds / BEATS) if OURS.seconds else seconds


def beat() -> None:
    """Say that this process works, unless that was said a moment ago."""
    OURS.beat()
