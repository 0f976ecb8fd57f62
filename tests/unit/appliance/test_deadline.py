"""An action that hangs: who asked hears of it, and the agent serves on."""

import threading

import pytest

from appliance.agent.deadline import Deadlines
from appliance.contract.action import START_SECONDS, call_seconds
from appliance.contract.errors import AgentBusy, AgentTimedOut, MessageTooLarge
from appliance.contract.table import TABLE


def test_what_comes_in_time_is_the_answer() -> None:
    assert Deadlines().within(5, "A", lambda: 7) == 7


def test_an_error_comes_as_it_is() -> None:
    def fail() -> None:
        raise MessageTooLarge(limit=1)

    with pytest.raises(MessageTooLarge):
        Deadlines().within(5, "A", fail)


def test_what_hangs_is_left_behind_and_only_so_many_are() -> None:
    deadlines, wake = Deadlines(at_once=2), threading.Event()
    try:
        for _ in range(2):
            with pytest.raises(AgentTimedOut) as late:
                deadlines.within(0.01, "ListArchives", wake.wait)
            assert late.value.parameters == {"action": "ListArchives", "seconds": 0.01}
        with pytest.raises(AgentBusy):
            deadlines.within(5, "A", lambda: 7)
    finally:
        wake.set()
    for thread in threading.enumerate():
        if thread.name == "action":
            thread.join(5)
    assert deadlines.within(5, "A", lambda: 7) == 7


def test_a_long_action_only_starts_within_its_call() -> None:
    assert call_seconds(TABLE["RunBackup"]) == START_SECONDS
    assert call_seconds(TABLE["ListArchives"]) == TABLE["ListArchives"].timeout
    assert all(0 < call_seconds(action) <= 600 for action in TABLE.values())
