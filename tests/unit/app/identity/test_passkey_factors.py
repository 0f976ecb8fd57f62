"""Passkeys from their making to their end: sign-in, confirmation, planes, and every way to fail."""

from dataclasses import replace

import msgspec
import pytest
from sqlmodel import select

from app.core.errors import InvalidInput, NotFound
from app.core.secret import Secret
from app.identity import challenges, factors, passkey_factors, passkeys
from app.identity.errors import (
    ChallengeSpent,
    LastFactor,
    PasskeyCopied,
    PasskeyElsewhere,
    PasskeyRefused,
    PasskeysNotHere,
    RequestClosed,
    StepNotOffered,
    TooManyAttempts,
    WrongCode,
    WrongPassword,
)
from app.identity.models import ConsoleCredential, WorkspaceCredential
from app.identity.operations import (
    accounts,
    own_factors,
    own_passkeys,
    requests,
    sign_in,
)
from app.identity.operations.own_factors import FactorCode, FactorName, FreshCode, NewFactor
from app.identity.operations.own_passkeys import AskedFor, MadePasskey, NewPasskey
from app.operations import operation as operations
from app.operations.context import Context, Plane
from app.operations.errors import ConfirmationNeeded
from app.operations.operation import NoRequest, Tier, operation
from app.operations.permissions import Permission
from tests.authenticator import Authenticator
from tests.unit.app.identity.house import PASSWORD

NAME = "tenshu.example.jp"
HOSTS = {Plane.CONSOLE: f"{NAME}:8443", Plane.WORKSPACE: f"{NAME}:8444"}


@pytest.fixture
def named(house):
    """The house on a host name."""
    settings = msgspec.structs.replace(house.appliance.settings, host_names=(NAME,))
    house.appliance = replace(house.appliance, settings=settings)
    return house


def at_name(context):
    """The same person, who called by the host name."""
    return replace(context, host=HOSTS[context.plane])


def enter(house, person, plane=Plane.CONSOLE):
    return at_name(house.enter(person, plane))


def add(context, person, authenticator=None, name="laptop"):
    """Add a passkey as its person does."""
    key = authenticator or Authenticator(f"https://{context.host}")
    held = own_factors.list_factors(context, NoRequest()).items
    code = person.code() if held else Secret("")
    begun = own_passkeys.begin_passkey(context, NewPasskey(password=Secret(PASSWORD), code=code))
    made = own_passkeys.add_passkey(context, MadePasskey(name, key.create(begun.options)))
    return key, made


def start(house, person, plane=Plane.CONSOLE):
    """Give the password at the host name. Return the context and the steps that are offered."""
    context = at_name(house.nobody(plane))
    begun = sign_in.start(context, sign_in.Start(person.login_id, Secret(person.password)))
    return context, begun


def question(progress):
    return next(offer.passkey for offer in progress.steps if offer.step == "passkey")


def answer(context, progress, proof, step="passkey"):
    return sign_in.answer(context, sign_in.Answer(progress.ticket, step, proof))


def test_a_passkey_is_the_second_factor_of_a_sign_in_F11(named):
    owner = named.person("owner", "owner")
    key, made = add(enter(named, owner), owner)
    assert len(made.codes) == 10
    context, begun = start(named, owner)
    assert [offer.step for offer in begun.steps] == ["passkey", "totp", "recovery_code"]
    done = answer(context, begun, key.get(question(begun)))
    assert done.signed_in.account == owner.id
    row = own_factors.list_factors(at_name(named.context_of(done.signed_in.token)), NoRequest())
    found = row.items[-1]
    assert (found.kind, found.name, found.rp_id, found.removable) == (
        "passkey",
        "laptop",
        NAME,
        True,
    )
    assert found.last_used_at == named.time.now


def test_one_person_has_several_named_factors_and_recovery_codes_stay_F11(named):
    owner = named.person("owner", "owner")
    context = enter(named, owner)
    first, _ = add(context, owner)
    second, made = add(context, owner, name="key on the ring")
    assert made.codes == [], "the old ones hold"
    assert first.handle == second.handle, "one person, one handle"
    names = [row.name for row in own_factors.list_factors(context, NoRequest()).items]
    assert names == ["phone", "laptop", "key on the ring"]


def test_a_staff_member_whose_only_factor_is_a_passkey_is_asked_for_it_F11(named):
    staff = named.person("staff", factor=False)
    context = enter(named, staff, Plane.WORKSPACE)
    key, made = add(context, staff)
    assert len(made.codes) == 10
    context, begun = start(named, staff, Plane.WORKSPACE)
    assert [offer.step for offer in begun.steps] == ["passkey", "recovery_code"]
    assert answer(context, begun, key.get(question(begun))).signed_in


