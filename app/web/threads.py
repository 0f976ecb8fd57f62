"""Where pages and operations run: beside the event loop, in a few threads that live on.

Few, because Python runs one of them at a time: more only take turns, and each turn costs. Enough
that slow work (a password's hash, a long search, waiting for the write lock) leaves others room.
"""

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Final, ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

THREADS: Final = 6

_pool: Final = ThreadPoolExecutor(THREADS, thread_name_prefix="work")


async def run_in_thread(
    function: Callable[Parameters, Result],
    /,
    *arguments: Parameters.args,
    **named: Parameters.kwargs,
) -> Result:
    """Run `function` in one of the threads, and return what it returns or raise what it raises."""
    work = functools.partial(copy_context().run, function, *arguments, **named)
    return await asyncio.get_running_loop().run_in_executor(_pool, work)
