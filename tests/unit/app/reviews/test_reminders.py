"""Whoever has not answered is reminded by mail, before the end and after it (METI-46)."""

import msgspec
import pytest
from sqlmodel import select

from app.core.clock import DAY, HOUR, MINUTE
from app.identity.models import Account
from app.identity.operations import accounts
from app.leaving.watch import Night
from app.mail.models import MailMessage
from app.mail.operations.relay import RelayChange, update_relay
from app.mail.queue import purpose_of
from app.mail.relay import Relay
from app.mail.templates import Content
from app.operations.operation import NoRequest
from app.reviews.operations.reminding import Remind, list_reminders_due, remind
from app.reviews.watch import remind_everybody
from tests.unit.app.reviews.test_reviews import begin, close, decide, firm, mine

__all__ = ["firm"]

LONG = 30 * DAY


@pytest.fixture
def written(firm):
    """The firm with a relay and an address for everybody; a function that reads the mails."""
    relay = Relay(host="relay.example.test", sender="tenshu@example.test")
    update_relay(firm.local, RelayChange(relay=relay, rev=0))
    with firm.appliance.database.write() as session:
        for account in session.exec(select(Account)):
            account.mail = f"{account.login_id}@example.test"

    def read():
        with firm.appliance.database.read() as session:
            return sorted(
                (one.recipient.partition("@")[0], one.template)
                for one in session.exec(select(MailMessage))
            )

    return read


def texts(firm):
    with firm.appliance.database.read() as session:
        for one in session.exec(select(MailMessage)):
            opened = firm.appliance.keyring.open(purpose_of(one.id), one.content)
            yield one.recipient, msgspec.json.decode(opened.reveal(), type=Content)


def test_each_head_is_reminded_once_before_the_end_and_once_after_it_METI_46(firm, written):
    begin(firm, due_at=firm.time.now + LONG)
    assert remind_everybody(firm.appliance) == 0
    firm.time.advance(LONG - 7 * DAY)
    soon = [("boss", "reviews.soon"), ("head", "reviews.soon"), ("upper", "reviews.soon")]
    for expected in (3, 0):
        assert remind_everybody(firm.appliance) == expected
        assert written() == soon
        firm.time.advance(HOUR)
    decide(firm, firm.head, mine(firm, firm.head))
    firm.time.advance(7 * DAY)
    for expected in (2, 0):
        assert remind_everybody(firm.appliance) == expected
    assert sorted(set(written()) - set(soon)) == [
        ("boss", "reviews.overdue"),
        ("upper", "reviews.overdue"),
    ]


def test_a_reminder_says_in_the_persons_language_what_waits_and_where_METI_46(firm, written):
    accounts.update_account(
        firm.local, accounts.AccountChange(account=firm.upper.id, rev=1, language="en")
    )
    begin(firm, due_at=firm.time.now + LONG)
    firm.time.advance(LONG - DAY)
    remind_everybody(firm.appliance)
    told = dict(texts(firm))
    english = told["upper@example.test"]
    assert english.subject.startswith("Access review “2026”: please answer by 20")
    assert "1 lines wait" in english.body
    assert ":8444/reviews/mine" in english.body
    assert "2 件があなたの判断を待っています" in told["head@example.test"].body
    assert ":8443/reviews/mine" in told["boss@example.test"].body


def test_a_short_review_does_not_remind_on_its_first_day(firm, written):
    begin(firm, due_at=firm.time.now + 2 * DAY)
    firm.time.advance(DAY - 1)
    assert remind_everybody(firm.appliance) == 0
    firm.time.advance(1)
    assert remind_everybody(firm.appliance) == 3


def test_who_left_in_the_middle_gets_no_mail_and_whoever_answers_now_does_METI_46(firm, written):
    begin(firm, due_at=firm.time.now + LONG)
    firm.time.advance(LONG - DAY)
    accounts.suspend_account(firm.local, accounts.SuspendAccount(firm.head.id, 1))
    accounts.suspend_account(firm.local, accounts.SuspendAccount(firm.upper.id, 1))
    assert remind_everybody(firm.appliance) == 1
    assert written() == [("boss", "reviews.soon")]


def test_without_a_relay_or_an_address_nobody_is_noted_as_reminded(firm):
    begin(firm, due_at=firm.time.now + LONG)
    firm.time.advance(LONG - DAY)
    assert list_reminders_due(firm.local, NoRequest()).campaigns == []
    relay = Relay(host="relay.example.test", sender="tenshu@example.test")
    update_relay(firm.local, RelayChange(relay=relay, rev=0))
    assert remind_everybody(firm.appliance) == 0
    with firm.appliance.database.write() as session:
        session.get(Account, firm.head.id).mail = "head@example.test"
    assert remind_everybody(firm.appliance) == 1


def test_a_closed_review_reminds_nobody(firm, written):
    campaign = begin(firm, due_at=firm.time.now + LONG)
    close(firm, campaign)
    firm.time.advance(2 * LONG)
    assert remind_everybody(firm.appliance) == 0
    assert remind(firm.local, Remind(campaign.id)).mails == 0
    assert written() == []


def test_a_clock_that_jumps_reminds_nobody_until_it_has_run_evenly_METI_46(
    firm, written, monkeypatch
):
    begin(firm, due_at=firm.time.now + LONG)
    boot = [0]
    night = Night(firm.appliance, further=(remind_everybody,))
    monkeypatch.setattr(night.clock, "boot", lambda: boot[0])
    night.look()
    firm.time.advance(LONG)  # the wall clock alone
    night.look()
    assert written() == []
    firm.time.advance(-LONG)
    boot[0] += MINUTE
    firm.time.advance(MINUTE)
    night.look()
    for _ in range(2):
        boot[0] += 2 * HOUR
        firm.time.advance(2 * HOUR)
        night.look()
    assert written() == [], "set right again, it is far from the end"
    boot[0] += LONG
    firm.time.advance(LONG)
    night.look()
    assert {kind for _, kind in written()} == {"reviews.overdue"}
