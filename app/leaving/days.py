"""A last day, and when it is over for the person: at midnight where they are."""

import datetime as dt
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from msgspec import Meta

from app.core import clock
from app.core.errors import InvalidInput
from app.core.messages import mark

LastDay = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d{2}-\d{2}$(?!\n)",
        max_length=10,
        description="Last day, such as 2027-03-31: it ends the night after, where the person is",
    ),
]
FARTHEST: Final = dt.timedelta(hours=15)
"""No place on earth is further ahead of UTC than 14 hours."""


def day_in(zone: str, now: int) -> dt.date:
    """Return the day that it is in a time zone at `now` (ms)."""
    return dt.datetime.fromtimestamp(now / clock.SECOND, ZoneInfo(zone)).date()


def latest_day(now: int) -> str:
    """Return the day that it is where the day is furthest: nobody's last day after it is over."""
    ahead = dt.datetime.fromtimestamp(now / clock.SECOND, dt.UTC) + FARTHEST
    return ahead.date().isoformat()


def is_over(last_day: str, zone: str, now: int) -> bool:
    """Tell whether a last day is over for somebody in `zone`."""
    return last_day < day_in(zone, now).isoformat()


def check_last_day(last_day: str, zone: str, now: int) -> str:
    """Return the day. Raise InvalidInput if there is no such day or it is over already."""
    try:
        dt.date.fromisoformat(last_day)
    except ValueError:
        raise InvalidInput(field="leaves_on", reason=mark("there is no such day.")) from None
    if is_over(last_day, zone, now):
        reason = mark("this day is over. To end a person at once there is a button of its own.")
        raise InvalidInput(field="leaves_on", reason=reason)
    return last_day


def days_left(last_day: str, zone: str, now: int) -> int:
    """Return how many days there are until the last day; negative once it is over."""
    return (dt.date.fromisoformat(last_day) - day_in(zone, now)).days
