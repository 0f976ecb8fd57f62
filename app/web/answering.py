"""A plane that has started is one that answers: its worker says so, the main process tells systemd.

Both have this module from before the worker was forked, and with it the same event and the same
clock: the worker's event loop sets it as long as it goes round. Where it does not, the main process
says no more that the plane works, and systemd starts it again.
"""

import asyncio
import multiprocessing
import os
import threading
import time
from multiprocessing.sharedctypes import RawValue
from typing import Any, Final

from appliance.contract import watchdog

_ANSWERS: Final = multiprocessing.get_context("fork").Event()
_TURNED: Final[Any] = RawValue("d", 0.0)
"""When the worker's event loop last went round, on the clock that both have."""
EVERY: Final = 2.0
"""Seconds between two looks whether it does."""


def answers() -> None:
    """Say in the worker that it answers, and from now on that its event loop goes round."""
    _ANSWERS.set()
    _turn(asyncio.get_running_loop())


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    _TURNED.value = time.monotonic()
    loop.call_later(EVERY, _turn, loop)


def tell_systemd() -> None:
    """Tell systemd, if that started us, once a worker answers: who waits goes on (sd_notify(3))."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        threading.Thread(target=_tell, args=(address,), name="answering", daemon=True).start()


def _tell(address: str) -> None:
    _ANSWERS.wait()
    watchdog.notify(address, b"READY=1")
    while watchdog.OURS.seconds:
        if turns(watchdog.OURS.seconds / watchdog.BEATS):
            watchdog.beat()
        threading.Event().wait(min(EVERY, watchdog.OURS.seconds / watchdog.BEATS / 2))


def turns(within: float) -> bool:
    """Tell whether the worker's event loop went round within some seconds."""
    return time.monotonic() - float(_TURNED.value) < max(within, 2 * EVERY)
