"""One-time links: a first sign-in, a forgotten password, and every way in which they end (F1)."""

import msgspec
import pytest
from sqlmodel import select

from app.audit.models import OutboxEvent
from app.core.clock import DAY
from app.core.secret import Secret
from app.identity import policies, sessions
from app.identity.errors import (
    BeyondYourRights,
    InvitationExpired,
    InvitationUnknown,
    InvitationUsed,
    InvitationWithdrawn,
    NotForThisPlane,
    SignInFailed,
    UnsuitablePassword,
)
from app.identity.invitations import put_no_password
from app.identity.models import Password
from app.identity.operations import accounts, invitations, sign_in
from app.identity.operations.invitations import (
    InvitationToken,
    Invite,
    InvitedAccount,
    Newcomers,
    look,
    open_link,
)
from app.operations.context import Plane
from tests.unit.app.identity.house import OFFICE

CHOSEN = "a fresh and private sentence"


def invite(house, person, days=14):
    (issued,) = invitations.invite(house.local, Invite(accounts=(person.id,), days=days)).items
    return issued.token


def choose(house, progress, plane=Plane.WORKSPACE, password=CHOSEN):
    return sign_in.answer(
        house.nobody(plane), sign_in.Answer(progress.ticket, "new_password", Secret(password))
    )


def events(house, verb):
    with house.appliance.database.read() as session:
        found = session.exec(select(OutboxEvent.content)).all()
    return [text for text in found if f'"verb":"{verb}"' in text]


def test_a_link_opens_one_sign_in_in_which_the_person_chooses_a_password_F1(house):
    person = house.person("taro", "staff", factor=False)
    token = InvitationToken(invite(house, person))
    at_workspace = house.nobody(Plane.WORKSPACE)
    assert look(at_workspace, token).login_id == "taro"
    progress = open_link(at_workspace, token)
    assert [offer.step for offer in progress.steps] == ["new_password"]
    with pytest.raises(UnsuitablePassword):
        choose(house, progress, password="short")
    done = choose(house, progress)
    assert done.signed_in.account == person.id
    person.password = CHOSEN
    assert house.sign_in(person, Plane.WORKSPACE)
    assert len(events(house, "invitations.issue")) == 1


def test_a_link_that_was_used_opens_nothing_more_and_the_history_tells_F1(house):
    person = house.person("taro", "staff", factor=False)
    token = InvitationToken(invite(house, person))
    choose(house, open_link(house.nobody(Plane.WORKSPACE), token))
    for try_it in (look, open_link):
        with pytest.raises(InvitationUsed):
            try_it(house.nobody(Plane.WORKSPACE), token)
    (refused,) = [text for text in events(house, "invitations.look") if "invitations.used" in text]
    assert person.id in refused


def test_of_two_people_who_hold_a_forwarded_link_only_the_first_comes_in_F1(house):
    person = house.person("taro", "staff", factor=False)
    token = InvitationToken(invite(house, person))
    first = open_link(house.nobody(Plane.WORKSPACE), token)
    second = open_link(house.nobody(Plane.WORKSPACE), token)
    choose(house, first)
    with pytest.raises(Exception) as refused:
        choose(house, second, password="another private sentence")
    assert refused.value.code in ("invitations.used", "sign_in.expired")
    person.password = CHOSEN
    assert house.sign_in(person, Plane.WORKSPACE)


def test_a_link_expires(house, time):
    person = house.person("taro", "staff", factor=False)
    token = InvitationToken(invite(house, person, days=1))
    time.advance(DAY)
    with pytest.raises(InvitationExpired):
        open_link(house.nobody(Plane.WORKSPACE), token)


def test_a_newer_link_a_withdrawal_and_a_suspension_end_the_link_F1(house):
    person = house.person("taro", "staff", factor=False)
    workspace = house.nobody(Plane.WORKSPACE)
    first, second = (InvitationToken(invite(house, person)) for _ in range(2))
    with pytest.raises(InvitationWithdrawn):
        look(workspace, first)
    assert look(workspace, second)
    assert invitations.withdraw_invitation(house.local, InvitedAccount(person.id)).done
    assert not invitations.withdraw_invitation(house.local, InvitedAccount(person.id)).done
    with pytest.raises(InvitationWithdrawn):
        look(workspace, second)
    third = InvitationToken(invite(house, person))
    account = accounts.get_account(house.local, accounts.AccountRef(person.id)).account
    accounts.suspend_account(house.local, accounts.SuspendAccount(person.id, account.rev))
    with pytest.raises(InvitationWithdrawn):
        open_link(workspace, third)


def test_a_link_that_was_withdrawn_while_it_was_open_is_not_completed(house):
    person = house.person("taro", "staff", factor=False)
    progress = open_link(house.nobody(Plane.WORKSPACE), InvitationToken(invite(house, person)))
    invitations.withdraw_invitation(house.local, InvitedAccount(person.id))
    with pytest.raises(InvitationUsed):
        choose(house, progress)
    person.password = CHOSEN
    with pytest.raises(SignInFailed):
        house.sign_in(person, Plane.WORKSPACE)


