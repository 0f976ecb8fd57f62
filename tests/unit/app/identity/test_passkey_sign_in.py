"""A passkey in the place of login ID, password and second factor, and every way to fail."""

from dataclasses import replace

import pytest

from app.audit.event import Outcome, Source
from app.core.clock import MINUTE
from app.core.secret import Secret
from app.identity import sessions
from app.identity.errors import (
    ChallengeSpent,
    NotForThisPlane,
    PasskeyCopied,
    PasskeyRefused,
    PasskeysNotHere,
    SignInExpired,
    StepNotOffered,
    TooManyAttempts,
)
from app.identity.operations import accounts, credentials, grants, passkey_sign_in, sign_in
from app.identity.policies import IdentityPolicy
from app.operations.context import Plane
from app.operations.operation import NoRequest
from tests.authenticator import BACKUP, PRESENT, Authenticator
from tests.unit.app.identity.house import OFFICE
from tests.unit.app.identity.test_passkey_factors import HOSTS, add, at_name, enter, named, start
from tests.unit.app.identity.test_policy_effects import put
from tests.unit.app.identity.test_signing_in import events

__all__ = ["named"]


@pytest.fixture
def owner(named):
    return named.person("owner", "owner")


@pytest.fixture
def key(named, owner):
    """The owner's passkey, of the console."""
    made, _ = add(enter(named, owner), owner)
    return made


def ask(named, plane=Plane.CONSOLE):
    context = at_name(named.nobody(plane))
    return context, passkey_sign_in.ask_passkey(context)


def give(context, progress, proof):
    given = passkey_sign_in.PasskeyAnswer(progress.ticket, proof)
    return passkey_sign_in.by_passkey(context, given)


def try_alone(named, key, plane=Plane.CONSOLE):
    context, progress = ask(named, plane)
    return give(context, progress, key.get(progress.steps[0].passkey))


def test_a_passkey_that_knows_its_person_signs_in_alone_F1_F11(named, owner, key):
    context, progress = ask(named)
    (offer,) = progress.steps
    assert offer.step == "passkey_alone"
    assert '"allowCredentials":[]' in offer.passkey, "nobody is named"
    assert '"userVerification":"required"' in offer.passkey
    done = give(context, progress, key.get(offer.passkey)).signed_in
    assert done.account == owner.id
    assert sessions.look_up(named.appliance, Plane.CONSOLE, done.token.reveal(), OFFICE)
    (event,) = events(named, "sign_in.by_passkey")
    assert (event.outcome, event.actor, event.session) == (Outcome.DONE, owner.id, done.session)
    assert event.references["step"] == "passkey_alone"
    assert event.references["factor"]


def test_a_passkey_that_was_only_touched_is_one_factor_and_not_enough_METI_50(named, key):
    key.flags = PRESENT | BACKUP
    with pytest.raises(PasskeyRefused):
        try_alone(named, key)


def test_a_passkey_that_does_not_say_whose_it_is_is_refused_V15(named, key):
    key.handle = ""
    with pytest.raises(PasskeyRefused):
        try_alone(named, key)


def test_a_passkey_that_nobody_has_gets_the_answer_of_a_wrong_one_V15(named, key):
    unknown = Authenticator(f"https://{HOSTS[Plane.CONSOLE]}", handle=key.handle)
    wrong = Authenticator(unknown.origin, credential=key.credential, handle=key.handle)
    told = []
    for stranger in (unknown, wrong):
        with pytest.raises(PasskeyRefused) as refused:
            try_alone(named, stranger)
        told.append((str(refused.value), refused.value.parameters))
    assert told[0] == told[1]
    nobody, somebody = events(named, "sign_in.by_passkey")
    assert (nobody.outcome, somebody.outcome) == (Outcome.REFUSED, Outcome.REFUSED)
    assert not nobody.actor
    assert not somebody.actor, "nobody has proven to be anybody"
    assert not nobody.target
    assert somebody.target, "but the history knows whom it concerns"


@pytest.mark.parametrize("kind", ["known", "unknown"])
def test_failed_passkeys_are_slowed_whether_there_is_such_a_one_or_not_V15(named, key, kind):
    stranger = Authenticator(f"https://{HOSTS[Plane.CONSOLE]}", handle=key.handle)
    if kind == "known":
        stranger.credential = key.credential
    for _ in range(5):
        with pytest.raises(PasskeyRefused):
            try_alone(named, stranger)
    with pytest.raises(TooManyAttempts):
        try_alone(named, stranger)
    if kind == "unknown":
        assert try_alone(named, key).signed_in, "a stranger's key locks nobody out"


def test_an_address_that_fails_too_often_is_asked_nothing_V15(named, key):
    for _ in range(30):
        stranger = Authenticator(f"https://{HOSTS[Plane.CONSOLE]}", handle="eA")
        with pytest.raises(PasskeyRefused):
            try_alone(named, stranger)
    with pytest.raises(TooManyAttempts):
        ask(named)


def test_a_question_that_nobody_answers_leaves_no_event_and_a_refused_one_does_F5(named, key):
    ask(named)
    assert events(named, "sign_in.ask_passkey") == []
    elsewhere = replace(named.nobody(), host="192.0.2.7:8443")
    with pytest.raises(PasskeysNotHere):
        passkey_sign_in.ask_passkey(elsewhere)
    (event,) = events(named, "sign_in.ask_passkey")
    assert event.outcome is not Outcome.DONE


