import enum

import msgspec
import pyotp
import pytest
from sqlmodel import select

from app.audit.event import Content, Outcome, Source
from app.audit.models import OutboxEvent
from app.core.clock import DAY, HOUR, MINUTE
from app.core.secret import Secret
from app.identity import (
    account_rows,
    built_in_steps,
    factors,
    lockout,
    passwords,
    plane_policies,
    policies,
    sessions,
    sign_in_steps,
)
from app.identity.errors import (
    CodeAlreadyUsed,
    NoSecondFactor,
    NotForThisPlane,
    SignInExpired,
    SignInFailed,
    StepNotOffered,
    TooManyAttempts,
    UnsuitablePassword,
    WrongCode,
    WrongRecoveryCode,
)
from app.identity.models import Account, ConsolePendingSignIn, Password
from app.identity.operations import accounts, credentials, grants, own_factors, sign_in
from app.identity.sign_in import Policy, Requirement
from app.identity.sign_in_steps import Attempt, Step
from app.operations.context import Plane
from app.operations.operation import NoRequest
from tests.unit.app.identity.house import OFFICE, PASSWORD


def start(house, person, password=PASSWORD, plane=Plane.CONSOLE, source=OFFICE):
    login_id = getattr(person, "login_id", person)
    context = house.nobody(plane, source)
    return sign_in.start(context, sign_in.Start(login_id, Secret(password)))


def answer(house, progress, step, given, plane=Plane.CONSOLE):
    given = given if isinstance(given, Secret) else Secret(given)
    return sign_in.answer(house.nobody(plane), sign_in.Answer(progress.ticket, step, given))


def events(house, verb):
    with house.appliance.database.read() as session:
        rows = session.exec(select(OutboxEvent)).all()
        found = [msgspec.json.decode(row.content, type=Content) for row in rows]
        return [event for event in found if event.verb == verb]


def test_the_console_asks_for_password_and_code_F1_F11(house):
    owner = house.person("owner", "owner")
    progress = start(house, "ＯＷＮＥＲ")
    assert [offer.step for offer in progress.steps] == ["totp"]
    assert progress.signed_in is None
    done = answer(house, progress, "totp", owner.code()).signed_in
    assert (done.account, done.name, done.language) == (owner.id, "Owner", "ja")
    found = sessions.look_up(house.appliance, Plane.CONSOLE, done.token.reveal(), OFFICE)
    assert found.actor.account == owner.id
    (event,) = events(house, "sign_in.answer")
    assert (event.outcome, event.actor, event.session) == (Outcome.DONE, owner.id, done.session)
    assert event.references == {"step": "totp"}


def test_the_workspace_needs_no_factor_of_who_has_none_F1(house):
    staff = house.person("staff", "staff", factor=False)
    assert start(house, staff, plane=Plane.WORKSPACE).signed_in.account == staff.id


def test_the_workspace_asks_who_has_a_factor_F11(house):
    staff = house.person("staff", "staff")
    progress = start(house, staff, plane=Plane.WORKSPACE)
    assert [offer.step for offer in progress.steps] == ["totp"]


@pytest.mark.parametrize("login_id", ["owner", "nobody", "", "x" * 256, "\ud800"])
def test_every_way_of_not_fitting_gives_the_same_answer_V15(house, login_id):
    house.person("owner", "owner")
    with pytest.raises(SignInFailed) as failure:
        start(house, login_id, "wrong password, sorry")
    assert (str(failure.value), failure.value.parameters) == (SignInFailed.message, {})
    (event,) = events(house, "sign_in.start")
    assert (event.outcome, event.error) == (Outcome.REFUSED, "sign_in.failed")
    assert event.actor == "", "nobody has proven to be anybody"
    assert bool(event.target) == (login_id == "owner"), "but the history knows whom it concerns"


def test_known_and_unknown_login_ids_cost_one_argon2_each_V15(house, monkeypatch):
    house.person("owner", "owner")
    verified = []
    original = passwords._verify
    monkeypatch.setattr(
        passwords, "_verify", lambda *given: verified.append(given) or original(*given)
    )
    for login_id in ("owner", "nobody"):
        before = len(verified)
        with pytest.raises(SignInFailed):
            start(house, login_id, "wrong password, sorry")
        assert len(verified) - before == 1


def test_a_stranger_keeps_nobody_from_writing_while_argon2_works(house, monkeypatch):
    house.person("owner", "owner")
    original = passwords._verify

    def verify(*given):
        with house.appliance.database.write():  # would wait for ever inside a transaction
            return original(*given)

    monkeypatch.setattr(passwords, "_verify", verify)
    assert start(house, "owner").steps