def test_a_link_that_nobody_handed_out_is_unknown(house):
    with pytest.raises(InvitationUnknown):
        open_link(house.nobody(Plane.WORKSPACE), InvitationToken(Secret("made-up")))


def test_on_the_console_the_link_still_asks_for_the_second_factor_METI_50(house):
    person = house.person("jiro", "operator")
    token = InvitationToken(invite(house, person))
    progress = open_link(house.nobody(), token)
    assert [offer.step for offer in progress.steps] == ["totp"]
    context = house.nobody()
    progress = sign_in.answer(context, sign_in.Answer(progress.ticket, "totp", person.code()))
    assert choose(house, progress, Plane.CONSOLE).signed_in.account == person.id


def test_a_link_opens_no_plane_on_which_the_person_has_nothing_to_do(house):
    person = house.person("taro", "staff", factor=False)
    token = InvitationToken(invite(house, person))
    with pytest.raises(NotForThisPlane):
        open_link(house.nobody(Plane.CONSOLE), token)
    assert look(house.nobody(Plane.WORKSPACE), token), "it is not spent"


def test_nobody_invites_who_holds_more_than_they_do_F4(house):
    owner = house.person("hanako", "owner")
    guard = house.enter(house.person("kenji", "security_administrator"))
    request = Invite(accounts=(owner.id,))
    guard.confirmed = invitations.invite.digest(request)
    with pytest.raises(BeyondYourRights):
        invitations.invite(guard, request)
    assert events(house, "invitations.issue") == []


def test_a_session_that_began_with_the_old_password_ends_when_a_new_one_is_chosen_F7(house):
    person = house.person("taro", "staff", factor=False)
    old = house.sign_in(person, Plane.WORKSPACE)
    choose(house, open_link(house.nobody(Plane.WORKSPACE), InvitationToken(invite(house, person))))
    found = sessions.look_up(house.appliance, Plane.WORKSPACE, old.token.reveal(), OFFICE)
    assert found is None


def test_with_a_rule_for_everybody_the_first_sign_in_enrols_a_factor(house):
    person = house.person("taro", "staff", factor=False)
    with house.appliance.database.write() as session:
        present, rev = policies.load_with_rev(session)
        wanted = msgspec.structs.replace(present, workspace_second_factor="required")
        policies.store(session, wanted, rev)
    progress = open_link(house.nobody(Plane.WORKSPACE), InvitationToken(invite(house, person)))
    assert [offer.step for offer in progress.steps] == ["enrol"]


def newcomer(house, login_id):
    person = house.person(login_id, "staff", factor=False)
    with house.appliance.database.write() as session:
        session.delete(session.get(Password, person.id))
        session.flush()
        put_no_password(session, person.id, house.time.now)
    return person


def test_newcomers_are_those_without_a_password_and_the_list_tells_who_is_invited(house):
    taro, jiro, _ = newcomer(house, "taro"), newcomer(house, "jiro"), house.person("hanako")
    token = InvitationToken(invite(house, taro))
    assert look(house.nobody(Plane.WORKSPACE), token).first

    def waiting(**wanted):
        page = invitations.list_newcomers(house.local, Newcomers(**wanted))
        return {one.login_id: bool(one.invited_until) for one in page.items}, page.after

    assert waiting() == ({"jiro": False, "taro": True}, "")
    assert waiting(limit=1) == ({"jiro": False}, "jiro")
    assert waiting(search="TARO") == ({"taro": True}, "")
    assert waiting(limit=1, sort="-name") == ({"taro": True}, "Taro taro")
    assert waiting(limit=1, sort="-name", after="Taro taro") == ({"jiro": False}, "")
    assert invitations.list_newcomers(house.local, Newcomers(limit=1)).total == 2
    until = house.time.now + 14 * DAY
    assert waiting(limit=1, sort="invited_until") == ({"jiro": False}, "0 jiro")
    assert waiting(limit=1, sort="-invited_until") == ({"taro": True}, f"{until} taro")
    assert waiting(sort="-invited_until", after=f"{until} taro") == ({"jiro": False}, "")
    with pytest.raises(SignInFailed):
        house.sign_in(jiro, Plane.WORKSPACE)
    choose(house, open_link(house.nobody(Plane.WORKSPACE), token))
    assert waiting() == ({"jiro": False}, "")


def test_whoever_has_no_password_row_gets_one_with_the_invitation(house):
    person = house.person("taro", "staff", factor=False)
    with house.appliance.database.write() as session:
        session.delete(session.get(Password, person.id))
    choose(house, open_link(house.nobody(Plane.WORKSPACE), InvitationToken(invite(house, person))))
    person.password = CHOSEN
    assert house.sign_in(person, Plane.WORKSPACE)
