"""Days, moments, lengths of time."""

import datetime as dt
import fractions
import re
import unicodedata
from typing import Any, Final

from app.core.messages import mark
from app.files.dates import read_date
from app.files.errors import Unfit
from app.services.tables.fields import FieldInfo
from app.services.tables.models import FieldKind
from app.services.tables.types.base import Around, FieldType, Read, Storage, Stored, Value, Write

NO_MOMENT: Final = mark("This is not a date with a time, such as 2026-11-21 14:30.")
NO_DURATION: Final = mark("This is no length of time. Write 1:30, 1時間30分 or 90分.")
TOO_LONG: Final = mark("The length of time is more than 9,999,999 hours.")
LONGEST: Final = 9_999_999 * 3600

_WEEKDAY: Final = re.compile(r" ?[(（][月火水木金土日][)）]")
_MOMENT: Final = re.compile(
    r"(?P<day>[^T ]+?)(?:[T ]+|(?<=日)|$)"
    r"(?:(?P<half>午前|午後|AM|PM)? ?(?P<hour>[0-9]{1,2})(?:時|:(?=[0-9]))"
    r"(?:(?P<minute>[0-9]{1,2})分?(?::?(?P<second>[0-9]{1,2})(?:\.(?P<part>[0-9]{1,6}))?秒?)?)?"
    r" ?(?P<after>AM|PM)?)?"
    r" ?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_CLOCK: Final = re.compile(r"([+-]?)([0-9]{1,7}):([0-5][0-9])(?::([0-5][0-9]))?")
_UNITS: Final = re.compile(
    r"([+-]?)(?:([0-9]{1,7}(?:\.[0-9]{1,4})?) ?(?:時間|HOURS?|HRS?|H) ?)?"
    r"(?:([0-9]{1,9}(?:\.[0-9]{1,4})?) ?(?:分間?|MINUTES?|MIN|M) ?)?"
    r"(?:([0-9]{1,11}) ?(?:秒間?|SECONDS?|SEC|S))?"
)
_WEEKDAYS: Final = {
    "ja": ("月", "火", "水", "木", "金", "土", "日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}


def read_day(text: str) -> str:
    """Return a date in ISO 8601; a weekday behind it is not looked at. Raise Unfit."""
    return read_date(text if text.isascii() else _WEEKDAY.sub("", text))


def read_moment(text: str, zone: dt.tzinfo) -> int:
    """Return milliseconds; a text without a zone is meant in `zone`. Raise Unfit."""
    normal = unicodedata.normalize("NFKC", text[:100]).strip().upper()
    found = _MOMENT.fullmatch(_WEEKDAY.sub("", normal).replace("  ", " "))
    if found is None:
        raise Unfit(NO_MOMENT)
    try:
        day = dt.date.fromisoformat(read_date(found["day"]))
        moment = dt.datetime.combine(day, _time(found), tzinfo=_zone(found["zone"]) or zone)
        milliseconds = round(moment.timestamp() * 1000)
        dt.datetime.fromtimestamp(milliseconds / 1000, zone)  # the last year has an end in each
    except (ValueError, OverflowError) as error:
        raise Unfit(NO_MOMENT) from error
    return milliseconds


def _time(found: re.Match[str]) -> dt.time:
    hour, half = int(found["hour"] or 0), found["half"] or found["after"]
    if half:
        if hour > 12:
            raise Unfit(NO_MOMENT)
        hour = hour % 12 + (12 if half in ("午後", "PM") else 0)
    part = int((found["part"] or "0").ljust(6, "0"))
    return dt.time(hour, int(found["minute"] or 0), int(found["second"] or 0), part)


def _zone(text: str | None) -> dt.tzinfo | None:
    if not text:
        return None
    if text == "Z":
        return dt.UTC
    distance = dt.timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return dt.timezone(-distance if text[0] == "-" else distance)


def write_moment(stored: int, zone: dt.tzinfo) -> str:
    """Return 2026-11-21 14:30, with seconds where there are any, in `zone`.

    With the distance from UTC where the hour happens twice, so that it is read back as itself.
    """
    local = dt.datetime.fromtimestamp(stored // 1000, zone).replace(
        microsecond=stored % 1000 * 1000
    )
    fine = "milliseconds" if stored % 1000 else "seconds" if local.second else "minutes"
    text = local.replace(tzinfo=None).isoformat(" ", fine)
    if local.replace(fold=1 - local.fold).utcoffset() == local.utcoffset():
        return text
    return text + local.isoformat()[-6:]


def machine_moment(stored: int) -> str:
    """Return a moment as the API gives it: RFC 3339 in UTC."""
    moment = dt.datetime.fromtimestamp(stored // 1000, dt.UTC)
    fine = "milliseconds" if stored % 1000 else "seconds"
    whole = moment.replace(microsecond=stored % 1000 * 1000, tzinfo=None)
    return whole.isoformat(timespec=fine) + "Z"


def read_duration(text: str) -> int:
    """Return seconds: 1:30, 1:30:15, 1時間30分, 1.5h, 90分. Raise Unfit."""
    normal = unicodedata.normalize("NFKC", text[:60]).strip().upper().replace("−", "-")
    if found := _CLOCK.fullmatch(normal):
        sign = found[1]
        seconds = fractions.Fraction(int(found[2]) * 3600 + int(found[3]) * 60 + int(found[4] or 0))
    elif (found := _UNITS.fullmatch(normal)) and any(found.groups()[1:]):
        sign = found[1]
        hours, minutes, rest = (fractions.Fraction(part or 0) for part in found.groups()[1:])
        seconds = hours * 3600 + minutes * 60 + rest
    else:
        raise Unfit(NO_DURATION)
    if seconds.denominator != 1:
        raise Unfit(NO_DURATION)
    if seconds > LONGEST:
        raise Unfit(TOO_LONG)
    return -int(seconds) if sign == "-" else int(seconds)


def write_duration(stored: int) -> str:
    """Return 1:30, or 1:30:15."""
    minutes, seconds = divmod(abs(stored), 60)
    text = f"{minutes // 60}:{minutes % 60:02d}"
    return ("-" if stored < 0 else "") + (f"{text}:{seconds:02d}" if seconds else text)


class DateType(FieldType):
    """A day."""

    kind = FieldKind.DATE
    title = mark("Date")
    about = mark("A day; the eras are read too: R8.11.21.")
    takes = FieldType.takes | {"unique", "least", "most"}
    special = frozenset({"today"})

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read a day."""
        return read_day

    def words(self, field: FieldInfo, around: Around) -> Write:  # noqa: ARG002
        """Write 2026年11月21日(土), or Sat 21 Nov 2026."""
        return lambda stored: _day_words(dt.date.fromisoformat(stored), around.language)

    def starts(self, field: FieldInfo, around: Around, read: Read) -> Stored:
        """Know today."""
        if field.settings.default == "today":
            return read(around.today)
        return super().starts(field, around, read)


def _day_words(day: dt.date, language: str) -> str:
    weekday = _WEEKDAYS[language][day.weekday()]
    if language == "ja":
        return f"{day.year}年{day.month}月{day.day}日({weekday})"
    return f"{weekday} {day.day} {day.strftime('%b')} {day.year}"


class DateTimeType(FieldType):
    """A moment."""

    kind = FieldKind.DATE_TIME
    title = mark("Date and time")
    about = mark("A moment; everybody sees it in the time zone of their own.")
    storage = Storage.INTEGER
    takes = FieldType.takes | {"least", "most"}
    special = frozenset({"now"})
    timed = True
    shown = 1_000
    """Milliseconds below which people are told nothing."""

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read a moment in the person's zone."""
        return lambda text: read_moment(text, around.zone)

    def writer(self, field: FieldInfo, around: Around) -> Write:  # noqa: ARG002
        """Write it in the person's zone."""
        return lambda stored: write_moment(stored, around.zone)

    def words(self, field: FieldInfo, around: Around) -> Write:  # noqa: ARG002
        """Write 2026年11月21日(土) 14:30."""

        def written(stored: int) -> str:
            day = dt.datetime.fromtimestamp(stored // 1000, around.zone).date()
            separator = " " if around.language == "ja" else ", "
            rounded = stored // self.shown * self.shown
            time = write_moment(rounded, around.zone).partition(" ")[2]
            return _day_words(day, around.language) + separator + time

        return written

    def shower(self, field: FieldInfo) -> Any:  # noqa: ANN401, ARG002
        """Give RFC 3339."""
        return machine_moment

    def starts(self, field: FieldInfo, around: Around, read: Read) -> Stored:
        """Know the present moment, to the minute: nobody types seconds."""
        if field.settings.default == "now":
            return around.now // 60_000 * 60_000
        return super().starts(field, around, read)


class DurationType(FieldType):
    """A length of time, in seconds."""

    kind = FieldKind.DURATION
    title = mark("Length of time")
    about = mark("Hours and minutes, written 1:30; added up exactly.")
    storage = Storage.INTEGER
    takes = FieldType.takes | {"least", "most"}
    is_number = True

    def reader(self, field: FieldInfo, around: Around) -> Read:  # noqa: ARG002
        """Read a length of time."""
        return read_duration

    def writer(self, field: FieldInfo, around: Around) -> Write:  # noqa: ARG002
        """Write hours and minutes."""
        return write_duration

    def store(self, field: FieldInfo, value: Value, read: Read) -> Stored:
        """Take a number as seconds."""
        if type(value) is int:
            return read(f"{value}s") if abs(value) <= LONGEST else _refuse(TOO_LONG)
        return super().store(field, value, read)


def _refuse(reason: str) -> int:
    raise Unfit(reason)
