"""Days of the daily mail: a clock that jumps neither doubles nor loses one."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from app.offsite.days import day_of, is_due


def at(text: str, zone: str = "Asia/Tokyo") -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "day"),
    [("2027-03-31T06:59", "2027-03-30"), ("2027-03-31T07:00", "2027-03-31"),
     ("2027-04-01T00:30", "2027-03-31")],
)  # fmt: skip
def test_a_day_begins_at_the_chosen_hour_where_the_appliance_is(now, day):
    assert day_of(at(now), 7, "Asia/Tokyo").isoformat() == day


def test_an_hour_that_comes_twice_or_never_doubles_and_loses_nothing():
    zone, sent = "Europe/Berlin", ""
    mailed = []
    moment = at("2027-03-26T00:00", zone)
    while moment < at("2027-11-03T00:00", zone):
        day = day_of(moment, 2, zone)
        if is_due(day, sent):
            sent = day.isoformat()
            mailed.append(day)
        moment += 20 * 60 * 1000
    assert mailed == [mailed[0] + dt.timedelta(days=number) for number in range(len(mailed))]


@pytest.mark.parametrize(
    ("named", "due"),
    [("", True), ("2027-03-30", True), ("2027-03-31", False),
     ("2027-04-01", False), ("2099-01-01", True)],
)  # fmt: skip
def test_a_clock_set_back_waits_and_a_day_of_the_far_future_is_not_believed(named, due):
    assert is_due(dt.date(2027, 3, 31), named) is due
