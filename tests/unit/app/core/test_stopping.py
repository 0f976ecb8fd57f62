"""A process that is told to stop stops, whenever the signal comes."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.core.stopping import Stop


def test_who_waits_is_told_and_so_is_everybody_later() -> None:
    stop = Stop()
    with ThreadPoolExecutor(3) as waiting:
        answers = [waiting.submit(stop.wait, 30) for _ in range(3)]
        stop.set()
        assert [answer.result(30) for answer in answers] == [True] * 3
    assert stop.is_set()
    assert stop.wait(30)


def test_nobody_says_so_and_time_goes_by() -> None:
    stop = Stop()
    began = time.monotonic()
    assert not stop.wait(0.01)
    assert time.monotonic() - began >= 0.01
    assert not stop.wait(-1)
    assert not stop.is_set()


@pytest.fixture
def alarms() -> Iterator[None]:
    kept = signal.getsignal(signal.SIGALRM)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, kept)


@pytest.mark.timeout(60)
def test_a_signal_may_come_at_any_step_of_the_wait(alarms: None) -> None:
    """With `threading.Event` one of the first hundred hangs for ever."""
    for round_ in range(3_000):
        stop = Stop()
        signal.signal(signal.SIGALRM, lambda *_, stop=stop: stop.set())
        signal.setitimer(signal.ITIMER_REAL, 1e-5 + round_ % 50 * 1e-6)
        while not stop.wait(0):
            continue