def test_the_operation_alone_checks_the_password_too(house):
    house.person("owner", "owner")
    context = house.nobody()
    assert sign_in.start_operation(context, sign_in.Start("owner", Secret(PASSWORD))).unwrap()
    with pytest.raises(SignInFailed):
        sign_in.start_operation(context, sign_in.Start("owner", Secret("wrong"))).unwrap()


def test_a_suspended_person_is_refused_like_a_stranger_F4(house):
    person = house.person("tanaka", "operator")
    accounts.suspend_account(house.local, accounts.SuspendAccount(person.id, 1))
    with pytest.raises(SignInFailed):
        start(house, person)


def test_who_was_suspended_between_two_steps_does_not_come_in_F4(house):
    house.person("owner", "owner")
    person = house.person("tanaka", "operator")
    progress = start(house, person)
    accounts.suspend_account(house.local, accounts.SuspendAccount(person.id, 1))
    with pytest.raises(SignInExpired):
        answer(house, progress, "totp", person.code())


@pytest.mark.parametrize("login_id", ["owner", "nobody"])
def test_after_five_failures_everybody_waits_the_same_V15(house, time, login_id):
    owner = house.person("owner", "owner")
    for _ in range(5):
        with pytest.raises(SignInFailed):
            start(house, login_id, "wrong password, sorry")
    with pytest.raises(TooManyAttempts) as refused:
        start(house, login_id)
    assert refused.value.parameters == {"seconds": 30}
    time.advance(30_000)
    if login_id == "owner":
        assert start(house, owner).steps
    else:
        with pytest.raises(SignInFailed):
            start(house, login_id)


def test_wrong_codes_lock_out_like_wrong_passwords_V15(house):
    owner = house.person("owner", "owner")
    for _ in range(5):
        progress = start(house, owner)
        with pytest.raises(WrongCode):
            answer(house, progress, "totp", "000000")
    with pytest.raises(TooManyAttempts):
        start(house, owner)
    with pytest.raises(TooManyAttempts):
        answer(house, progress, "totp", owner.present_code())


def test_one_address_that_tries_many_accounts_waits_V15(house):
    owner = house.person("owner", "owner")
    for number in range(30):
        with pytest.raises(SignInFailed):
            start(house, f"guess{number}", "wrong password, sorry")
    with pytest.raises(TooManyAttempts):
        start(house, owner)
    assert start(house, owner, source=Source(peer="198.51.100.7")).steps


def test_a_completed_sign_in_forgets_the_failures_a_password_alone_does_not(house):
    owner = house.person("owner", "owner")
    for _ in range(4):
        with pytest.raises(SignInFailed):
            start(house, owner, "wrong password, sorry")
    progress = start(house, owner)
    with house.appliance.database.read() as session:
        assert session.exec(select(lockout.Attempts.failures)).first() == 4
    answer(house, progress, "totp", owner.code())
    with house.appliance.database.read() as session:
        subjects = lockout.subjects("owner", "")
        assert not [
            row for row in session.exec(select(lockout.Attempts)) if row.subject in subjects
        ]


def test_a_code_works_once_RFC_6238(house):
    owner = house.person("owner", "owner")
    code = owner.code()
    answer(house, start(house, owner), "totp", code)
    with pytest.raises(CodeAlreadyUsed) as refused:
        answer(house, start(house, owner), "totp", code)
    assert 1 <= refused.value.parameters["seconds"] <= 30
    assert answer(house, start(house, owner), "totp", owner.code()).signed_in


def test_an_older_code_does_not_work_after_a_newer_one_RFC_6238(house):
    owner = house.person("owner", "owner")
    older = owner.code()
    answer(house, start(house, owner), "totp", owner.code())
    with pytest.raises(CodeAlreadyUsed):
        answer(house, start(house, owner), "totp", older)


