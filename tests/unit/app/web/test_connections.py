"""How long a connection is waited for, and how many there is room for."""

import subprocess
import sys

import pytest

from app.web.connections import BODY_RATE, BODY_SECONDS, CONNECTIONS, body_deadline, places

BEGAN = 1000.0


def test_a_body_that_does_not_begin_is_given_up_after_its_first_seconds_V12():
    assert body_deadline(BEGAN, BEGAN, received=0) == BEGAN + BODY_SECONDS
    assert body_deadline(BEGAN, BEGAN + 5, received=0) == BEGAN + BODY_SECONDS


def test_a_body_that_comes_in_drops_is_given_up_though_each_drop_is_in_time_V12():
    now = BEGAN + BODY_SECONDS + 1
    assert body_deadline(BEGAN, now, received=100) < now


def test_a_body_that_keeps_its_rate_is_waited_for_as_long_as_it_is_large():
    hour = 3600
    received = hour * BODY_RATE
    assert body_deadline(BEGAN, BEGAN + hour, received) == BEGAN + hour + BODY_SECONDS


def test_what_came_quickly_at_first_gives_no_right_to_fall_silent_V12():
    assert body_deadline(BEGAN, BEGAN + 1, received=10**9) == BEGAN + 1 + BODY_SECONDS


@pytest.mark.parametrize(
    ("soft", "hard", "room", "then"),
    [
        (300, 300, 44, 300),
        (1024, 5000, CONNECTIONS, CONNECTIONS + 256),
        (1024, 2000, 2000 - 256, 2000),
        (5000, 5000, CONNECTIONS, 5000),
        (100, 100, 1, 100),
    ],
)
def test_there_are_as_many_places_as_the_process_may_open_files_V12(soft, hard, room, then):
    program = (
        "import resource; from app.web.connections import places;"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}));"
        "print(places(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == [str(room), str(then)], done.stderr


def test_few_places_need_no_more_files():
    assert places(1) == 1
