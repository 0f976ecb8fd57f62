"""Spans of days that move with the calendar: today, this week, the last 30 days. Pure."""

import datetime as dt
import enum
from typing import Final

from app.core.messages import mark
from app.files.errors import Unfit
from app.services.tables.selection import MOST_DAYS

NO_SPAN: Final = mark("Choose a span of days, such as today or this month.")
NO_DAYS: Final = mark("Write a number of days from 1 to 3,660.")


class Span(enum.StrEnum):
    """A span of days around today. Weeks begin on Monday (ISO 8601)."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    TOMORROW = "tomorrow"
    THIS_WEEK = "this_week"
    LAST_WEEK = "last_week"
    NEXT_WEEK = "next_week"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"
    NEXT_MONTH = "next_month"
    THIS_YEAR = "this_year"
    LAST_YEAR = "last_year"
    NEXT_YEAR = "next_year"
    LAST_DAYS = "last_days"
    """So many days up to today, today included."""
    NEXT_DAYS = "next_days"
    """So many days from today on, today included."""


COUNTED: Final = frozenset({Span.LAST_DAYS, Span.NEXT_DAYS})
_DAY: Final = dt.timedelta(days=1)
_STEPS: Final = {"last": -1, "this": 0, "next": 1}


def days_of(name: str, count: str, today: dt.date) -> tuple[dt.date, dt.date]:
    """Return first and last day of a span. Raise Unfit."""
    try:
        span = Span(name)
    except ValueError as error:
        raise Unfit(NO_SPAN) from error
    around = {Span.YESTERDAY: -1, Span.TODAY: 0, Span.TOMORROW: 1}
    if span in around:
        day = today + around[span] * _DAY
        return day, day
    if span in COUNTED:
        if not (count.isascii() and count.isdigit() and len(count) < 6):
            raise Unfit(NO_DAYS)
        days = int(count)
        if not 1 <= days <= MOST_DAYS:
            raise Unfit(NO_DAYS)
        far = (days - 1) * _DAY
        return (today - far, today) if span is Span.LAST_DAYS else (today, today + far)
    which, _, unit = span.value.partition("_")
    return _unit(unit, _STEPS[which], today)


def _unit(unit: str, step: int, today: dt.date) -> tuple[dt.date, dt.date]:
    if unit == "week":
        monday = today - today.weekday() * _DAY + step * 7 * _DAY
        return monday, monday + 6 * _DAY
    if unit == "year":
        year = today.year + step
        return dt.date(year, 1, 1), dt.date(year, 12, 31)
    months = today.year * 12 + today.month - 1 + step
    first, after = (dt.date(one // 12, one % 12 + 1, 1) for one in (months, months + 1))
    return first, after - _DAY
