"""Pages and operations run beside the event loop."""

import asyncio
import threading
from contextvars import ContextVar

import pytest

from app.web.threads import run_in_thread

who: ContextVar[str] = ContextVar("who")


def test_work_runs_in_another_thread_with_the_requests_own_context() -> None:
    async def ask() -> tuple[str, bool]:
        who.set("hanako")
        return await run_in_thread(lambda: (who.get(), threading.current_thread().name != main))

    main = threading.current_thread().name
    assert asyncio.run(ask()) == ("hanako", True)


def test_arguments_go_in_and_errors_come_out() -> None:
    assert asyncio.run(run_in_thread(divmod, 7, 2)) == (3, 1)
    assert asyncio.run(run_in_thread(sorted, [1, 2], reverse=True)) == [2, 1]
    with pytest.raises(ZeroDivisionError):
        asyncio.run(run_in_thread(divmod, 7, 0))


def test_slow_work_leaves_room_for_others() -> None:
    release = threading.Event()

    async def ask() -> int:
        slow = asyncio.ensure_future(run_in_thread(release.wait, 30))
        quick = await run_in_thread(int, "3")
        assert not slow.done()
        release.set()
        assert await slow
        return quick

    assert asyncio.run(ask()) == 3
