"""Activity: how much happened, by whom, and what somebody should be able to explain (METI-46)."""

from collections import Counter
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlmodel import Session, col, select

from app.audit import search as trail
from app.audit.activity import Bucket, by_hour, count_events
from app.audit.event import Outcome
from app.audit.filters import EventFilter
from app.audit.rows import EventRow
from app.core import clock
from app.core.errors import InvalidInput
from app.core.messages import mark
from app.history.kinds import Kind, downloads, verbs_of
from app.history.unusual import KNOWN_FOR, Unusual, at_night, mass_downloads, new_addresses
from app.identity.models import Account
from app.identity.time_zones import check_time_zone
from app.operations.context import Context, Plane
from app.operations.operation import Effect, Route, operation
from app.operations.permissions import Permission

LONGEST: Final = 400 * 24 * clock.HOUR
FIRST: Final = 10
"""People and operations that are named."""
MOST_SIGN_INS: Final = 20_000
"""Sign-ins that are looked at for new addresses: some seconds."""
MOST_UNUSUAL: Final = 500


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """From when to when."""

    since: Annotated[int, Meta(description="Beginning (ms).", ge=0)]
    until: Annotated[int, Meta(description="End (ms), not included.", ge=0)]
    zone: Annotated[str, Meta(description="Time zone whose nights are meant.", max_length=64)] = (
        "Asia/Tokyo"
    )


class Hour(msgspec.Struct, frozen=True):
    """Events of one hour."""

    at: Annotated[int, Meta(description="Beginning (ms).")]
    done: Annotated[int, Meta(description="Done.")]
    refused: Annotated[int, Meta(description="Refused.")]
    failed: Annotated[int, Meta(description="Failed.")]


class Count(msgspec.Struct, frozen=True):
    """How many events of one person, or of one operation."""

    id: Annotated[str, Meta(description="Account identifier, or name of the operation.")]
    count: Annotated[int, Meta(description="Events.")]


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in a period."""

    hours: Annotated[list[Hour], Meta(description="In which something happened, oldest first.")]
    people: Annotated[list[Count], Meta(description="With the most events.")]
    verbs: Annotated[list[Count], Meta(description="The most frequent operations.")]
    unusual: Annotated[list[Unusual], Meta(description="What is marked, newest first.")]
    marked: Annotated[int, Meta(description="Number of all that is marked; the list may end.")]
    sign_ins_whole: Annotated[
        bool, Meta(description="False where there were more sign-ins than are looked at.")
    ]
    names: Annotated[
        dict[str, str], Meta(description="Account identifier → name, of the people above.")
    ]


@operation(
    "audit.activity",
    permission=Permission.AUDIT_VIEW,
    effect=Effect.READ,
    planes=(Plane.CONSOLE,),
    route=Route("GET", "/events/activity"),
)
def show_activity(context: Context, period: Period) -> Activity:
    """Count the events of a period, and mark what is unusual."""
    _check(period)
    folder = context.appliance.settings.sealed_store
    within = EventFilter(since=period.since, until=period.until)
    counted = count_events(folder, within)
    taken = count_events(folder, msgspec.structs.replace(within, among=downloads()))
    sign_ins = _sign_ins(context, period)
    unusual = sorted(
        [
            *at_night(counted, ZoneInfo(period.zone)),
            *mass_downloads(taken),
            *new_addresses(sign_ins, period.since),
        ],
        key=lambda each: each.at,
        reverse=True,
    )
    people = _most(counted, "actor")
    shown = unusual[:MOST_UNUSUAL]
    return Activity(
        hours=[
            Hour(hour * clock.HOUR, *(counts[outcome.value] for outcome in Outcome))
            for hour, counts in by_hour(counted)
        ],
        people=people,
        verbs=_most(counted, "verb"),
        unusual=shown,
        marked=len(unusual),
        sign_ins_whole=len(sign_ins) < MOST_SIGN_INS,
        names=_names(
            context.session, {each.id for each in people} | {each.actor for each in shown}
        ),
    )


def _check(period: Period) -> None:
    check_time_zone(period.zone)
    if not 0 < period.until - period.since <= LONGEST:
        raise InvalidInput(
            field="until", reason=mark("The period must end after it begins, within 400 days.")
        )


def _sign_ins(context: Context, period: Period) -> list[EventRow]:
    """Return the newest sign-ins of the period and of the time in which an address is known."""
    appliance = context.appliance
    wanted = EventFilter(
        among=verbs_of(Kind.SIGN_INS),
        outcome=Outcome.DONE,
        since=period.since - KNOWN_FOR,
        until=period.until,
    )
    found = trail.search(
        appliance.database, appliance.settings.sealed_store, wanted, limit=MOST_SIGN_INS
    )
    return list(found.rows)


def _most(counted: Counter[Bucket], field: str) -> list[Count]:
    totals: Counter[str] = Counter()
    for bucket, count in counted.items():
        totals[getattr(bucket, field)] += count
    del totals[""]
    return [Count(name, count) for name, count in totals.most_common(FIRST)]


def _names(session: Session, accounts: set[str]) -> dict[str, str]:
    found = select(Account.id, Account.name).where(col(Account.id).in_(accounts))
    return dict(session.exec(found).all())
