"""Which night it is, and what is due in it, at a time that is the machine's own."""

import datetime as dt

import pytest

from appliance.contract.configuration.upkeep import Upkeep
from appliance.upkeep.hours import DAY, WORKS, Night, delay, due, night_at

HOUR = dt.timedelta(hours=1)
TOKYO = Upkeep()
OVER_MIDNIGHT = Upkeep(begins="23:00", ends="03:00")
BERLIN = Upkeep(begins="01:00", ends="05:00", zone="Europe/Berlin")
FIRST = Night(
    dt.datetime(2026, 11, 30, 16, tzinfo=dt.UTC), dt.datetime(2026, 11, 30, 20, tzinfo=dt.UTC)
)
"""From one to five in Tokyo, on the first of December."""
TRIM, START, GO_ON, SLOTS = (one.unit for one in WORKS)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("upkeep", "now", "begins"),
    [
        (TOKYO, "2026-11-30T15:59", None),
        (TOKYO, "2026-11-30T16:00", "2026-11-30T16:00"),
        (TOKYO, "2026-11-30T19:59", "2026-11-30T16:00"),
        (TOKYO, "2026-11-30T20:00", None),
        (OVER_MIDNIGHT, "2026-11-30T14:00", "2026-11-30T14:00"),
        (OVER_MIDNIGHT, "2026-11-30T17:59", "2026-11-30T14:00"),
        (OVER_MIDNIGHT, "2026-11-30T18:00", None),
        (BERLIN, "2026-03-29T00:30", "2026-03-29T00:00"),
        (BERLIN, "2026-03-29T03:00", None),
    ],
)
def test_a_night_begins_and_ends_by_the_zone_of_the_document_S7(upkeep, now, begins):
    found = night_at(upkeep, at(now))
    assert (found.begins if found else None) == (at(begins) if begins else None)


def test_the_night_of_a_change_to_summer_time_is_shorter_S7():
    night = night_at(BERLIN, at("2026-03-29T00:30"))
    assert night
    assert night.length == 3 * HOUR


def test_each_machine_begins_at_a_time_of_its_own_in_the_first_half_S7():
    delays = [delay(f"machine-{number}", FIRST) for number in range(200)]
    assert all(dt.timedelta() <= one < FIRST.length / 2 for one in delays)
    quarters = [sum(one // (HOUR / 2) == part for one in delays) for part in range(4)]
    assert min(quarters) > 30, f"they are spread: {quarters}"
    assert delay("machine-7", FIRST) == delays[7], "and it stays"


def units(now: dt.datetime, night: Night, done: dict[str, int]) -> list[str]:
    return [one.unit for one in due("machine", night, now, done)]


def test_before_its_time_a_machine_rests_and_afterwards_it_does_what_is_due_S7():
    begins = FIRST.begins + delay("machine", FIRST)
    assert units(begins - dt.timedelta(seconds=1), FIRST, {}) == []
    assert units(begins, FIRST, {}) == [TRIM, START], "what begins anew has nothing to go on with"


def test_each_work_comes_once_in_so_many_nights_S7():
    done: dict[str, int] = {}
    begun: dict[str, list[int]] = {TRIM: [], START: [], GO_ON: [], SLOTS: []}
    for number in range(57):
        night = Night(FIRST.begins + number * DAY, FIRST.ends + number * DAY)
        for minute in range(0, 240, 30):
            for unit in units(night.begins + dt.timedelta(minutes=minute), night, done):
                done[unit] = int(night.begins.timestamp())
                begun[unit].append(number)
    assert begun[TRIM] == list(range(0, 57, 7))
    assert begun[START] == [0, 28, 56]
    assert begun[GO_ON] == [one for one in range(57) if one % 28]
    assert begun[SLOTS] == [1, 29], "in no night in which the mirrors are begun"


def test_what_was_done_by_a_clock_that_was_ahead_keeps_nothing_from_being_done_S7():
    ahead = int((FIRST.begins + 365 * DAY).timestamp())
    assert TRIM in units(FIRST.ends - HOUR, FIRST, {TRIM: ahead})
