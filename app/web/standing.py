"""What the bar on top says of the whole: is everything well, how many jobs are running.

It stands on every page, so it is asked for at most every few seconds, whoever looks.
"""

import time
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import msgspec

from app.jobs.operations import ListJobs, list_jobs
from app.operations.permissions import Permission
from app.web.asking import AnyRequest, context_of

HEALTH_SECONDS: Final = 15.0
"""The overview asks each time; elsewhere a quarter of a minute is soon enough."""
RUNNING_SECONDS: Final = 3.0
MOST_RUNNING: Final = 100
"""More are not counted one by one."""
MOST_KEPT: Final = 10_000
"""People who are remembered at once; then everybody is asked for anew."""

Value = TypeVar("Value")


class Memory(Generic[Value]):
    """Values that hold for some seconds. Several threads may ask: then the last answer stays."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: dict[str, tuple[float, Value]] = {}

    def get(self, key: str, ask: Callable[[], Value]) -> Value:
        """Return what is remembered under `key`, else what `ask` returns now."""
        kept = self._kept.get(key)
        if kept and time.monotonic() < kept[0]:
            return kept[1]
        return self.put(key, ask())

    def put(self, key: str, value: Value) -> Value:
        """Remember a value that was just found, and return it."""
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[key] = (time.monotonic() + self._seconds, value)
        return value


class Health(msgspec.Struct, frozen=True):
    """Whether somebody has to do something."""

    kind: str
    """`success`, `warning` or `danger`."""
    text: str
    """In the viewer's language."""


HealthOf = Callable[[AnyRequest], Health | None]
"""None where the viewer may not know."""


def no_health(_request: AnyRequest) -> Health | None:
    """Return nothing: people who work with the appliance do not look after it."""
    return None


class Standing(msgspec.Struct, frozen=True):
    """What the bar shows one viewer."""

    health: Health | None
    running: int
    """Jobs that have not ended: everybody's for those who may see them, else one's own."""


def make_memories() -> dict[str, Memory[Any]]:
    """Return the empty memories of one process."""
    return {"running": Memory[int](RUNNING_SECONDS), "health": Memory(HEALTH_SECONDS)}


def standing_of(request: AnyRequest) -> Standing:
    """Return what the bar shows to the person who asks."""
    return Standing(health=request.app.state.health(request), running=_running(request))


def _running(request: AnyRequest) -> int:
    context = context_of(request)
    everybody = context.actor.rights.allows(Permission.JOBS_VIEW)

    def count() -> int:
        asked = ListJobs(everybody=everybody, open_only=True, limit=MOST_RUNNING)
        return len(list_jobs(context, asked).items)

    remembered: Memory[int] = request.app.state.memories["running"]
    return remembered.get("everybody" if everybody else context.actor.account, count)
