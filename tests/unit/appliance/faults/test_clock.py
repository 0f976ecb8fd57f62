"""The clock while the machine runs: a jump is told, and what was doubted ends with it."""

import pytest

from appliance.contract.faults.state import FaultKind
from appliance.faults.clock import KEPT_EVERY, SETTLED, ClockLook
from appliance.machine import clock
from appliance.machine.clock import Clock, Doubt, read
from appliance.machine.versions import boot_identifier

START, DECADES = 1_000_000_000.0, 800_000_000.0


class Times:
    """Both clocks of a machine, in a test's hands."""

    def __init__(self) -> None:
        self.wall, self.boot = START, 20.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.boot += seconds


@pytest.fixture
def times() -> Times:
    return Times()


def looking(folder, times: Times) -> ClockLook:
    return ClockLook(folder, lambda: times.wall, lambda: times.boot)


def doubted(folder, times: Times, kind: FaultKind, boot: str = "") -> ClockLook:
    doubt = Doubt(
        kind=kind, told=5.0, put=START, boot=boot or boot_identifier(), offset=START - times.boot
    )
    clock.keep(folder, Clock(seen=START, doubt=doubt))
    return looking(folder, times)


def kinds(look: ClockLook) -> list[FaultKind]:
    return [one.kind for one in look.look()[0]]


def test_a_dead_battery_is_told_until_the_clock_is_put_METI_46(tmp_path, times):
    look = doubted(tmp_path, times, FaultKind.clock_unset)
    (found,), jumped = look.look()
    assert jumped is None
    assert (found.kind, found.subject) == (FaultKind.clock_unset, "1970-01-01T00:00:05Z")
    times.pass_by(3 * SETTLED)
    assert kinds(look) == [FaultKind.clock_unset], "nobody has put it"
    times.wall += DECADES
    none, jumped = look.look()
    assert not none
    assert jumped
    assert jumped.kind is FaultKind.clock_jumped
    assert jumped.subject.startswith("2001-09-09")
    assert jumped.other.startswith("2027-01")
    assert read(tmp_path).doubt is None


def test_what_was_put_while_the_agent_was_away_is_over_too(tmp_path, times):
    doubted(tmp_path, times, FaultKind.clock_unset)
    times.wall += DECADES
    assert not kinds(looking(tmp_path, times))


def test_a_time_that_nobody_puts_right_goes_on_over_restarts(tmp_path, times):
    look = doubted(tmp_path, times, FaultKind.clock_unset)
    look.look()
    times.pass_by(KEPT_EVERY)
    look.look()
    assert read(tmp_path).seen == START + KEPT_EVERY


def test_an_earlier_time_is_believed_after_an_hour_for_it_may_be_the_right_one(tmp_path, times):
    look = doubted(tmp_path, times, FaultKind.clock_behind)
    clock_before = read(tmp_path).seen
    times.pass_by(KEPT_EVERY)
    assert kinds(look) == [FaultKind.clock_behind]
    assert read(tmp_path).seen == clock_before
    times.pass_by(SETTLED)
    assert not kinds(look)
    assert read(tmp_path).seen == times.wall


def test_the_doubt_of_another_start_is_none_of_this(tmp_path, times):
    assert not kinds(doubted(tmp_path, times, FaultKind.clock_unset, boot="another"))


def test_a_clock_that_jumps_is_not_kept_as_believed_for_an_hour(tmp_path, times):
    look = looking(tmp_path, times)
    assert look.look() == ([], None)
    assert read(tmp_path).seen == START
    times.wall += DECADES
    assert look.look()[1]
    times.pass_by(KEPT_EVERY)
    assert look.look() == ([], None)
    assert read(tmp_path).seen == START
    times.pass_by(SETTLED)
    look.look()
    assert read(tmp_path).seen == times.wall


def test_what_a_time_server_puts_right_in_small_steps_is_no_jump(tmp_path, times):
    look = looking(tmp_path, times)
    look.look()
    times.wall += 90
    assert look.look() == ([], None)
