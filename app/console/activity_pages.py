"""Activity: charts of what happened, and what is unusual."""

import datetime as dt
from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from litestar.handlers import HTTPRouteHandler

from app.core import clock
from app.history import activity
from app.history.unusual import Reason
from app.web.asking import AnyRequest, signed_in
from app.web.days import day_begins, day_is_over
from app.web.meanings import meanings
from app.web.names import ACTORS
from app.web.pages import DEFAULT_ZONE, Answer, ask, need_sign_in, page
from app.web.routing import get

DAYS: Final = 30
"""The period that is shown first."""
BY_HOUR: Final = 3
"""Up to so many days a point of the chart is an hour, from there on a day."""

Point = tuple[int, int, int, int]
"""Milliseconds; events that were done, refused, failed."""


@get("/history/activity")
def show_activity(request: AnyRequest) -> Answer:
    """Show how much happened in a period, by whom, and what is unusual."""
    context = need_sign_in(request)
    session = signed_in(request)
    zone = ZoneInfo(session.time_zone if session and session.time_zone else DEFAULT_ZONE)
    today = dt.datetime.fromtimestamp(clock.now() / 1000, zone).date()
    asked = {
        "from": request.query_params.get("from") or str(today - dt.timedelta(days=DAYS - 1)),
        "to": request.query_params.get("to") or str(today),
        "reason": request.query_params.get("reason", ""),
    }
    since = day_begins(request, "from", asked["from"]) or 0
    until = day_is_over(request, "to", asked["to"]) or 0
    found = activity.show_activity(
        context, ask(activity.Period, since=since, until=until, zone=str(zone))
    )
    points = list(_points(found.hours, since, until, zone))
    return page(
        request,
        "console/activity.html",
        found=found,
        asked=asked,
        marked=[each for each in found.unusual if asked["reason"] in ("", each.reason)],
        reasons=list(Reason),
        day=lambda at: str(dt.datetime.fromtimestamp(at / 1000, zone).date()),
        times=[point[0] for point in points],
        series=list(zip(*(point[1:] for point in points), strict=True)),
        actors=ACTORS,
        meanings=meanings(),
    )


def _points(hours: list[activity.Hour], since: int, until: int, zone: ZoneInfo) -> Iterator[Point]:
    """Give the points of the chart, also where nothing happened."""
    if until - since <= BY_HOUR * clock.DAY:
        found: dict[int, Point] = {
            hour.at: (hour.at, hour.done, hour.refused, hour.failed) for hour in hours
        }
        for at in range(since - since % clock.HOUR, min(until, clock.now()), clock.HOUR):
            yield found.get(at, (at, 0, 0, 0))
        return
    days: dict[dt.date, list[int]] = {}
    for hour in hours:
        counts = days.setdefault(_date(hour.at, zone), [0, 0, 0])
        for place, count in enumerate((hour.done, hour.refused, hour.failed)):
            counts[place] += count
    date = _date(since, zone)
    while date <= min(_date(until - 1, zone), _date(clock.now(), zone)):
        midnight = int(dt.datetime.combine(date, dt.time(), zone).timestamp() * 1000)
        done, refused, failed = days.get(date, (0, 0, 0))
        yield midnight, done, refused, failed
        date += dt.timedelta(days=1)


def _date(at: int, zone: ZoneInfo) -> dt.date:
    return dt.datetime.fromtimestamp(at / 1000, zone).date()


def activity_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [show_activity]
