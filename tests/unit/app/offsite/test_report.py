"""What the daily mail says of unusual things and of destinations."""

from app.audit.following import Head
from app.core import clock
from app.history.activity import Activity
from app.history.unusual import Reason, Unusual
from app.mail.templates import fill
from app.offsite.kinds import Kind
from app.offsite.operations.showing import DestinationView
from app.offsite.report import DAILY, MOST_LINES, Report

AT = 1_795_000_000_000


def report(*unusual: Unusual, destinations=()) -> Report:
    return Report(
        appliance="tenshu", day="2026-11-18", zone="Asia/Tokyo", since=AT - clock.DAY, until=AT,
        count=1234, head=Head(5678, "the note\n"), destinations=list(destinations),
        activity=Activity(
            hours=[], people=[], verbs=[], unusual=list(unusual), marked=len(unusual),
            sign_ins_whole=True, names={"a": "山田 花子"},
        ),
    )  # fmt: skip


def test_unusual_things_are_named_in_the_reader_s_language_METI_46():
    made = report(
        Unusual(reason=Reason.NIGHT, at=AT, actor="a", count=3),
        Unusual(reason=Reason.NEW_ADDRESS, at=AT, actor="gone", peer="192.0.2.7"),
    )
    told = fill(DAILY, "en", made.values("en"))
    assert told.subject == "Operation history of tenshu, 2026-11-18: 1,234 events"
    assert "- 2026-11-18 20:06 山田 花子: work at night (3 events)\n" in told.body
    assert "- 2026-11-18 20:06 gone: signed in from a new address, 192.0.2.7\n" in told.body
    assert "- none\n" in told.body, "no destination"
    assert told.body.endswith("the note\n")
    assert "夜間の操作（3件）" in fill(DAILY, "ja", made.values("ja")).body


def test_a_long_list_ends_and_says_how_much_is_left():
    many = [Unusual(reason=Reason.MASS_DOWNLOAD, at=AT, actor="a", count=99)] * (MOST_LINES + 7)
    body = fill(DAILY, "en", report(*many).values("en")).body
    assert body.count("many downloads") == MOST_LINES
    assert "… and 7 more" in body


def test_a_destination_that_fails_is_named():
    view = {
        "id": "x", "kind": Kind.SYSLOG, "rev": 1, "created_at": 0, "arrived": 5, "behind": 7,
        "arrived_at": AT, "tried_at": AT, "not_before": 0, "error_parameters": {}, "stuck": False,
    }  # fmt: skip
    well = DestinationView(name="Osaka", failing_since=0, error="", **view)
    fails = DestinationView(name="Kobe", failing_since=AT, error="offsite.receiver_silent", **view)
    body = fill(DAILY, "en", report(destinations=[well, fails]).values("en")).body
    assert "- Osaka: 5 events have arrived, 7 are on their way.\n" in body
    assert "- Kobe: FAILS since 2026-11-18 20:06; 7 events have not arrived.\n" in body
