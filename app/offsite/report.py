"""What a daily mail says: gathered once, told to each person in their language and zone."""

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from app.audit.following import Head
from app.core import clock
from app.core.messages import mark, translate
from app.history.activity import Activity
from app.history.unusual import Reason, Unusual
from app.mail.templates import template
from app.offsite.operations.showing import DestinationView

MOST_LINES: Final = 20
"""Unusual things that a mail names; the console shows all."""

DAILY: Final = template(
    "offsite.daily",
    subject=mark("Operation history of {appliance}, {day}: {count} events"),
    body=mark(
        "Operation history of {appliance}\n"
        "{since} – {until} ({zone})\n\n"
        "New events: {count}\n"
        "All events: {size}\n\n"
        "Unusual: {marked}\n{unusual}\n"
        "Destinations off the machine:\n{destinations}\n"
        "Keep this mail. The checkpoint below shows later whether the history up to here is still "
        "the same: save the mail as a file and run\n"
        "tenshu audit verify --checkpoint FILE\n\n"
        "{checkpoint}"
    ),
)
REASONS: Final = {
    Reason.NIGHT: mark("{time} {name}: work at night ({count} events)"),
    Reason.NEW_ADDRESS: mark("{time} {name}: signed in from a new address, {peer}"),
    Reason.MASS_DOWNLOAD: mark("{time} {name}: many downloads ({count})"),
}
MORE: Final = mark("… and {count} more; the console shows all under History, Activity.")
NONE: Final = mark("none")
WELL: Final = mark("{name}: {arrived} events have arrived, {behind} are on their way.")
FAILS: Final = mark("{name}: FAILS since {time}; {behind} events have not arrived.")


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What happened since the mail before."""

    appliance: str
    day: str
    zone: str
    since: int
    until: int
    count: int
    """New events."""
    head: Head
    activity: Activity
    destinations: list[DestinationView]

    def values(self, language: str) -> dict[str, object]:
        """Return what the template is filled in with."""
        return {
            "appliance": self.appliance,
            "day": self.day,
            "zone": self.zone,
            "since": self._time(self.since),
            "until": self._time(self.until),
            "count": f"{self.count:,}",
            "size": f"{self.head.size:,}",
            "marked": f"{self.activity.marked:,}",
            "unusual": _lines(self._unusual(language)),
            "destinations": _lines(self._destinations(language)),
            "checkpoint": self.head.note,
        }

    def _unusual(self, language: str) -> list[str]:
        shown = self.activity.unusual[:MOST_LINES]
        told = [self._mark(one, language) for one in shown]
        if self.activity.marked > len(shown):
            left = f"{self.activity.marked - len(shown):,}"
            told.append(translate(language, MORE, count=left))
        return told

    def _mark(self, one: Unusual, language: str) -> str:
        return translate(
            language,
            REASONS[one.reason],
            time=self._time(one.at),
            name=self.activity.names.get(one.actor, one.actor),
            count=one.count,
            peer=one.peer,
        )

    def _destinations(self, language: str) -> list[str]:
        return [
            translate(
                language,
                FAILS if one.error else WELL,
                name=one.name,
                time=self._time(one.failing_since),
                arrived=f"{one.arrived:,}",
                behind=f"{one.behind:,}",
            )
            for one in self.destinations
        ] or [translate(language, NONE)]

    def _time(self, at: int) -> str:
        moment = dt.datetime.fromtimestamp(at / clock.SECOND, ZoneInfo(self.zone))
        return moment.strftime("%Y-%m-%d %H:%M")


def _lines(told: list[str]) -> str:
    return "".join(f"- {line}\n" for line in told)
