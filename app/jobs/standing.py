"""Work that is always there: looked at again and again, in a thread of its own.

    @standing("mail.courier", every=2 * SECOND)
    def deliver(appliance: Appliance, is_stopping: Callable[[], bool]) -> None: ...

A job is one piece of work that somebody asked for. What watches (a queue of mails, the coming of
a day) stands here instead: it hangs alone when what it talks to hangs, and takes no thread from the
jobs. Declared in a module `jobs.py`, as handlers are. A turn that fails is logged and tried again
at the next; a turn that a kill cuts off leaves nothing but what its transactions committed.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from app.core import clock
from app.core.doubt import in_doubt
from app.operations.context import Appliance

Turn = Callable[[Appliance, Callable[[], bool]], None]
"""Gets the appliance, and a question to ask between two steps: shall the process end?"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """One kind of standing work."""

    name: str
    every: int
    """Milliseconds between the end of a turn and the next."""
    turn: Turn
    sends: bool = False
    """Whether it reaches others: then it waits while it is in doubt which machine this is."""


_standing: Final[dict[str, Standing]] = {}


def standing(name: str, *, every: int, sends: bool = False) -> Callable[[Turn], Turn]:
    """Register a function as standing work, `every` milliseconds; `sends` as in `Standing`."""

    def wrap(turn: Turn) -> Turn:
        if name in _standing:
            msg = f"two kinds of standing work are called {name}"
            raise ValueError(msg)
        _standing[name] = Standing(name, every, turn, sends)
        return turn

    return wrap


def start_standing(appliance: Appliance, stop: threading.Event) -> list[threading.Thread]:
    """Start a thread for each kind of standing work; they end after the turn that `stop` meets.

    They are daemons: one that hangs outside does not keep the process from ending.
    """
    threads = [
        threading.Thread(target=_stand, args=(one, appliance, stop), name=one.name, daemon=True)
        for one in _standing.values()
    ]
    for thread in threads:
        thread.start()
    return threads


def _stand(one: Standing, appliance: Appliance, stop: threading.Event) -> None:
    problem = ""
    while not stop.is_set():
        try:
            if not (one.sends and in_doubt(appliance.settings)):
                one.turn(appliance, stop.is_set)
            problem = ""
        except Exception as error:  # noqa: BLE001 - the thread outlives what goes wrong outside
            if str(error) != problem:
                _log.exception("%s failed; it is tried again", one.name)
            problem = str(error)
        stop.wait(one.every / clock.SECOND)