def test_a_phone_one_hour_off_is_told_to_compare_clocks(house, time):
    owner = house.person("owner", "owner")
    progress = start(house, owner)
    wrong = Secret(pyotp.TOTP(owner.secret).at((time.now - HOUR) // 1000))
    with pytest.raises(WrongCode) as refused:
        answer(house, progress, "totp", wrong)
    assert "clock" in refused.value.hint
    assert answer(house, progress, "totp", owner.code()).signed_in


def test_five_wrong_codes_end_the_sign_in(house, time):
    owner = house.person("owner", "owner")
    progress = start(house, owner)
    for _ in range(5):
        with pytest.raises(WrongCode):
            answer(house, progress, "totp", "000000")
    time.advance(HOUR // 60 * 5)
    with pytest.raises(SignInExpired):
        answer(house, progress, "totp", owner.code())


def test_a_sign_in_that_takes_longer_than_ten_minutes_is_over(house, time):
    owner = house.person("owner", "owner")
    progress = start(house, owner)
    time.advance(10 * MINUTE)
    with pytest.raises(SignInExpired):
        answer(house, progress, "totp", owner.code())
    start(house, owner)
    with house.appliance.database.read() as session:
        assert len(session.exec(select(ConsolePendingSignIn)).all()) == 1, "old ones are cleared"


def test_a_ticket_of_one_plane_is_nothing_on_the_other_V15(house):
    owner = house.person("owner", "owner")
    progress = start(house, owner)
    with pytest.raises(SignInExpired):
        answer(house, progress, "totp", owner.code(), Plane.WORKSPACE)


def test_each_step_gives_a_new_ticket_and_the_page_may_be_reloaded(house):
    owner = house.person("owner", "owner")
    first = start(house, owner)
    second = sign_in.resume(house.nobody(), sign_in.Ticket(first.ticket))
    assert second.steps == first.steps
    with pytest.raises(SignInExpired):
        answer(house, first, "totp", owner.code())
    assert answer(house, second, "totp", owner.code()).signed_in


def test_a_step_that_is_not_offered_is_refused_V19(house):
    owner = house.person("owner", "owner")
    progress = start(house, owner)
    for step in ("password", "new_password", "enrol", "nonsense"):
        with pytest.raises(StepNotOffered):
            answer(house, progress, step, "x")


def test_a_recovery_code_stands_in_once_F11(house):
    owner = house.person("owner", "owner")
    context = house.enter(owner)
    codes = own_factors.renew_recovery_codes(context, own_factors.FreshCode(owner.code())).codes
    progress = start(house, owner)
    assert [offer.step for offer in progress.steps] == ["totp", "recovery_code"]
    done = answer(house, progress, "recovery_code", codes[3].reveal().upper().replace("-", " "))
    assert done.signed_in
    with pytest.raises(WrongRecoveryCode):
        answer(house, start(house, owner), "recovery_code", codes[3])
    with pytest.raises(WrongRecoveryCode):
        answer(house, start(house, owner), "recovery_code", "0000-0000-0000-0000")
    assert answer(house, start(house, owner), "recovery_code", codes[4]).signed_in


def test_a_new_person_changes_the_given_password_and_enrols_a_factor_F11(house):
    made = accounts.create_account(
        house.local, accounts.NewAccount(login_id="suzuki", name="Suzuki Taro")
    )
    house.person("owner", "owner")
    grants.give(house.local, grants.NewGrant(holder=made.account.id, role="operator"))
    progress = start(house, "suzuki", made.initial_password.reveal())
    (offer,) = progress.steps
    assert offer.step == "enrol"
    again = sign_in.resume(house.nobody(), sign_in.Ticket(progress.ticket))
    assert again.steps[0].enrolment.secret == offer.enrolment.secret, "a reload shows the same"
    with pytest.raises(WrongCode):
        answer(house, again, "enrol", "000000")
    secret = offer.enrolment.secret.reveal()
    code = pyotp.TOTP(secret).at(house.time.now // 1000)
    progress = answer(house, again, "enrol", code)
    assert [offer.step for offer in progress.steps] == ["new_password"]
    with pytest.raises(UnsuitablePassword):
        answer(house, progress, "new_password", "suzuki2026")
    with pytest.raises(UnsuitablePassword, match="have now"):
        answer(house, progress, "new_password", made.initial_password)
    done = answer(house, progress, "new_password", "8 crows!").signed_in
    assert len(done.recovery_codes) == 10
    progress = start(house, "suzuki", "8 crows!")
    assert [offer.step for offer in progress.steps] == ["totp", "recovery_code"]
    with pytest.raises(CodeAlreadyUsed):
        answer(house, progress, "totp", code)
    assert answer(house, progress, "recovery_code", done.recovery_codes[0]).signed_in


def test_a_given_password_works_for_seven_days_only(house, time):
    made = accounts.create_account(
        house.local, accounts.NewAccount(login_id="suzuki", name="Suzuki")
    )
    time.advance(7 * DAY)
    with pytest.raises(SignInFailed):
        start(house, "suzuki", made.initial_password.reveal(), Plane.WORKSPACE)


def test_who_has_no_factor_and_is_not_new_does_not_enter_the_console_METI_50(house):
    person = house.person("tanaka", "operator")
    credentials.reset_factor(house.local, accounts.AccountRef(person.id))
    with house.appliance.database.write() as session:
        session.get(Account, person.id).may_enrol = False
    with pytest.raises(NoSecondFactor):
        start(house, person)
    (event,) = events(house, "sign_in.start")
    assert event.error == "sign_in.no_second_factor"


def test_staff_has_nothing_to_do_on_the_console_METI_45(house):
    staff = house.person("staff", "staff")
    with pytest.raises(NotForThisPlane):
        start(house, staff)


def test_a_factor_enrolled_on_the_workspace_does_not_open_the_console_V15(house):
    person = house.person("tanaka", "operator", factor=False)
    with house.appliance.database.write() as session:
        house.give_factor(session, person, Plane.WORKSPACE)
    assert start(house, person, plane=Plane.WORKSPACE).steps[0].step == "totp"
    with pytest.raises(NoSecondFactor):
        start(house, person)


def test_the_company_may_ask_everybody_for_a_factor_on_the_workspace_F11(house):
    staff = house.person("staff", "staff", factor=False)
    with house.appliance.database.write() as session:
        policies.store(session, policies.IdentityPolicy(workspace_second_factor="required"), 0)
    progress = start(house, staff, plane=Plane.WORKSPACE)
    (offer,) = progress.steps
    code = pyotp.TOTP(offer.enrolment.secret.reveal()).at(house.time.now // 1000)
    done = answer(house, progress, "enrol", code, Plane.WORKSPACE).signed_in
    assert len(done.recovery_codes) == 10
    with house.appliance.database.read() as session:
        assert session.get(Account, staff.id).may_enrol, "the console's own is still to come"


def test_a_role_asks_its_holders_alone_for_a_factor_on_the_workspace_F11(house):
    operator = house.person("operator", "operator", factor=False)
    staff = house.person("staff", "staff", factor=False)
    with house.appliance.database.write() as session:
        policies.store(session, policies.IdentityPolicy(second_factor_roles=("operator",)), 0)
    assert start(house, operator, plane=Plane.WORKSPACE).steps[0].step == "enrol"
    assert start(house, staff, plane=Plane.WORKSPACE).signed_in


def test_a_short_password_without_its_factor_must_be_changed_NIST_800_63B_4(house):
    person = house.person("tanaka", "staff")
    rules = policies.DEFAULT.password
    with house.appliance.database.write() as session:
        short = Secret("8 crows!")
        account_rows.put_password(session, person.id, short, rules, now=house.time.now)
    assert start(house, person, "8 crows!", Plane.WORKSPACE).steps[0].step == "totp"
    credentials.reset_factor(house.local, accounts.AccountRef(person.id))
    progress = start(house, person, "8 crows!", Plane.WORKSPACE)
    assert [offer.step for offer in progress.steps] == ["new_password"]
    with pytest.raises(UnsuitablePassword, match="15"):
        answer(house, progress, "new_password", "9 crows!", Plane.WORKSPACE)
    assert answer(house, progress, "new_password", PASSWORD, Plane.WORKSPACE).signed_in


def test_an_expired_password_is_changed_where_the_company_wants_it(house, time):
    staff = house.person("staff", "staff", factor=False)
    with house.appliance.database.write() as session:
        rules = policies.PasswordPolicy(expiry_days=90)
        policies.store(session, policies.IdentityPolicy(password=rules), 0)
    time.advance(90 * DAY)
    progress = start(house, staff, plane=Plane.WORKSPACE)
    assert [offer.step for offer in progress.steps] == ["new_password"]


def test_a_hash_of_older_parameters_is_made_anew_at_sign_in_F12(house, monkeypatch):
    staff = house.person("staff", "staff", factor=False)
    newer = passwords.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", newer)
    start(house, staff, plane=Plane.WORKSPACE)
    with house.appliance.database.read() as session:
        assert "m=16,t=2,p=1" in session.get(Password, staff.id).hash
    assert start(house, staff, plane=Plane.WORKSPACE).signed_in


def test_signing_in_again_leaves_no_old_session_and_no_old_identifier_V15(house):
    staff = house.person("staff", "staff", factor=False)
    first = house.sign_in(staff, Plane.WORKSPACE)
    context = house.context_of(first.token, Plane.WORKSPACE)
    second = sign_in.start(context, sign_in.Start("staff", Secret(PASSWORD))).signed_in
    assert second.token != first.token
    look = lambda token: sessions.look_up(  # noqa: E731
        house.appliance, Plane.WORKSPACE, token.reveal(), OFFICE
    )
    assert look(first.token) is None
    assert look(second.token)


def test_signing_out_ends_the_session_at_once(house):
    staff = house.person("staff", "staff", factor=False)
    begun = house.sign_in(staff, Plane.WORKSPACE)
    context = house.context_of(begun.token, Plane.WORKSPACE)
    assert sign_in.sign_out(context, NoRequest()).done
    assert not sign_in.sign_out(context, NoRequest()).done
    found = sessions.look_up(house.appliance, Plane.WORKSPACE, begun.token.reveal(), OFFICE)
    assert found is None


def test_a_reset_ends_sign_ins_that_were_begun_before_V19(house):
    person = house.person("tanaka", "operator")
    for reset in (
        lambda: credentials.reset_factor(house.local, accounts.AccountRef(person.id)),
        lambda: credentials.reset_password(
            house.local, credentials.PasswordReset(account=person.id)
        ),
    ):
        with house.appliance.database.write() as session:
            house.give_factor(session, person)
            rules = policies.DEFAULT.password
            account_rows.put_password(
                session, person.id, Secret(PASSWORD), rules, now=house.time.now
            )
        progress = start(house, person)
        reset()
        with pytest.raises(SignInExpired):
            sign_in.resume(house.nobody(), sign_in.Ticket(progress.ticket))


def test_an_enrolment_that_was_never_shown_cannot_be_answered_V19(house):
    staff = house.person("staff", "staff", factor=False)
    with house.appliance.database.write() as session:
        factor = house.give_factor(session, staff, Plane.WORKSPACE)
    progress = start(house, staff, plane=Plane.WORKSPACE)
    with house.appliance.database.write() as session:
        factors.remove(session, Plane.WORKSPACE, [factor])
        policies.store(session, policies.IdentityPolicy(workspace_second_factor="required"), 0)
    with pytest.raises(StepNotOffered):
        answer(house, progress, "enrol", "000000", Plane.WORKSPACE)


class FakePlane(enum.StrEnum):
    """A plane that the product does not know."""

    PORTAL = "portal"


def test_another_plane_and_an_external_step_need_no_change_here_F10(house, monkeypatch):
    monkeypatch.setattr(plane_policies, "_policies", dict(plane_policies._policies))
    monkeypatch.setattr(sign_in_steps, "_steps", dict(sign_in_steps._steps))
    person = house.person("partner", factor=False)

    def offer(attempt: Attempt) -> None:
        attempt.notes.others.setdefault("nonce", "n-1")

    def check(attempt: Attempt, assertion: Secret) -> Account:
        nonce, _, subject = assertion.reveal().partition(":")
        found = account_rows.by_login_id(attempt.context.session, subject)
        if found is None or nonce != attempt.notes.others["nonce"]:
            raise SignInFailed
        return found

    sign_in_steps.register(Step("external", check, offer=offer))
    policy = Policy(
        FakePlane.PORTAL,
        (Requirement("identity", ("external",)), plane_policies.NEW_PASSWORD),
    )
    plane_policies.register(policy)
    portal = house.nobody(FakePlane.PORTAL)
    asked = sign_in.begin_operation.function
    answered = sign_in.answer_operation.function

    def run(function, request):
        with house.appliance.database.write() as session:
            context = portal.running(session, sign_in.start_operation._draft(portal))
            return function(context, request).unwrap()

    progress = run(asked, NoRequest())
    assert [each.step for each in progress.steps] == ["external"]
    progress = run(sign_in.resume_operation.function, sign_in.Ticket(progress.ticket))
    with pytest.raises(SignInFailed):
        run(answered, sign_in.Answer(progress.ticket, "external", Secret("n-2:partner")))
    done = run(answered, sign_in.Answer(progress.ticket, "external", Secret("n-1:partner")))
    token = done.signed_in.token.reveal()
    assert done.signed_in.account == person.id
    assert sessions.look_up(house.appliance, FakePlane.PORTAL, token, OFFICE)
    assert sessions.look_up(house.appliance, Plane.WORKSPACE, token, OFFICE) is None
    assert sessions.look_up(house.appliance, Plane.CONSOLE, token, OFFICE) is None


def test_a_sign_in_may_begin_without_a_password_on_planes_that_offer_it(house):
    assert [offer.step for offer in sign_in.begin(house.nobody()).steps] == ["password"]


def test_a_step_that_needs_to_know_who_it_is_refuses_a_stranger(house):
    with house.appliance.database.write() as session:
        context = house.nobody().running(session, sign_in.start_operation._draft(house.nobody()))
        stranger = Attempt(context, plane_policies.CONSOLE, None, sign_in_steps.Notes())
        with pytest.raises(SignInExpired):
            built_in_steps.TOTP.check(stranger, Secret("000000"))
