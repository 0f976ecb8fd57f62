import msgspec
import pyotp
import pytest
from sqlmodel import select

from app.audit.models import OutboxEvent
from app.core.errors import NotFound
from app.core.secret import Secret
from app.identity import account_rows, policies, sessions
from app.identity.errors import (
    CodeAlreadyUsed,
    InPersonOnly,
    LastFactor,
    PasswordTooShortAlone,
    TooManyAttempts,
    UnsuitablePassword,
    WrongCode,
    WrongPassword,
)
from app.identity.operations import own_factors, own_password, own_preferences, sign_in
from app.identity.operations.own_factors import FactorCode, FreshCode, NewFactor
from app.identity.operations.own_password import PasswordChange
from app.operations.context import Actor, Context, Plane
from app.operations.operation import NoRequest
from tests.unit.app.identity.house import OFFICE, PASSWORD

NEW = "eleven slow trains at night"


def change(context, current=PASSWORD, new=NEW):
    return own_password.change_password(context, PasswordChange(Secret(current), Secret(new)))


def code_of(begun, house):
    house.time.advance(30_000)
    return Secret(pyotp.TOTP(begun.enrolment.secret.reveal()).at(house.time.now // 1000))


@pytest.mark.parametrize("plane", [Plane.CONSOLE, Plane.WORKSPACE])
def test_everybody_changes_their_own_password_F8(house, plane):
    owner = house.person("owner", "owner")
    other = house.sign_in(owner, plane)
    context = house.enter(owner, plane)
    assert change(context).done
    owner.password = NEW
    assert house.sign_in(owner, plane)
    look = sessions.look_up
    assert look(house.appliance, plane, other.token.reveal(), OFFICE) is None, "others end"
    found = house.appliance.database
    with found.read() as session:
        assert session.get(account_rows.Password, owner.id).must_change is False


def test_the_session_that_changes_the_password_goes_on_F8(house):
    owner = house.person("owner", "owner")
    begun = house.sign_in(owner)
    change(house.context_of(begun.token))
    assert house.context_of(begun.token)


def test_a_wrong_current_password_is_counted(house):
    context = house.enter(house.person("owner", "owner"))
    for _ in range(5):
        with pytest.raises(WrongPassword):
            change(context, "wrong password, sorry")
    with pytest.raises(TooManyAttempts):
        change(context)


def test_beside_a_factor_eight_characters_do_alone_fifteen_NIST_800_63B_4(house):
    with_factor = house.enter(house.person("owner", "owner"))
    assert change(with_factor, new="8 crows!").done
    staff = house.person("staff", "staff", factor=False)
    alone = house.enter(staff, Plane.WORKSPACE)
    with pytest.raises(UnsuitablePassword):
        change(alone, new="8 crows!")


def test_an_account_without_a_password_has_no_right_one(house):
    owner = house.person("owner", "owner")
    context = house.enter(owner)
    with house.appliance.database.write() as session:
        session.delete(session.get(account_rows.Password, owner.id))
    with pytest.raises(WrongPassword):
        change(context)


def test_an_api_token_changes_nothing_about_its_person_V15(house):
    owner = house.person("owner", "owner")
    context = Context(
        house.appliance, actor=Actor(account=owner.id, token="t"), plane=Plane.CONSOLE
    )
    with pytest.raises(InPersonOnly):
        change(context)
    with pytest.raises(InPersonOnly):
        own_factors.begin_factor(context, NewFactor(name="x", password=Secret(PASSWORD)))


def test_a_new_factor_counts_only_after_a_valid_code_F11(house):
    owner = house.person("owner", "owner")
    context = house.enter(owner)
    new = NewFactor(name="tablet", password=Secret(PASSWORD), code=owner.code())
    begun = own_factors.begin_factor(context, new)
    assert [row.name for row in own_factors.list_factors(context, NoRequest()).items] == ["phone"]
    with pytest.raises(WrongCode):
        own_factors.confirm_factor(context, FactorCode(begun.id, Secret("000000")))
    codes = own_factors.confirm_factor(context, FactorCode(begun.id, code_of(begun, house))).codes
    assert len(codes) == 10, "the first recovery codes come with it"
    listed = own_factors.list_factors(context, NoRequest())
    assert [row.name for row in listed.items] == ["phone", "tablet"]
    assert all(row.last_used_at and row.removable and row.kind == "totp" for row in listed.items)
    assert listed.recovery_codes_left == 10
    with pytest.raises(WrongCode):
        own_factors.confirm_factor(context, FactorCode(begun.id, code_of(begun, house)))


def test_adding_a_factor_asks_for_password_and_an_existing_code_V15(house):
    owner = house.person("owner", "owner")
    context = house.enter(owner)
    with pytest.raises(WrongPassword):
        own_factors.begin_factor(context, NewFactor(name="x", password=Secret("wrong")))
    with pytest.raises(WrongCode):
        own_factors.begin_factor(context, NewFactor(name="x", password=Secret(PASSWORD)))
    with pytest.raises(CodeAlreadyUsed):
        own_factors.begin_factor(
            context, NewFactor(name="x", password=Secret(PASSWORD), code=owner.present_code())
        )


def test_nobody_confirms_somebody_elses_factor_V6(house):
    one, two = house.person("one", "owner"), house.person("two", "owner")
    begun = own_factors.begin_factor(
        house.enter(one), NewFactor(name="x", password=Secret(PASSWORD), code=one.code())
    )
    with pytest.raises(WrongCode):
        own_factors.confirm_factor(house.enter(two), FactorCode(begun.id, code_of(begun, house)))


def test_factors_that_were_begun_and_left_do_not_pile_up(house):
    staff = house.person("staff", "staff", factor=False)
    context = house.enter(staff, Plane.WORKSPACE)
    begun = [
        own_factors.begin_factor(context, NewFactor(name=str(n), password=Secret(PASSWORD)))
        for n in range(7)
        if house.time.advance(1) is None
    ]
    with pytest.raises(WrongCode):
        own_factors.confirm_factor(context, FactorCode(begun[1].id, code_of(begun[1], house)))
    last = begun[-1]
    codes = own_factors.confirm_factor(context, FactorCode(last.id, code_of(last, house))).codes
    assert len(codes) == 10


def test_a_second_factor_keeps_the_recovery_codes_that_hold(house):
    owner = house.person("owner", "owner")
    context = house.enter(owner)
    own_factors.renew_recovery_codes(context, FreshCode(owner.code()))
    new = NewFactor(name="tablet", password=Secret(PASSWORD), code=owner.code())
    begun = own_factors.begin_factor(context, new)
    confirmed = own_factors.confirm_factor(context, FactorCode(begun.id, code_of(begun, house)))
    assert confirmed.codes == []
    removed = own_factors.remove_factor(context, FactorCode(begun.id, owner.code()))
    assert removed.done
    listed = own_factors.list_factors(context, NoRequest())
    assert [row.name for row in listed.items] == ["phone"]
    assert listed.recovery_codes_left == 10


def test_the_last_factor_of_an_administrator_stays_METI_50(house):
    owner = house.person("owner", "owner")
    context = house.enter(owner)
    (row,) = own_factors.list_factors(context, NoRequest()).items
    with pytest.raises(LastFactor):
        own_factors.remove_factor(context, FactorCode(row.id, owner.code()))
    with pytest.raises(NotFound):
        own_factors.remove_factor(context, FactorCode("nonsense", owner.code()))
    with pytest.raises(WrongCode):
        own_factors.remove_factor(context, FactorCode(row.id, Secret("000000")))


def test_staff_may_give_up_their_factor_if_the_password_stands_alone_NIST_800_63B_4(house):
    staff = house.person("staff", "staff", factor=False)
    context = house.enter(staff, Plane.WORKSPACE)
    new = NewFactor(name="phone", password=Secret(PASSWORD))
    begun = own_factors.begin_factor(context, new)
    own_factors.confirm_factor(context, FactorCode(begun.id, code_of(begun, house)))
    change(context, new="8 crows!")
    with pytest.raises(PasswordTooShortAlone):
        own_factors.remove_factor(context, FactorCode(begun.id, code_of(begun, house)))
    change(context, current="8 crows!")
    with house.appliance.database.write() as session:
        policies.store(session, policies.IdentityPolicy(workspace_second_factor="required"), 0)
    with pytest.raises(LastFactor):
        own_factors.remove_factor(context, FactorCode(begun.id, code_of(begun, house)))
    with house.appliance.database.write() as session:
        policies.store(session, policies.DEFAULT, 1)
    assert own_factors.remove_factor(context, FactorCode(begun.id, code_of(begun, house))).done
    listed = own_factors.list_factors(context, NoRequest())
    assert (listed.items, listed.recovery_codes_left) == ([], 0)
    staff.password = NEW
    assert house.sign_in(staff, Plane.WORKSPACE), "without a second factor again"


def test_the_workspace_does_not_remove_what_the_console_enrolled_V15(house):
    owner = house.person("owner", "owner")
    context = house.enter(owner, Plane.WORKSPACE)
    (row,) = own_factors.list_factors(context, NoRequest()).items
    assert not row.removable
    with pytest.raises(NotFound):
        own_factors.remove_factor(context, FactorCode(row.id, owner.code()))


def test_new_recovery_codes_replace_the_old_ones(house):
    owner = house.person("owner", "owner")
    context = house.enter(owner)
    old = own_factors.renew_recovery_codes(context, FreshCode(owner.code())).codes
    new = own_factors.renew_recovery_codes(context, FreshCode(owner.code())).codes
    assert not {code.reveal() for code in old} & {code.reveal() for code in new}
    start = sign_in.Start("owner", Secret(PASSWORD))
    progress = sign_in.start(house.nobody(), start)
    with pytest.raises(sign_in.sign_in_flow.Counted):
        sign_in.answer(house.nobody(), sign_in.Answer(progress.ticket, "recovery_code", old[0]))


def test_only_what_changed_of_ones_preferences_is_told(house):
    context = house.enter(house.person("owner", "owner"))
    present = own_preferences.get_preferences(context, NoRequest())
    wanted = msgspec.structs.replace(present, theme="dark")
    assert own_preferences.change_preferences(context, wanted) == wanted
    assert own_preferences.get_preferences(context, NoRequest()) == wanted
    with house.appliance.database.read() as session:
        texts = session.exec(select(OutboxEvent.content)).all()
    (told,) = [text for text in texts if '"verb":"own.change_preferences"' in text]
    assert '"fields":["theme"]' in told
