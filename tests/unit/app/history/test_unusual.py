"""What is marked as unusual: night, new addresses, mass downloads."""

from collections import Counter
from zoneinfo import ZoneInfo

from app.audit.activity import Bucket
from app.audit.rows import EventRow
from app.core import clock
from app.history.unusual import (
    KNOWN_FOR,
    MASS,
    Reason,
    at_night,
    mass_downloads,
    new_addresses,
)

TOKYO = ZoneInfo("Asia/Tokyo")
NOON = 490_011  # hours since 1970: 12:00 in Tokyo
DAY = 24


def bucket(hour: int, actor: str = "hanako", verb: str = "records.update") -> Bucket:
    return Bucket(hour, actor, verb, "done")


def test_work_at_night_is_marked_by_the_hour_and_the_person_METI_46() -> None:
    counted = Counter(
        {
            bucket(NOON): 5,
            bucket(NOON + 9): 1,
            bucket(NOON + 10): 2,
            bucket(NOON + 10, verb="records.create"): 1,
            bucket(NOON + 16): 4,
            bucket(NOON + 17): 7,
            bucket(NOON + 12, "system"): 9,
            bucket(NOON + 12, ""): 9,
        }
    )
    found = list(at_night(counted, TOKYO))
    assert [(each.at // clock.HOUR - NOON, each.count) for each in found] == [(10, 3), (16, 4)]
    assert {(each.reason, each.actor) for each in found} == {(Reason.NIGHT, "hanako")}
    assert not list(at_night(Counter({bucket(NOON): 1}), TOKYO))
    assert list(at_night(Counter({bucket(NOON): 1}), ZoneInfo("UTC"))), "3 o'clock elsewhere"


def test_many_downloads_within_an_hour_are_marked_METI_46() -> None:
    counted = Counter(
        {
            bucket(NOON, verb="tables.export"): MASS - 1,
            bucket(NOON, verb="audit.export"): 1,
            bucket(NOON + 1): MASS - 1,
            bucket(NOON, "jiro"): MASS - 1,
        }
    )
    (found,) = mass_downloads(counted)
    assert (found.reason, found.actor, found.count) == (Reason.MASS_DOWNLOAD, "hanako", MASS)


def sign_in(at: int, peer: str, actor: str = "hanako") -> EventRow:
    return EventRow(
        id=f"{actor}{at}",
        position=1,
        at=at,
        verb="sign_in.answer",
        outcome="done",
        actor=actor,
        peer=peer,
    )


def test_a_sign_in_from_a_new_address_is_marked_but_not_the_very_first_METI_46() -> None:
    since = KNOWN_FOR
    rows = [
        sign_in(since + 3, "192.0.2.2"),
        sign_in(since + 2, "192.0.2.1"),
        sign_in(1, "192.0.2.1"),
        sign_in(since + 5, "192.0.2.1", "jiro"),
        sign_in(since + 6, "", "jiro"),
        sign_in(since + 7, "192.0.2.1", "jiro"),
        sign_in(since + 8, "192.0.2.2"),
        sign_in(since - 1, "192.0.2.3"),
    ]
    found = list(new_addresses(rows, since))
    assert [(each.event, each.peer) for each in found] == [
        (f"hanako{since + 2}", "192.0.2.1"),
        (f"hanako{since + 3}", "192.0.2.2"),
    ], "an address that was not seen for long is new again"