def test_one_address_has_so_many_open_questions_and_no_more_until_they_end_V15(
    named, key, monkeypatch
):
    monkeypatch.setattr(passkey_sign_in, "MOST_OPEN", 3)
    for _ in range(3):
        assert try_alone(named, key).signed_in, "what is answered is open no longer"
        named.time.advance(MINUTE)
        ask(named)
    with pytest.raises(TooManyAttempts) as refused:
        ask(named)
    assert refused.value.parameters["seconds"] == 8 * 60, "the oldest of ten minutes ends then"
    (event,) = events(named, "sign_in.ask_passkey")
    assert event.outcome is Outcome.REFUSED
    other = replace(at_name(named.nobody()), source=Source(peer="192.0.2.99"))
    assert passkey_sign_in.ask_passkey(other).steps, "another address asks on"
    named.time.advance(8 * MINUTE)
    ask(named)


@pytest.mark.parametrize("text", ["", "{}", "x" * 70_000])
def test_what_is_no_answer_is_refused(named, key, text):
    context, progress = ask(named)
    with pytest.raises(PasskeyRefused):
        give(context, progress, Secret(text))


def test_an_answer_works_once_V15(named, key):
    context, progress = ask(named)
    proof = key.get(progress.steps[0].passkey)
    assert give(context, progress, proof).signed_in
    with pytest.raises(SignInExpired):
        give(context, progress, proof)
    context, other = ask(named)
    with pytest.raises(PasskeyRefused):
        give(context, other, proof)
    with pytest.raises(ChallengeSpent):
        give(context, other, key.get(other.steps[0].passkey))


def test_a_copied_passkey_is_refused_V15(named, owner):
    made = Authenticator(f"https://{HOSTS[Plane.CONSOLE]}", counter=7)
    add(enter(named, owner), owner, made)
    assert try_alone(named, made).signed_in
    made.counter = 3
    with pytest.raises(PasskeyCopied):
        try_alone(named, made)


def test_a_suspended_person_is_refused_like_a_stranger_F4(named, owner, key):
    named.person("second", "owner")
    accounts.suspend_account(named.local, accounts.SuspendAccount(owner.id, 1))
    with pytest.raises(PasskeyRefused):
        try_alone(named, key)


def test_a_reset_factor_signs_nobody_in_F4(named, owner, key):
    credentials.reset_factor(named.local, credentials.AccountRef(owner.id))
    with pytest.raises(PasskeyRefused):
        try_alone(named, key)


def test_the_planes_stay_apart_F11(named, owner, key):
    key.origin = f"https://{HOSTS[Plane.WORKSPACE]}"
    assert try_alone(named, key, Plane.WORKSPACE).signed_in
    staff = named.person("staff", factor=False)
    theirs, _ = add(enter(named, staff, Plane.WORKSPACE), staff)
    theirs.origin = f"https://{HOSTS[Plane.CONSOLE]}"
    with pytest.raises(PasskeyRefused):
        try_alone(named, theirs)


def test_who_has_nothing_to_do_on_the_console_is_not_let_in(named, owner, key):
    helper = named.person("helper")
    given = grants.give(named.local, grants.NewGrant(holder=helper.id, role="operator"))
    theirs, _ = add(enter(named, helper), helper)
    grants.take(named.local, grants.GrantRef(given.id))
    with pytest.raises(NotForThisPlane):
        try_alone(named, theirs)


def test_a_given_password_is_replaced_on_the_way_in_F8(named, owner, key):
    credentials.reset_password(named.local, credentials.PasswordReset(account=owner.id))
    context, progress = ask(named)
    progress = give(context, progress, key.get(progress.steps[0].passkey))
    assert [offer.step for offer in progress.steps] == ["new_password"]
    chosen = sign_in.Answer(progress.ticket, "new_password", Secret("nine blue boats on a lake"))
    assert sign_in.answer(context, chosen).signed_in


def test_the_rule_of_the_plane_is_obeyed_F11(named, owner, key):
    context, asked = ask(named)
    put(named, IdentityPolicy(console_factors="apps_only"))
    with pytest.raises(StepNotOffered):
        give(context, asked, key.get(asked.steps[0].passkey))
    with pytest.raises(StepNotOffered):
        ask(named)
    here = passkey_sign_in.ways(at_name(named.nobody()), NoRequest())
    there = passkey_sign_in.ways(at_name(named.nobody(Plane.WORKSPACE)), NoRequest())
    assert (here.passkey, there.passkey) == (False, True)


def test_at_an_address_no_passkey_is_asked_F11(named, key):
    context = replace(named.nobody(), host="192.0.2.7:8443")
    assert not passkey_sign_in.ways(context, NoRequest()).passkey
    with pytest.raises(PasskeysNotHere):
        passkey_sign_in.ask_passkey(context)


def test_a_sign_in_by_password_is_not_finished_by_a_passkey_alone_V15(named, owner, key):
    context, begun = start(named, owner)
    proof = key.get(next(each.passkey for each in begun.steps if each.passkey))
    with pytest.raises(StepNotOffered):
        give(context, begun, proof)
    with pytest.raises(StepNotOffered):
        sign_in.answer(context, sign_in.Answer(begun.ticket, "passkey_alone", proof))
