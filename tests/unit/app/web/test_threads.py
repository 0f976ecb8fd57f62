"""Pages and operations run beside the event loop."""

import asyncio
import threading
from contextvars import ContextVar

import pytest

from app.web.threads import THREADS, Line, run_in_thread
from tests.apart import run_apart

who: ContextVar[str] = ContextVar("who")


def test_work_runs_in_another_thread_with_the_requests_own_context() -> None:
    async def ask() -> tuple[str, bool]:
        who.set("hanako")
        return await run_in_thread(lambda: (who.get(), threading.current_thread().name != main))

    main = threading.current_thread().name
    assert run_apart(ask()) == ("hanako", True)


def test_arguments_go_in_and_errors_come_out() -> None:
    assert run_apart(run_in_thread(divmod, 7, 2)) == (3, 1)
    assert run_apart(run_in_thread(sorted, [1, 2], reverse=True)) == [2, 1]
    with pytest.raises(ZeroDivisionError):
        run_apart(run_in_thread(divmod, 7, 0))


def test_slow_work_leaves_room_for_others() -> None:
    release = threading.Event()

    async def ask() -> int:
        slow = asyncio.ensure_future(run_in_thread(release.wait, 30))
        quick = await run_in_thread(int, "3")
        assert not slow.done()
        release.set()
        assert await slow
        return quick

    assert run_apart(ask()) == 3


def test_work_is_done_by_one_thread_while_the_line_moves() -> None:
    line, names, done = Line(THREADS, patience=60), [], threading.Event()

    async def ask() -> None:
        for _ in range(200):
            line.put(
                lambda: names.append(threading.current_thread().name), asyncio.get_running_loop()
            )
        line.put(done.set, asyncio.get_running_loop())
        await asyncio.to_thread(done.wait, 30)

    run_apart(ask())
    assert len(names) == 200
    assert len(set(names)) == 1


def test_so_many_slow_works_may_stand_beside_each_other_as_there_are_threads() -> None:
    """None of them ends before all have begun."""
    together = threading.Barrier(THREADS)

    async def ask() -> int:
        await asyncio.gather(*(run_in_thread(together.wait, 30) for _ in range(THREADS)))
        return await run_in_thread(int, "3")

    assert run_apart(ask()) == 3


def test_a_loop_that_ended_in_the_middle_keeps_nobody_waiting() -> None:
    release = threading.Event()

    async def leave() -> None:
        asyncio.ensure_future(run_in_thread(release.wait, 30))  # noqa: RUF006 - it is left
        asyncio.ensure_future(run_in_thread(int, "3"))  # noqa: RUF006
        await asyncio.sleep(0)

    run_apart(leave())
    try:
        assert run_apart(run_in_thread(int, "5")) == 5
    finally:
        release.set()
    assert run_apart(run_in_thread(int, "7")) == 7


def test_who_left_before_the_answer_is_told_nothing() -> None:
    release = threading.Event()

    async def ask() -> int:
        waiting = asyncio.ensure_future(run_in_thread(release.wait, 30))
        await asyncio.sleep(0)
        waiting.cancel()
        release.set()
        return await run_in_thread(int, "3")

    assert run_apart(ask()) == 3
