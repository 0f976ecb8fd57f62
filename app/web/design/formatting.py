"""Times, durations, sizes and numbers as people here write them, in Japanese and English.

Pure: every function takes the language, and the viewer's zone where it matters. Instants are
milliseconds since 1970 (app.core.clock).
"""

import datetime as dt
from typing import Final

from app.core.clock import DAY, HOUR, MINUTE, SECOND
from app.core.messages import mark, translate

_WEEKDAYS: Final = {
    "ja": ("月", "火", "水", "木", "金", "土", "日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip

_ERAS: Final = (
    # first day of each era, by 元号法 and the ordinances before it
    (dt.date(2019, 5, 1), "令和", "Reiwa"),
    (dt.date(1989, 1, 8), "平成", "Heisei"),
    (dt.date(1926, 12, 25), "昭和", "Showa"),
    (dt.date(1912, 7, 30), "大正", "Taisho"),
    (dt.date(1868, 10, 23), "明治", "Meiji"),
)

_SIZE_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")
_SIZE_STEP: Final = 1000
"""Decimal (ISO 80000-13), as disks and storage systems are sold."""

_AGO: Final = (
    (DAY, mark("{count} days ago"), mark("{count} day ago")),
    (HOUR, mark("{count} hours ago"), mark("{count} hour ago")),
    (MINUTE, mark("{count} minutes ago"), mark("{count} minute ago")),
    (SECOND, mark("{count} seconds ago"), mark("{count} second ago")),
)
_AHEAD: Final = (
    (DAY, mark("in {count} days"), mark("in {count} day")),
    (HOUR, mark("in {count} hours"), mark("in {count} hour")),
    (MINUTE, mark("in {count} minutes"), mark("in {count} minute")),
    (SECOND, mark("in {count} seconds"), mark("in {count} second")),
)
_JUST_NOW_MS: Final = 5 * SECOND
_RELATIVE_UP_TO_MS: Final = 7 * DAY
"""Beyond a week the date says more than a count of days."""


def moment(instant: int, zone: dt.tzinfo) -> dt.datetime:
    """Return an instant as local time in `zone`."""
    return dt.datetime.fromtimestamp(instant / SECOND, zone)


def format_date(day: dt.date, language: str) -> str:
    """Return 2026年11月21日(土), or Sat 21 Nov 2026."""
    weekday = _WEEKDAYS[language][day.weekday()]
    if language == "ja":
        return f"{day.year}年{day.month}月{day.day}日({weekday})"
    return f"{weekday} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def format_era_date(day: dt.date, language: str) -> str:
    """Return 令和8年11月21日, or 21 Nov Reiwa 8; the first year of an era is 元年.

    A day before Meiji, for which there is no such form, is written by the common calendar.
    """
    for first, japanese, roman in _ERAS:
        if day >= first:
            year = day.year - first.year + 1
            if language == "ja":
                return f"{japanese}{'元' if year == 1 else year}年{day.month}月{day.day}日"
            return f"{day.day} {_MONTHS[day.month - 1]} {roman} {year}"
    return format_date(day, language)


def format_time(instant: int, language: str, zone: dt.tzinfo) -> str:
    """Return 2026年11月21日(土) 10:45, or Sat 21 Nov 2026, 10:45, in `zone`."""
    local = moment(instant, zone)
    separator = " " if language == "ja" else ", "
    return f"{format_date(local, language)}{separator}{local.isoformat()[11:16]}"


def format_exact_time(instant: int, language: str, zone: dt.tzinfo) -> str:
    """Return the instant to the millisecond with the zone's distance from UTC, for the hover."""
    local = moment(instant, zone)
    # 2026-11-21T10:45:06+09:00
    parts = local.isoformat(timespec="seconds")
    milliseconds = f"{instant % SECOND:03d}"
    return f"{format_date(local, language)} {parts[11:19]}.{milliseconds} (UTC{parts[19:]})"


def format_machine_time(instant: int) -> str:
    """Return the instant as RFC 3339 in UTC, for `<time datetime>`."""
    return f"{moment(instant, dt.UTC).isoformat(timespec='seconds')[:19]}.{instant % SECOND:03d}Z"


def format_end_time(instant: int, language: str, zone: dt.tzinfo) -> str:
    """Return the day that is over at `instant`, where that is a midnight; else the minute."""
    if moment(instant, zone).time() == dt.time.min:
        return format_date(moment(instant - 1, zone).date(), language)
    return format_time(instant, language, zone)


def format_relative_time(instant: int, now: int, language: str, zone: dt.tzinfo) -> str:
    """Return 3分前 or 3 minutes ago; in 5 minutes; the date where it is more than a week away."""
    distance = now - instant
    if abs(distance) < _JUST_NOW_MS:
        return translate(language, mark("just now"))
    if abs(distance) >= _RELATIVE_UP_TO_MS:
        return format_time(instant, language, zone)
    rows = _AGO if distance > 0 else _AHEAD
    unit, many, one = next(row for row in rows if abs(distance) >= row[0])
    count = abs(distance) // unit
    return translate(language, one if count == 1 else many, count=count)


def format_duration(milliseconds: int, language: str) -> str:
    """Return the two largest units that are not nothing: 1時間5分, or 1 h 5 min."""
    names = ("日", "時間", "分", "秒") if language == "ja" else (" d", " h", " min", " s")
    rest = max(0, milliseconds)
    parts: list[str] = []
    for unit, name in zip((DAY, HOUR, MINUTE, SECOND), names, strict=True):
        count, rest = divmod(rest, unit)
        if count or (parts and len(parts) == 1):
            parts.append(f"{count}{name}" if count else "")
        if len(parts) == 2:
            break
    joined = ("" if language == "ja" else " ").join(part for part in parts if part)
    return joined or f"0{names[-1]}"


def format_size(count: int, language: str) -> str:
    """Return a number of bytes in decimal units with three figures: 1.23 GB."""
    size, unit = float(count), 0
    # 999.5 would round up to 1000 and lose the reader
    while size >= _SIZE_STEP - 0.5 and unit < len(_SIZE_UNITS) - 1:
        size, unit = size / _SIZE_STEP, unit + 1
    if unit == 0:
        return translate(language, mark("{count} bytes"), count=format_number(count))
    digits = 2 if size < 9.995 else 1 if size < 99.95 else 0
    return f"{size:,.{digits}f} {_SIZE_UNITS[unit]}"


def format_number(value: float, digits: int = 0) -> str:
    """Return a number with its thousands grouped by commas, as both languages write them."""
    return f"{value:,.{digits}f}"


def format_percent(part: float, whole: float) -> str:
    """Return how much of `whole` is done, in whole per cent and never beyond 0 and 100.

    Rounded down, so that 100 % means that all is done.
    """
    return f"{percent(part, whole)}%"


def percent(part: float, whole: float) -> int:
    """Return the whole per cent that `part` is of `whole`; 0 where there is no whole."""
    return max(0, min(100, int(part * 100 // whole))) if whole > 0 else 0
