"""No action takes longer than the table says: whoever asked hears of it, and the agent goes on.

A thread that waits for a dead disk or a hanging program cannot be ended. So it is left behind, and
there may only be so many at a time: then the agent says that it is busy.
"""

import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from appliance.contract.errors import AgentBusy, AgentTimedOut

Result = TypeVar("Result")

AT_ONCE: Final = 48
"""Actions that run or are left behind: more than there are connections."""


class _Work(threading.Thread, Generic[Result]):
    """An action in a thread of its own."""

    def __init__(self, act: Callable[[], Result], ended: Callable[[], None]) -> None:
        super().__init__(name="action", daemon=True)
        self._act, self._ended = act, ended
        self.result: list[Result] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        """Do it, and keep what came of it."""
        try:
            self.result.append(self._act())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            self.error = error
        finally:
            self._ended()


class Deadlines:
    """Runs actions, each for so long at most."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._places = threading.BoundedSemaphore(at_once)

    def within(self, seconds: float, action: str, act: Callable[[], Result]) -> Result:
        """Return what an action returns, or raise what it raises.

        Raise AgentTimedOut after `seconds`, AgentBusy where too many are at it.
        """
        if not self._places.acquire(blocking=False):
            raise AgentBusy
        work = _Work(act, self._places.release)
        work.start()
        work.join(seconds)
        if work.error is not None:
            raise work.error
        if work.is_alive() or not work.result:
            raise AgentTimedOut(action=action, seconds=seconds)
        return work.result[0]
