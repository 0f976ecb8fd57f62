import pyotp
import pytest
from sqlmodel import select

from app.core.errors import InvalidInput
from app.core.secret import Secret
from app.identity import sessions
from app.identity.errors import (
    ClaimCodeSpent,
    SetupDone,
    SetupExpired,
    UnsuitableLoginId,
    UnsuitablePassword,
    WrongClaimCode,
    WrongCode,
)
from app.identity.models import Account, Setup
from app.identity.operations import setup, sign_in
from app.identity.operations.setup import Claim, FirstCode, Person, SetupTicket
from app.operations.context import Context, Plane
from app.operations.errors import NotAllowed, WrongPlane
from app.operations.operation import NoRequest
from tests.unit.app.identity.house import OFFICE, PASSWORD


@pytest.fixture
def code(house):
    return setup.new_claim_code(house.local, NoRequest()).code


def person(ticket, **changed):
    values = {"login_id": "Hanako", "name": "田中 花子", "password": Secret(PASSWORD), **changed}
    return Person(ticket=ticket, **values)


def first_code(house, progress):
    secret = progress.enrolment.secret.reveal()
    return FirstCode(progress.ticket, Secret(pyotp.TOTP(secret).at(house.time.now // 1000)))


def needed(house):
    return setup.status(house.nobody(), NoRequest()).needed


def test_from_claim_code_to_a_signed_in_owner_F1_F11(house, code):
    context = house.nobody()
    assert needed(house)
    progress = setup.claim(context, Claim(code))
    assert (progress.step, progress.enrolment) == ("person", None)
    progress = setup.describe(context, person(progress.ticket))
    assert (progress.step, progress.login_id) == ("factor", "hanako")
    done = setup.finish(context, first_code(house, progress))
    assert len(done.recovery_codes) == 10
    assert not needed(house)
    found = sessions.look_up(house.appliance, Plane.CONSOLE, done.token.reveal(), OFFICE)
    assert found.actor.name == "田中 花子"
    with house.appliance.database.read() as session:
        account = session.get(Account, done.account)
        assert (account.is_owner, account.may_enrol) == (True, False)
        row = session.get(Setup, 1)
        assert (row.notes, row.claim_hash, row.ticket_hash) == ("", "", "")


def test_the_first_code_is_used_up_by_the_setup_RFC_6238(house, code):
    context = house.nobody()
    progress = setup.claim(context, Claim(code))
    first = first_code(house, setup.describe(context, person(progress.ticket)))
    setup.finish(context, first)
    progress = sign_in.start(context, sign_in.Start("hanako", Secret(PASSWORD)))
    with pytest.raises(sign_in.sign_in_flow.Counted, match="used already"):
        sign_in.answer(context, sign_in.Answer(progress.ticket, "totp", first.code))


def test_a_reloaded_page_goes_on_where_it_was(house, code):
    context = house.nobody()
    ticket = setup.claim(context, Claim(code)).ticket
    assert setup.resume(context, SetupTicket(ticket)).step == "person"
    shown = setup.describe(context, person(ticket))
    again = setup.resume(context, SetupTicket(ticket))
    assert again.enrolment.secret == shown.enrolment.secret
    assert (again.login_id, again.name) == ("hanako", "田中 花子")
    assert setup.finish(context, first_code(house, again))


def test_the_claim_code_opens_in_another_browser_and_closes_the_first(house, code):
    context = house.nobody()
    first = setup.claim(context, Claim(code)).ticket
    second = setup.claim(context, Claim(Secret(code.reveal().upper().replace("-", " ")))).ticket
    with pytest.raises(SetupExpired):
        setup.resume(context, SetupTicket(first))
    assert setup.resume(context, SetupTicket(second)).step == "person"


def test_ten_wrong_claim_codes_and_a_new_one_must_be_made_V19(house, code):
    context = house.nobody()
    for left in range(9, -1, -1):
        with pytest.raises(WrongClaimCode) as refused:
            setup.claim(context, Claim(Secret("0000-0000-0000")))
        assert refused.value.parameters == {"left": left}
    with pytest.raises(ClaimCodeSpent):
        setup.claim(context, Claim(code))
    new = setup.new_claim_code(house.local, NoRequest()).code
    with pytest.raises(WrongClaimCode):
        setup.claim(context, Claim(code))
    assert setup.claim(context, Claim(new)).step == "person"


def test_without_a_claim_code_nothing_begins(house):
    with pytest.raises(ClaimCodeSpent):
        setup.claim(house.nobody(), Claim(Secret("")))
    with pytest.raises(SetupExpired):
        setup.resume(house.nobody(), SetupTicket(Secret("x")))


def test_a_new_claim_code_ends_a_setup_that_was_begun(house, code):
    context = house.nobody()
    ticket = setup.claim(context, Claim(code)).ticket
    setup.new_claim_code(house.local, NoRequest())
    with pytest.raises(SetupExpired):
        setup.describe(context, person(ticket))


def test_bad_particulars_are_refused_and_can_be_corrected(house, code):
    context = house.nobody()
    ticket = setup.claim(context, Claim(code)).ticket
    with pytest.raises(UnsuitableLoginId):
        setup.describe(context, person(ticket, login_id="a b"))
    with pytest.raises(UnsuitablePassword):
        setup.describe(context, person(ticket, password=Secret("password123")))
    with pytest.raises(InvalidInput):
        setup.describe(context, person(ticket, time_zone="Asia/Edo"))
    assert setup.describe(context, person(ticket)).step == "factor"


def test_a_wrong_first_code_makes_nothing_F11(house, code):
    context = house.nobody()
    progress = setup.describe(context, person(setup.claim(context, Claim(code)).ticket))
    with pytest.raises(WrongCode):
        setup.finish(context, FirstCode(progress.ticket, Secret("000000")))
    with house.appliance.database.read() as session:
        assert session.exec(select(Account)).all() == []
    assert setup.finish(context, first_code(house, progress))


def test_no_code_is_accepted_before_there_is_a_person(house, code):
    ticket = setup.claim(house.nobody(), Claim(code)).ticket
    with pytest.raises(SetupExpired):
        setup.finish(house.nobody(), FirstCode(ticket, Secret("000000")))


def test_what_waits_for_the_first_code_is_sealed_F13(house, code):
    progress = setup.describe(
        house.nobody(), person(setup.claim(house.nobody(), Claim(code)).ticket)
    )
    with house.appliance.database.read() as session:
        row = session.get(Setup, 1)
        assert progress.enrolment.secret.reveal() not in row.notes
        assert code.reveal() not in row.claim_hash


def test_an_appliance_that_has_an_owner_is_not_set_up_again_V19(house, code):
    context = house.nobody()
    progress = setup.describe(context, person(setup.claim(context, Claim(code)).ticket))
    setup.finish(context, first_code(house, progress))
    for again in (
        lambda: setup.claim(context, Claim(code)),
        lambda: setup.resume(context, SetupTicket(progress.ticket)),
        lambda: setup.describe(context, person(progress.ticket)),
        lambda: setup.finish(context, first_code(house, progress)),
        lambda: setup.new_claim_code(house.local, NoRequest()),
        lambda: setup.create_first(house.local, FIRST),
    ):
        with pytest.raises(SetupDone):
            again()


FIRST = setup.FirstPerson(login_id="owner", name="Owner", password=Secret("8 crows!"))


def test_the_owner_can_be_made_unattended_and_enrols_at_the_first_sign_in(house):
    made = setup.create_first(house.local, FIRST)
    assert made.login_id == "owner"
    progress = sign_in.start(house.nobody(), sign_in.Start("owner", Secret("8 crows!")))
    (offer,) = progress.steps
    assert offer.step == "enrol"
    code = pyotp.TOTP(offer.enrolment.secret.reveal()).at(house.time.now // 1000)
    done = sign_in.answer(
        house.nobody(), sign_in.Answer(progress.ticket, "enrol", Secret(code))
    ).signed_in
    assert done.account == made.account


def test_the_owner_is_made_unattended_after_a_claim_code_was_printed_too(house, code):
    assert setup.create_first(house.local, FIRST)
    with pytest.raises(SetupDone):
        setup.claim(house.nobody(), Claim(code))


def test_claim_codes_and_unattended_owners_come_from_the_machine_only_V17(house, appliance):
    for context in (house.nobody(), house.nobody(Plane.WORKSPACE)):
        with pytest.raises(WrongPlane):
            setup.new_claim_code(context, NoRequest())
        with pytest.raises(WrongPlane):
            setup.create_first(context, FIRST)
    for call in (
        lambda: setup.new_claim_code(Context(appliance), NoRequest()),
        lambda: setup.create_first(Context(appliance), FIRST),
    ):
        with pytest.raises(NotAllowed):
            call()
    with pytest.raises(WrongPlane):
        setup.claim(house.nobody(Plane.WORKSPACE), Claim(Secret("x")))