def test_an_answer_works_once_and_no_question_outlives_its_minutes_V15(named):
    owner = named.person("owner", "owner")
    key, _ = add(enter(named, owner), owner)
    context, begun = start(named, owner)
    proof = key.get(question(begun))
    key.rp_id = "evil.example"
    with pytest.raises(PasskeyRefused):
        answer(context, begun, key.get(question(begun)))
    with pytest.raises(ChallengeSpent):
        answer(context, begun, proof)
    again = sign_in.resume(context, sign_in.Ticket(begun.ticket))
    assert question(again) != question(begun)
    with pytest.raises(PasskeyRefused):
        answer(context, again, proof)
    key.rp_id = ""
    late = sign_in.resume(context, sign_in.Ticket(again.ticket))
    named.time.advance(passkeys.LASTS)
    with pytest.raises(ChallengeSpent):
        answer(context, late, key.get(question(late)))


def test_failed_passkeys_count_for_the_lock_out(named):
    owner = named.person("owner", "owner")
    add(enter(named, owner), owner)
    stranger = Authenticator(f"https://{HOSTS[Plane.CONSOLE]}")
    context, begun = start(named, owner)
    for _ in range(4):
        with pytest.raises(PasskeyRefused):
            answer(context, begun, stranger.get(question(begun)))
        begun = sign_in.resume(context, sign_in.Ticket(begun.ticket))
    with pytest.raises(PasskeyRefused):
        answer(context, begun, stranger.get(question(begun)))
    with pytest.raises(TooManyAttempts):
        start(named, owner)


def test_a_counter_that_goes_back_is_refused_and_recorded_V15(named):
    owner = named.person("owner", "owner")
    key = Authenticator(f"https://{HOSTS[Plane.CONSOLE]}", counter=7)
    add(enter(named, owner), owner, key)
    context, begun = start(named, owner)
    assert answer(context, begun, key.get(question(begun))).signed_in
    for copied in (7, 2, 0):
        context, begun = start(named, owner)
        key.counter = max(0, copied - 1)  # which counts one more use, unless it never counts
        with pytest.raises(PasskeyCopied):
            answer(context, begun, key.get(question(begun)))
    key.counter = 9
    context, begun = start(named, owner)
    assert answer(context, begun, key.get(question(begun))).signed_in


def test_another_persons_passkey_opens_nothing_V15(named):
    owner, other = named.person("owner", "owner"), named.person("other", "owner")
    add(enter(named, owner), owner)
    theirs, _ = add(enter(named, other), other)
    context, begun = start(named, owner)
    with pytest.raises(PasskeyRefused):
        answer(context, begun, theirs.get(question(begun)))


def test_a_passkey_belongs_to_one_account_V15(named):
    owner, other = named.person("owner", "owner"), named.person("other", "owner")
    key, _ = add(enter(named, owner), owner)
    with pytest.raises(PasskeyRefused):
        add(enter(named, other), other, key)


def test_a_passkey_of_the_workspace_never_opens_the_console_F11(named):
    owner = named.person("owner", "owner")
    key, _ = add(enter(named, owner, Plane.WORKSPACE), owner)
    context, begun = start(named, owner)
    assert [offer.step for offer in begun.steps] == ["totp"]
    with pytest.raises(StepNotOffered):
        answer(context, begun, Secret("{}"))
    context, begun = start(named, owner, Plane.WORKSPACE)
    assert answer(context, begun, key.get(question(begun))).signed_in


def test_a_passkey_of_the_console_opens_the_workspace_F11(named):
    owner = named.person("owner", "owner")
    key, _ = add(enter(named, owner), owner)
    context, begun = start(named, owner, Plane.WORKSPACE)
    with pytest.raises(PasskeyRefused):
        answer(context, begun, key.get(question(begun)))
    key.origin = f"https://{HOSTS[Plane.WORKSPACE]}"
    begun = sign_in.resume(context, sign_in.Ticket(begun.ticket))
    assert answer(context, begun, key.get(question(begun))).signed_in


@pytest.mark.parametrize(
    "host", ["", "192.0.2.7:8443", "[2001:db8::7]:8443", "localhost:8443", "other.example.jp"]
)
def test_passkeys_are_offered_on_their_host_name_alone_F11(named, host):
    owner = named.person("owner", "owner")
    add(enter(named, owner), owner)
    context = replace(named.nobody(), host=host)
    begun = sign_in.start(context, sign_in.Start(owner.login_id, Secret(PASSWORD)))
    assert [offer.step for offer in begun.steps] == ["totp", "recovery_code"]
    context = replace(named.enter(owner), host=host)
    place = own_passkeys.passkey_place(context, NoRequest())
    assert (place.works, place.rp_id) == (False, NAME)
    with pytest.raises(PasskeysNotHere):
        add(context, owner)


