"""Lists, jobs, mails and reviews: told, erased, ended and passed on like everything else."""

import json

import pytest
from sqlmodel import select

from app.audit.event import Draft
from app.core.clock import DAY
from app.core.identifiers import new_identifier
from app.files import spool
from app.identity.models import Account
from app.identity.operations import accounts
from app.identity.personal import Wanted
from app.jobs.models import Job, JobState
from app.leaving.operations.ending import EndNow, end_now
from app.leaving.operations.planning import PlanLeaving, plan_leaving
from app.leaving.operations.showing import get_leaving
from app.mail.models import MailMessage
from app.mail.operations.delivery import Sent, sent
from app.mail.operations.relay import RelayChange, update_relay
from app.mail.relay import Relay
from app.operations.context import Actor, Context, Plane
from app.people.operations.mailing import MailInvitations, mail_invitations
from app.people.personal_data import HOLDS_IT, MAY_HOLD_IT, look
from app.privacy.operations.erasing import ErasePerson, erase_person
from app.reviews.models import Campaign, ReviewLine, ReviewReminder
from app.reviews.operations import campaigns, closing, deciding
from app.reviews.operations.campaigns import CampaignRef, NewCampaign
from app.reviews.personal_data import forget as forget_reason
from app.reviews.result import digest_of, without_reason
from tests.personnel import as_csv, as_workbook, rows
from tests.unit.app.privacy.conftest import MAIL, NAME, confirmed, everything_with
from tests.unit.app.privacy.test_privacy import BASIS, erase, everything_of, findings, lines, read


@pytest.fixture
def written(office):
    """The person has an address, and a mail with a one-time link waits to go there."""
    with office.appliance.database.write() as session:
        session.get(Account, office.person.id).mail = MAIL
    relay = Relay(host="relay.example.test", sender="tenshu@example.test")
    update_relay(office.local, RelayChange(relay=relay, rev=0))
    mail_invitations(office.local, MailInvitations(accounts=(office.person.id,)))
    return office


def begin_review(office, owner):
    new = NewCampaign(name="2026", due_at=office.house.time.now + DAY, owner=owner)
    return campaigns.create_campaign(office.local, new).id


def mails(office):
    with office.appliance.database.read() as session:
        return [(one.state, one.error, one.content) for one in session.exec(select(MailMessage))]


def put_list(office, data, name="名簿.csv"):
    with spool.receive(office.appliance.settings.spool, office.owner.id, name) as incoming:
        incoming.write(data)
        return incoming.finish().id


def named_list():
    table = list(rows(2))
    table[0][2] = NAME
    return table


def put_failed_job(office):
    job = Job(
        id=new_identifier(),
        kind="people.import",
        arguments="{}",
        created_by=office.owner.id,
        created_at=1,
        updated_at=1,
        finished_at=2,
        state=JobState.FAILED.value,
        max_attempts=3,
        error="core.conflict",
        error_parameters=json.dumps({"name": NAME}, ensure_ascii=False),
    )
    with office.appliance.database.write() as session:
        session.add(job)
        return job.id


def test_mails_and_review_lines_stand_in_the_file_without_the_link_METI_31(written):
    begin_review(written, written.person.id)
    file = read(written, written.search(account=written.person.id))
    (mail,) = lines(file, "mails")
    assert (mail["recipient"], mail["template"]) == (MAIL, "people.password_link")
    assert "content" not in mail
    assert {one["name"] for one in lines(file, "review-lines")} == {NAME}
    assert [one["name"] for one in lines(file, "reviews")] == ["2026"]


def test_who_is_erased_stands_in_no_mail_list_job_or_review_METI_31(written):
    review = begin_review(written, written.owner.id)
    with written.appliance.database.write() as session:
        session.add(
            ReviewReminder(campaign=review, account=written.person.id, occasion="soon", at=1)
        )
    whole = campaigns.get_campaign(written.local, CampaignRef(review))
    mine = [line.id for line in whole.lines if line.account == written.person.id]
    owner = written.at_workspace()
    wanted = deciding.Decision(lines=mine, decision="withdraw", reason="異動")
    deciding.decide(owner, wanted)
    closing.close_campaign(written.local, CampaignRef(review))
    closed = campaigns.get_campaign(written.local, CampaignRef(review)).digest
    upload = put_list(written, as_csv(named_list(), "cp932"))
    job = put_failed_job(written)
    written.suspend()
    disclosure = written.search(account=written.person.id)
    found = findings(written, disclosure)
    assert {one.place for one in found} >= {f"uploads/{upload}", f"jobs/{job}"}
    written.seal()
    erase(written, disclosure=disclosure, findings=[one.id for one in found])
    written.work()
    written.seal()
    assert everything_of(written) == []
    assert mails(written) == []
    kept = closing.show_result(written.local, CampaignRef(review))
    assert [one.account for one in kept.result.erasures] == [written.person.id]
    assert kept.digest != closed
    with written.appliance.database.read() as session:
        assert kept.digest == digest_of(session.get(Campaign, review).result)
        assert session.exec(select(ReviewReminder)).all() == []
        assert (session.get(Job, job).error, session.get(Job, job).error_parameters) == (
            "internal", "{}",
        )  # fmt: skip


