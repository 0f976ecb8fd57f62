"""A wall clock that somebody sets while a change waits to be confirmed (F6)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.contract.configuration.state import Outcome, Reason
from appliance.machine.versions import boot_time
from tests.hosts import Network
from tests.integration.appliance.machine.conftest import LOCAL, MANAGED, NOBODY, Machine
from tests.integration.wall_clock import BACK, FORWARD, clock_of
from tests.running import wait_until

OPEN, NARROW, SHUT = ("open", "open"), ("open", "filtered"), ("filtered", "filtered")
WINDOW = 60.0
LATE = 5.0
"""Seconds after its end at which a window must have been taken back."""


@pytest.fixture
def wall_clock(net: Network, tmp_path: Path) -> Iterator[tuple[Machine, Path]]:
    """A machine whose wall clock is set by a file; the clock since its start stays the kernel's."""
    found = Machine(net, tmp_path)
    (tmp_path / "data").mkdir()
    found.variables, shown = clock_of(tmp_path)
    found.start()
    try:
        yield found, shown
    finally:
        found.close()
        net.appliance.run("nft", "flush", "ruleset")


def test_a_clock_that_jumps_ends_no_window_and_prolongs_none_F6(
    wall_clock: tuple[Machine, Path],
) -> None:
    machine, shown = wall_clock
    machine.apply(NOBODY)
    for days in (400, -400):
        shown.write_text(str(days * 86_400))
        pending = machine.client.configuration(LOCAL).pending
        assert pending
        assert 20 < pending.left <= 30
    assert machine.console() == SHUT
    machine.shorten(0.2)
    machine.wait_for_console(*OPEN)
    wait_until(lambda: machine.versions.armed() is None, "it is over", 20)
    assert machine.outcome(2) == (Outcome.reverted, Reason.not_confirmed)
    version = machine.versions.read(2)
    assert version.ended_at < version.at, "the clock was really set back"


@pytest.mark.slow  # a window's whole minute
@pytest.mark.timeout(150)
def test_a_window_ends_after_its_minute_though_the_clock_jumps_two_hours_on_and_back_F6(
    wall_clock: tuple[Machine, Path],
) -> None:
    machine, shown = wall_clock
    began = boot_time()
    applied = machine.apply(NOBODY, seconds=int(WINDOW))
    armed = machine.versions.armed()
    assert armed
    assert armed.deadline is not None
    assert began + WINDOW <= armed.deadline <= boot_time() + WINDOW
    shown.write_text(str(FORWARD))
    wait_until(lambda: boot_time() > began + WINDOW / 3, "a third of it is over", 30)
    assert machine.console() == SHUT, "two hours on, it is not over"
    shown.write_text(str(BACK))
    wait_until(lambda: machine.versions.armed() is None, "it is taken back", WINDOW)
    assert 0 <= boot_time() - armed.deadline <= LATE, "two hours back, it is not longer either"
    machine.wait_for_console(*OPEN)
    assert machine.outcome(applied.number) == (Outcome.reverted, Reason.not_confirmed)


@pytest.mark.parametrize("seconds", [FORWARD, BACK], ids=["on", "back"])
def test_who_confirms_within_the_window_is_heard_though_the_clock_jumps_two_hours_F6(
    wall_clock: tuple[Machine, Path], seconds: int
) -> None:
    machine, shown = wall_clock
    applied = machine.apply(MANAGED, seconds=int(WINDOW))
    assert applied.outcome is Outcome.waiting
    shown.write_text(str(seconds))
    machine.client.confirm(LOCAL, applied.number)
    assert machine.versions.armed() is None
    assert machine.outcome(applied.number)[0] is Outcome.confirmed
    assert machine.console() == NARROW
