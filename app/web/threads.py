"""Where pages and operations run: beside the event loop, in one thread as long as that is enough.

Python runs one thread at a time, and each turn between threads costs as much as a short request:
six threads serve half of what one does. But slow work (a password's hash, a long search, waiting
for the write lock) must leave others room. So work stands in one line, and one thread serves it;
where the line has stood still for a moment, another thread joins.
"""

import asyncio
import contextlib
import functools
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Final, ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

THREADS: Final = 6
PATIENCE: Final = 0.01
"""Seconds in which a line that moves starts something."""


class Line:
    """Work that waits, and the threads that serve it."""

    def __init__(self, threads: int, patience: float) -> None:
        self._threads, self._patience = threads, patience
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="work")
        self._waiting: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._serving = 0
        self._begun = 0
        """How many pieces of work were begun so far: where it stays the same, the line stands."""
        self._watcher: asyncio.AbstractEventLoop | None = None

    def put(self, work: Callable[[], None], loop: asyncio.AbstractEventLoop) -> None:
        """Let `work` wait its turn. Called in `loop`, which watches whether the line moves."""
        with self._lock:
            self._waiting.append(work)
            alone = self._serving == 0
            if alone:
                self._serving = 1
        if alone:
            self._pool.submit(self._serve)
        elif self._watcher is not loop:
            self._watcher = loop
            loop.call_later(self._patience, self._watch, loop, self._begun)

    def _serve(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._serving -= 1
                    return
                work = self._waiting.popleft()
                self._begun += 1
            work()

    def _watch(self, loop: asyncio.AbstractEventLoop, begun: int) -> None:
        with self._lock:
            if not self._waiting:
                self._watcher = None
                return
            joins = self._begun == begun and self._serving < self._threads
            if joins:
                self._serving += 1
        if joins:
            self._pool.submit(self._serve)
        loop.call_later(self._patience, self._watch, loop, self._begun)


_line: Final = Line(THREADS, PATIENCE)


async def run_in_thread(
    function: Callable[Parameters, Result],
    /,
    *arguments: Parameters.args,
    **named: Parameters.kwargs,
) -> Result:
    """Run `function` beside the loop, and return what it returns or raise what it raises."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Result] = loop.create_future()
    run = functools.partial(copy_context().run, function, *arguments, **named)

    def tell(told: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits any more
            loop.call_soon_threadsafe(lambda: None if outcome.done() else told())

    def work() -> None:
        try:
            result = run()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            tell(functools.partial(outcome.set_exception, error))
        else:
            tell(functools.partial(outcome.set_result, result))

    _line.put(work, loop)
    return await outcome