def decide_about_another(office, reason):
    """In a review the person decides about somebody else; return review and line."""
    other = office.house.person("other", "staff")
    review = begin_review(office, office.person.id)
    whole = campaigns.get_campaign(office.local, CampaignRef(review))
    (line,) = [one.id for one in whole.lines if one.account == other.id]
    wanted = deciding.Decision(lines=[line], decision="withdraw", reason=reason)
    seat = Context(office.appliance, actor=Actor(account=office.person.id), plane=Plane.WORKSPACE)
    deciding.decide(seat, wanted)
    return review, line


def reasons(office, review):
    whole = campaigns.get_campaign(office.local, CampaignRef(review))
    return [one.reason for one in whole.lines if one.reason]


def erase_reason(office, line):
    """Find the reason of a line by the name in it, and erase it alone."""
    disclosure = office.search(text=f"何も\n{NAME}")
    (found,) = [one for one in findings(office, disclosure) if one.place == f"reviews/{line}"]
    wanted = ErasePerson(basis=BASIS, disclosure=disclosure, findings=[found.id])
    erased = confirmed(office.admin(), erase_person, wanted)
    assert (erased.changed, erased.places) == (1, 0)  # the console did it: nothing is left over
    office.work()
    return found


def test_a_reason_in_a_closed_review_that_names_the_person_goes_from_its_result_METI_31(office):
    review, line = decide_about_another(office, f"{NAME}が引き継ぐ")
    closing.close_campaign(office.local, CampaignRef(review))
    assert erase_reason(office, line).title == "2026"
    kept = closing.show_result(office.local, CampaignRef(review))
    assert {one.reason for one in kept.result.lines} == {""}
    assert [one.account for one in kept.result.erasures] == [""]
    assert [one.decision for one in kept.result.lines if one.decision] == ["withdraw"]
    assert reasons(office, review) == []


def test_a_reason_in_an_open_review_goes_and_its_event_never_held_it_METI_31(office):
    review, line = decide_about_another(office, "太郎兵衛の後任")
    office.seal()
    line_alone = ["tenshu.sqlite"] if office.appliance.database.is_sqlite else []
    assert everything_with(office, "太郎兵衛の後任") == line_alone
    with office.appliance.database.write() as session:
        session.get(ReviewLine, line).reason = NAME
    erase_reason(office, line)
    assert reasons(office, review) == []


def test_a_reason_that_went_already_is_no_fault(office):
    review, line = decide_about_another(office, NAME)
    closing.close_campaign(office.local, CampaignRef(review))
    with office.appliance.database.read() as session:
        campaign, decided = session.get(Campaign, review), session.get(ReviewLine, line)
        once = without_reason(campaign.result, decided, at=1)
        assert without_reason(once, decided, at=2) == once
        context = office.local.running(session, Draft(verb="privacy.erase", at=1))
        assert forget_reason(context, "reviews/nothing") == 0


def test_a_mail_that_was_erased_in_the_couriers_hands_stops_nothing(written):
    with written.appliance.database.read() as session:
        mail = session.exec(select(MailMessage.id)).one()
    with written.appliance.database.write() as session:
        session.delete(session.get(MailMessage, mail))
    sent(written.local, Sent(mail=mail))


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-16-le"])
def test_a_list_is_searched_however_it_is_written_METI_31(office, encoding):
    upload = put_list(office, as_csv(named_list(), encoding))
    other = put_list(office, as_csv(list(rows(2)), encoding))
    batch = look(office.local, Wanted(account="", texts=(NAME,)), "")
    assert ([one.place for one in batch.found], batch.looked_at) == ([f"uploads/{upload}"], 2)
    assert look(office.local, Wanted(account="", texts=()), "").found == []
    assert look(office.local, Wanted(account="", texts=("𠮷" + NAME[:1],)), "").found == []
    assert other


def test_a_workbook_is_searched_in_its_cells_and_a_broken_one_is_not_passed_over_METI_31(office):
    upload = put_list(office, as_workbook(named_list()), "名簿.xlsx")
    put_list(office, as_workbook(list(rows(2))), "others.xlsx")
    broken = put_list(office, b"PK\x03\x04 broken", "broken.xlsx")
    found = look(office.local, Wanted(account="", texts=(NAME,)), "").found
    assert {one.place: one.why for one in found} == {
        f"uploads/{upload}": HOLDS_IT,
        f"uploads/{broken}": MAY_HOLD_IT,
    }
    assert look(office.local, Wanted(account="", texts=()), "").found == []


def test_a_leavers_mails_stay_and_open_reviews_pass_to_the_successor_F4(written):
    review = begin_review(written, written.person.id)
    successor = written.house.person("saburo", "staff")
    held = {one.kind: one.count for one in leaving(written).holdings}
    assert (held["mails"], held["reviews"]) == (1, 1)
    plan = PlanLeaving(
        account=written.person.id,
        rev=leaving(written).account.rev,
        leaves_on="2027-03-31",
        successor=successor.id,
    )
    plan_leaving(written.local, plan)
    end_now(written.local, EndNow(account=written.person.id, rev=leaving(written).account.rev))
    assert mails(written) == [("failed", "mail.recipient_left", "")]
    assert campaigns.get_campaign(written.local, CampaignRef(review)).owner_name == "Saburo"
    assert {one.kind: one.count for one in leaving(written).holdings}["reviews"] == 0


def leaving(office):
    return get_leaving(office.local, accounts.AccountRef(office.person.id))


def test_who_has_no_address_holds_no_mails(office):
    held = {one.kind: one.count for one in leaving(office).holdings}
    assert held["mails"] == 0
    confirmed(
        office.admin(), end_now, EndNow(account=office.person.id, rev=leaving(office).account.rev)
    )
    assert mails(office) == []