@pytest.mark.parametrize("host", [NAME, f"{NAME}:8443", f"office.{NAME}"])
def test_the_name_itself_and_names_below_it_do_F11(named, host):
    context = replace(named.enter(named.person("owner", "owner")), host=host)
    assert own_passkeys.passkey_place(context, NoRequest()).works


def test_an_appliance_without_a_host_name_says_so_F11(house):
    context = replace(house.enter(house.person("owner", "owner")), host="localhost:8443")
    place = own_passkeys.passkey_place(context, NoRequest())
    assert (place.works, place.rp_id) == (False, "")


def test_who_holds_passkeys_alone_is_told_to_use_the_host_name_F11(named):
    staff = named.person("staff", factor=False)
    add(enter(named, staff, Plane.WORKSPACE), staff)
    with named.appliance.database.write() as session:
        for found in session.exec(select(WorkspaceCredential)).all():
            if found.kind == factors.RECOVERY_CODE:
                session.delete(found)
    wanted = sign_in.Start(staff.login_id, Secret(PASSWORD))
    with pytest.raises(PasskeyElsewhere):
        sign_in.start(replace(named.nobody(Plane.WORKSPACE), host="192.0.2.7"), wanted)


def test_adding_a_passkey_asks_for_password_and_a_factor_that_exists_V15(named):
    owner = named.person("owner", "owner")
    context = enter(named, owner)
    with pytest.raises(WrongPassword):
        own_passkeys.begin_passkey(context, NewPasskey(password=Secret("wrong")))
    with pytest.raises(WrongCode):
        own_passkeys.begin_passkey(context, NewPasskey(password=Secret(PASSWORD)))
    with pytest.raises(ChallengeSpent):
        own_passkeys.add_passkey(context, MadePasskey("x", Secret("{}")))


def test_a_made_passkey_is_taken_once_and_by_the_session_that_asked_V15(named):
    owner = named.person("owner", "owner")
    context, elsewhere = enter(named, owner), enter(named, owner)
    begun = own_passkeys.begin_passkey(
        context, NewPasskey(password=Secret(PASSWORD), code=owner.code())
    )
    made = MadePasskey("x", Authenticator(f"https://{context.host}").create(begun.options))
    with pytest.raises(ChallengeSpent):
        own_passkeys.add_passkey(elsewhere, made)
    own_passkeys.add_passkey(context, made)
    with pytest.raises(ChallengeSpent):
        own_passkeys.add_passkey(context, made)


def prepare(context):
    new = accounts.NewAccount(login_id="new", name="New")
    with pytest.raises(ConfirmationNeeded):
        accounts.create_account(context, new)
    return requests.prepare(context, "accounts.create", new)


def test_a_passkey_confirms_a_dangerous_change_F11(named):
    owner = named.person("owner", "owner")
    context = enter(named, owner)
    key, _ = add(context, owner)
    pending = prepare(context)
    asked = own_passkeys.ask_passkey(context, AskedFor(pending.id))
    done = requests.confirm(context, requests.Confirm(pending.id, key.get(asked.options)))
    assert done.unwrap().account.login_id == "new"


def test_the_signature_is_bound_to_one_operation_and_its_arguments_V15(named):
    owner = named.person("owner", "owner")
    context = enter(named, owner)
    key, _ = add(context, owner)
    pending = prepare(context)
    other = requests.prepare(
        context, "accounts.create", accounts.NewAccount(login_id="else", name="Else")
    )
    asked = own_passkeys.ask_passkey(context, AskedFor(other.id))
    own_passkeys.ask_passkey(context, AskedFor(pending.id))
    proof = key.get(asked.options)
    with pytest.raises(PasskeyRefused):
        requests.confirm(context, requests.Confirm(pending.id, proof))
    with pytest.raises(ChallengeSpent):
        requests.confirm(context, requests.Confirm(pending.id, proof))
    assert requests.confirm(context, requests.Confirm(other.id, proof)).unwrap()


def test_five_refused_passkeys_close_a_request(named):
    owner = named.person("owner", "owner")
    context = enter(named, owner)
    add(context, owner)
    pending = prepare(context)
    for _ in range(5):
        with pytest.raises(ChallengeSpent):
            requests.confirm(context, requests.Confirm(pending.id, Secret("{}")))
    named.time.advance(3_600_000 - 1)
    with pytest.raises(RequestClosed):
        own_passkeys.ask_passkey(context, AskedFor(pending.id))


def test_a_second_administrator_approves_with_a_passkey_F11(named, monkeypatch):
    monkeypatch.setattr(operations, "_registry", dict(operations._registry))

    @operation(
        "test.erase",
        permission=Permission.BACKUPS_MANAGE,
        tier=Tier.T3_IRREVERSIBLE,
        planes=(Plane.CONSOLE,),
    )
    def erase(context: Context, _: NoRequest) -> NoRequest:
        """Erase something."""
        return NoRequest()

    owner, second = named.person("owner", "owner"), named.person("second", "owner")
    context, theirs = enter(named, owner), enter(named, second)
    key, _ = add(theirs, second)
    pending = requests.prepare(context, erase.name, NoRequest())
    assert requests.confirm(context, requests.Confirm(pending.id, owner.code())).waiting
    asked = own_passkeys.ask_passkey(theirs, AskedFor(pending.id))
    approved = requests.approve(theirs, requests.Confirm(pending.id, key.get(asked.options)))
    assert approved.unwrap() == NoRequest()


