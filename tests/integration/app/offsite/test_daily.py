"""The daily mail, queued with its day: once, to those who may see the history."""

import msgspec
import pytest

from app.audit.checkpoint import find_notes, open_checkpoint
from app.audit.ledger import read_keys
from app.core import clock
from app.core.errors import InvalidInput
from app.core.secret import Secret
from app.identity.models import Account
from app.identity.operations import accounts, setup
from app.mail import queue
from app.mail.models import MailMessage
from app.mail.states import MailState
from app.offsite.daily import mail_what_is_due
from app.offsite.days import day_of
from app.offsite.errors import MailWaits, NobodyToMail
from app.offsite.kinds import DailyMail
from app.offsite.operations.changing import create_destination
from app.offsite.operations.checking import NewDestination
from app.offsite.operations.mailing import MailDay, mail_day
from app.offsite.shipping import system_of
from app.operations.context import Appliance
from tests.integration.app.offsite.conftest import Desk
from tests.ports import free_port


@pytest.fixture
def hanako(appliance: Appliance, desk: Desk) -> str:
    """The first owner, who has an address."""
    first = setup.FirstPerson(
        login_id="hanako", name="山田 花子", password=Secret("correct horse battery")
    )
    made = setup.create_first(desk.system, first).account
    with appliance.database.write() as session:
        session.get_one(Account, made).mail = "hanako@example.test"
    return made


def daily(desk: Desk, *people: str, **told: object) -> str:
    new = NewDestination(name="daily", mail=DailyMail(people=list(people), **told))
    made = create_destination(desk.system, new).id
    desk.write(0)
    return made


def mails(appliance: Appliance) -> list[dict[str, str]]:
    with appliance.database.read() as session:
        rows = session.connection().execute(MailMessage.__table__.select()).all()
    return [
        msgspec.json.decode(
            appliance.keyring.open(queue.purpose_of(row.id), row.content).reveal()
        ) | {"to": row.recipient, "state": row.state}
        for row in rows
    ]  # fmt: skip


def test_the_newest_checkpoint_comes_by_mail_once_a_day_F5(
    appliance: Appliance, desk: Desk, hanako: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.syslog(free_port(), encryption="none")
    target = daily(desk, hanako, hour=0)
    size = desk.write(2)
    assert mail_what_is_due(appliance) == 1
    assert mail_what_is_due(appliance) == 0
    (one,) = mails(appliance)
    assert one["to"] == "hanako@example.test"
    (note,) = find_notes(one["body"])
    assert open_checkpoint(note, read_keys(appliance.settings.sealed_store)).size == size
    assert f"{size}件" in one["subject"]
    assert "syslog" in one["body"]
    later = clock.now() + clock.DAY
    monkeypatch.setattr(clock, "now", lambda: later)
    desk.write(1)
    assert mail_what_is_due(appliance) == 1
    assert mail_what_is_due(appliance) == 0
    assert len(mails(appliance)) == 2
    assert desk.one(target).people == {hanako: "山田 花子"}


def test_two_who_queue_the_same_day_queue_it_once(
    appliance: Appliance, desk: Desk, hanako: str
) -> None:
    target = daily(desk, hanako)
    desk.write(1)
    hers = DailyMail(people=[hanako])
    day = day_of(clock.now(), hers.hour, hers.zone).isoformat()
    assert mail_day(system_of(appliance), MailDay(destination=target, day=day)).mails == 1
    assert mail_what_is_due(appliance) == 0
    assert mail_day(system_of(appliance), MailDay(destination="gone", day=day)).mails == 0


def test_who_left_gets_no_mail_and_nobody_left_is_told(
    appliance: Appliance, desk: Desk, hanako: str
) -> None:
    target = daily(desk, hanako)
    with appliance.database.write() as session:
        session.get_one(Account, hanako).mail = ""
    desk.write(1)
    assert mail_what_is_due(appliance) == 0
    assert mails(appliance) == []
    assert desk.one(target).error == NobodyToMail.code


def test_a_mail_that_has_not_left_is_no_arrival(
    appliance: Appliance, desk: Desk, hanako: str
) -> None:
    target = daily(desk, hanako)
    desk.write(1)
    mail_what_is_due(appliance)
    assert desk.one(target).error == MailWaits.code
    assert not desk.list().reached
    with appliance.database.write() as session:
        session.connection().execute(
            MailMessage.__table__.update().values(state=MailState.SENT.value, finished_at=7)
        )
    found = desk.one(target)
    assert (found.error, found.arrived_at) == ("", 7)
    assert desk.list().reached


@pytest.mark.parametrize("lack", ["account", "mail", "right", "zone"])
def test_only_people_with_an_address_who_may_see_the_history_are_named(
    appliance: Appliance, desk: Desk, hanako: str, lack: str
) -> None:
    other = accounts.create_account(
        desk.system,
        accounts.NewAccount(login_id="taro", name="太郎", language="ja", time_zone="Asia/Tokyo"),
    ).account.id
    if lack == "right":
        with appliance.database.write() as session:
            session.get_one(Account, other).mail = "taro@example.test"
    who = {"account": "nobody", "mail": other, "right": other, "zone": hanako}[lack]
    with pytest.raises(InvalidInput, match="zone" if lack == "zone" else "people"):
        daily(desk, who, zone="Nowhere/Land" if lack == "zone" else "Asia/Tokyo")
