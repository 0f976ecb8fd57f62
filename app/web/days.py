"""Days that people type, as moments in the zone of who asks."""

import datetime as dt
from zoneinfo import ZoneInfo

from app.core.errors import InvalidInput
from app.core.messages import mark
from app.web.asking import AnyRequest, signed_in
from app.web.pages import DEFAULT_ZONE


def day_begins(request: AnyRequest, field: str, text: str) -> int | None:
    """Return the first moment of a day (ms); None where none was typed. Raise InvalidInput."""
    return _moment(request, field, text, 0)


def day_is_over(request: AnyRequest, field: str, text: str) -> int | None:
    """Return the moment when a day is over (ms); None where none was typed. Raise InvalidInput."""
    return _moment(request, field, text, 1)


def day_of(request: AnyRequest, at: int) -> str:
    """Return the day of a moment, as a date field takes it."""
    return dt.datetime.fromtimestamp(at / 1000, _zone(request)).date().isoformat()


def _moment(request: AnyRequest, field: str, text: str, days: int) -> int | None:
    if not text:
        return None
    try:
        day = dt.date.fromisoformat(text) + dt.timedelta(days=days)
        return int(dt.datetime.combine(day, dt.time(), _zone(request)).timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(field=field, reason=mark("This is no day.")) from error


def _zone(request: AnyRequest) -> ZoneInfo:
    session = signed_in(request)
    return ZoneInfo(session.time_zone if session and session.time_zone else DEFAULT_ZONE)