def test_a_passkey_proves_a_change_of_ones_own_F11(named):
    staff = named.person("staff", factor=False)
    context = enter(named, staff, Plane.WORKSPACE)
    key, _ = add(context, staff)

    def proof():
        return key.get(own_passkeys.ask_passkey(context, AskedFor()).options)

    assert len(own_factors.renew_recovery_codes(context, FreshCode(proof())).codes) == 10
    begun = own_passkeys.begin_passkey(context, NewPasskey(password=Secret(PASSWORD), code=proof()))
    second = Authenticator(f"https://{context.host}")
    own_passkeys.add_passkey(context, MadePasskey("second", second.create(begun.options)))
    new = NewFactor(name="tablet", password=Secret(PASSWORD), code=proof())
    assert own_factors.begin_factor(context, new).id
    for row in own_factors.list_factors(context, NoRequest()).items:
        assert own_factors.remove_factor(context, FactorCode(row.id, proof())).done
        key = second
    assert own_factors.list_factors(context, NoRequest()).items == []


def test_the_last_passkey_of_the_console_stays_F11(named):
    owner = named.person("owner", "owner")
    context = enter(named, owner)
    key, _ = add(context, owner)
    phone, laptop = own_factors.list_factors(context, NoRequest()).items
    own_factors.remove_factor(context, FactorCode(phone.id, owner.code()))
    asked = own_passkeys.ask_passkey(context, AskedFor())
    with pytest.raises(LastFactor):
        own_factors.remove_factor(context, FactorCode(laptop.id, key.get(asked.options)))


def test_a_factor_gets_another_name_where_it_was_added_F11(named):
    owner = named.person("owner", "owner")
    context = enter(named, owner)
    add(context, owner)
    phone, laptop = own_factors.list_factors(context, NoRequest()).items
    assert own_factors.rename_factor(context, FactorName(laptop.id, "blue key")).done
    names = [row.name for row in own_factors.list_factors(context, NoRequest()).items]
    assert names == ["phone", "blue key"]
    for where, which in ((context, "nothing"), (enter(named, owner, Plane.WORKSPACE), phone.id)):
        with pytest.raises(NotFound):
            own_factors.rename_factor(where, FactorName(which, "x"))


def test_what_to_scan_is_shown_again_after_a_mistyped_code_F11(named):
    owner = named.person("owner", "owner")
    context = enter(named, owner)
    new = NewFactor(name="tablet", password=Secret(PASSWORD), code=owner.code())
    begun = own_factors.begin_factor(context, new)
    again = own_factors.resume_factor(context, own_factors.FactorRef(begun.id))
    assert again.enrolment.secret.reveal() == begun.enrolment.secret.reveal()
    named.time.advance(factors.PENDING_LASTS)
    for which in (begun.id, own_factors.list_factors(context, NoRequest()).items[0].id):
        with pytest.raises(NotFound):
            own_factors.resume_factor(context, own_factors.FactorRef(which))


def test_what_is_kept_of_a_passkey_is_sealed_F12(named):
    owner = named.person("owner", "owner")
    add(enter(named, owner), owner)
    with named.appliance.database.read() as session:
        kept = session.exec(select(ConsoleCredential)).all()
        found = next(each for each in kept if each.kind == factors.PASSKEY)
        assert NAME not in found.secret
        assert found.reference
        holder = factors.Holder(session, named.appliance.keyring, Plane.CONSOLE, owner.id)
        assert [each.rp_id for each in passkey_factors.known(holder)] == [NAME]


def test_the_same_answer_sent_twice_at_once_is_taken_once_V15(named, monkeypatch):
    owner = named.person("owner", "owner")
    context = enter(named, owner)
    add(context, owner)
    own_passkeys.ask_passkey(context, AskedFor())
    with named.appliance.database.write() as session:
        running = context.running(session, own_passkeys.ask_passkey_operation._draft(context))
        monkeypatch.setattr(challenges, "delete", _nothing)
        with pytest.raises(ChallengeSpent):
            challenges.take(running, challenges.STEP_UP)


def _nothing(table):
    from sqlalchemy import delete

    return delete(table).where(table.id == "taken by the other")


def test_a_name_of_nothing_is_refused(named):
    from app.web.pages import ask

    with pytest.raises(InvalidInput):
        ask(FactorName, id="x", name=" ")
